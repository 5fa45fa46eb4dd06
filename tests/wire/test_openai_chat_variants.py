"""What a chat request must say to each of those who speak chat completions."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.model import Operation
from guardian_ci.wire.interface import Address, Edits
from guardian_ci.wire.openai_chat import OpenAIChat

MESSAGES = [{"role": "user", "content": "Hi."}]


def edited(request: dict[str, Any], provider: str, **edits: Any) -> dict[str, Any]:
    wire = OpenAIChat()
    body = json.dumps({"model": "m", "messages": MESSAGES, **request}).encode()
    parsed = wire.parse_call(body, operation=Operation.GENERATE, headers={})
    after = json.loads(wire.edit(parsed, Edits(provider=provider, **edits)))
    return {name: value for name, value in after.items() if name not in {"model", "messages", "stream"}}


USAGE = {"stream_options": {"include_usage": True}}


@pytest.mark.parametrize(
    ("provider", "request_", "expected"),
    [
        *((name, {}, USAGE) for name in ("openai", "azure", "openrouter", "x-ai", "deepseek", "compatible")),
        ("mistral", {}, {}),
        ("mistral", USAGE, {}),
        ("mistral", {"top_p": 1, "stream_options": {"include_usage": True}}, {"top_p": 1}),
    ],
)
def test_a_stream_is_asked_for_its_usage_where_that_is_not_refused(
    provider: str, request_: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert edited({"stream": True, **request_}, provider) == expected


NEW, OLD = "max_completion_tokens", "max_tokens"


@pytest.mark.parametrize(
    ("provider", "request_", "maximum", "expected"),
    [
        ("openai", {}, 50, {NEW: 50}),
        ("openai", {NEW: 90, OLD: 80}, 50, {NEW: 50, OLD: 50}),
        ("mistral", {}, 50, {OLD: 50}),
        ("mistral", {NEW: 90}, 50, {OLD: 50}),
        ("mistral", {NEW: 30}, 50, {OLD: 30}),
        ("mistral", {OLD: 90}, 50, {OLD: 50}),
        # Without a clamp too: a bound that its reader does not know bounds nothing.
        ("deepseek", {NEW: 90}, None, {OLD: 90}),
        ("compatible", {NEW: 90, OLD: 80}, None, {OLD: 80}),
        ("compatible", {OLD: 90, NEW: 80}, 85, {OLD: 80}),
        ("compatible", {NEW: None}, 7, {OLD: 7}),
        ("compatible", {}, None, {}),
    ],
)
def test_the_maximum_is_said_under_the_name_that_its_reader_knows(
    provider: str, request_: dict[str, Any], maximum: int | None, expected: dict[str, Any]
) -> None:
    assert edited(request_, provider, max_output_tokens=maximum) == expected


def test_a_request_with_nothing_to_change_keeps_its_bytes_at_every_provider() -> None:
    wire = OpenAIChat()
    body = b' {"model":"m" , "messages":[{"role":"user","content":"Hi."}],"max_tokens" : 5}'
    parsed = wire.parse_call(body, operation=Operation.GENERATE, headers={})
    for provider in ("openai", "mistral", "deepseek", "compatible"):
        assert wire.edit(parsed, Edits(provider=provider)) is parsed.body


@given(
    st.permutations([NEW, OLD, "stream_options", "top_p", "stop"]),
    st.integers(1, 100),
    st.integers(1, 100),
    st.integers(1, 100) | st.none(),
)
def test_in_whatever_order_the_members_stand_the_least_maximum_is_left(
    order: list[str], new: int, old: int, maximum: int | None
) -> None:
    values = {NEW: new, OLD: old, **USAGE, "top_p": 1, "stop": "x"}
    after = edited({"stream": True, **{name: values[name] for name in order}}, "mistral", max_output_tokens=maximum)
    assert after == {OLD: min(new, old, maximum or 1000), "top_p": 1, "stop": "x"}


def test_a_model_that_only_the_path_names_is_read_and_written_into_the_body() -> None:
    wire = OpenAIChat()
    body = json.dumps({"messages": MESSAGES}).encode()
    parsed = wire.parse_call(body, operation=Operation.GENERATE, headers={}, address=Address(model="prod"))
    assert parsed.call.model == "prod"
    assert json.loads(wire.edit(parsed, Edits(model="gpt-4.1")))["model"] == "gpt-4.1"
