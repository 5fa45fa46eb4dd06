"""Events as plain values and back: what comes back is what went in, through JSON."""

import json
from dataclasses import fields
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.audit import facts
from guardian_ci.errors import LogError
from guardian_ci.model import Call, InputSize, Operation, ToolOffer, ToolResult, ToolUse, Usage, WireProtocol
from guardian_ci.session.events import Caller, CallReceived, Ended, Outcome, Progressed

TEXT = st.text(max_size=12)
NUMBER = st.integers(0, 2**53)
MOMENT = st.floats(0, 4e9)
SIZES = st.builds(InputSize, text_bytes=NUMBER, images=NUMBER, pdf_pages=NUMBER, has_tools=st.booleans())
CALLS = st.builds(
    Call,
    protocol=st.sampled_from(WireProtocol),
    operation=st.sampled_from(Operation),
    model=TEXT,
    stream=st.booleans(),
    fingerprint=TEXT,
    size=SIZES,
    max_output_tokens=st.none() | NUMBER,
    choices=st.integers(1, 5),
    tools=st.lists(st.builds(ToolOffer, name=TEXT, canonical=TEXT), max_size=2).map(tuple),
    tool_results=st.lists(st.builds(ToolResult, id=TEXT, ok=st.none() | st.booleans()), max_size=2).map(tuple),
    service_tier=st.none() | TEXT,
    cache_ttl=st.none() | st.just("1h"),
    max_web_searches=NUMBER,
)
CALLERS = st.builds(Caller, session=TEXT, run=TEXT, provider=TEXT, user=st.none() | TEXT, pull_request=st.none() | TEXT)
PARTS = st.builds(Usage, model=st.none() | TEXT, input_tokens=NUMBER, output_tokens=NUMBER, speed=st.none() | TEXT)
USAGES = st.builds(
    Usage,
    model=st.none() | TEXT,
    input_tokens=NUMBER,
    cache_read_tokens=NUMBER,
    output_tokens=NUMBER,
    reported_picodollars=st.none() | NUMBER,
    parts=st.lists(PARTS, max_size=2).map(tuple),
)


def through_json(value: object) -> Any:
    return json.loads(json.dumps(value, allow_nan=False))


@given(event=st.builds(CallReceived, request=TEXT, at=MOMENT, caller=CALLERS, call=CALLS, remembered=st.none()))
def test_a_call_that_was_received_comes_back_as_it_was(event: CallReceived) -> None:
    plain = through_json(facts.received_to_plain(event))
    assert "request" not in plain
    assert facts.received(event.request, plain) == event


@given(usage=st.none() | USAGES)
def test_a_usage_comes_back_as_it_was(usage: Usage | None) -> None:
    assert facts.usage(through_json(facts.to_plain(usage))) == usage


@given(
    event=st.builds(
        Ended,
        request=TEXT,
        at=MOMENT,
        outcome=st.sampled_from(Outcome),
        usage=st.none() | USAGES,
        upstream_status=st.none() | NUMBER,
        output_bytes=NUMBER,
        unparsed=NUMBER,
    )
)
def test_an_end_comes_back_with_the_usage_of_its_record(event: Ended) -> None:
    plain = through_json(facts.ended_to_plain(event))
    assert "usage" not in plain
    assert facts.ended(event.request, plain, through_json(facts.to_plain(event.usage))) == event


@given(at=MOMENT, usage=st.none() | USAGES, output_bytes=NUMBER)
def test_a_running_answer_comes_back_as_it_was(at: float, usage: Usage | None, output_bytes: int) -> None:
    event = Progressed(request="r", at=at, usage=usage, output_bytes=output_bytes)
    plain = through_json(facts.to_plain(event))
    assert facts.progressed("r", plain) == event


def test_a_tool_call_comes_back_as_its_line_has_it() -> None:
    tool = ToolUse(id="1", name="Bash", canonical="bash", arguments='{"command": "ls"}', paths=("a",), command="ls")
    assert facts.tool_called("r", 1.5, through_json(facts.to_plain(tool))).tool == tool


def test_what_stands_at_its_default_is_left_out() -> None:
    size = InputSize(text_bytes=7)
    assert facts.to_plain(size) == {"text_bytes": 7}
    assert facts.to_plain(WireProtocol.OPENAI_CHAT) == "openai-chat"
    assert facts.to_plain({"a": (size,)}) == {"a": [{"text_bytes": 7}]}


def test_every_field_of_a_call_is_one_that_json_can_hold() -> None:
    """A new field that the facts cannot bring back would make a replay decide otherwise."""
    plain = (bool, int, float, str, type(None), tuple, Enum, InputSize)
    call = Call(
        protocol=WireProtocol.OPENAI_CHAT,
        operation=Operation.GENERATE,
        model="m",
        stream=True,
        fingerprint="f",
        size=InputSize(text_bytes=1),
    )
    assert all(isinstance(getattr(call, each.name), plain) for each in fields(call))


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"at": 1.0, "caller": {}},
        {"at": 1.0, "caller": {"session": "a"}, "call": {}},
        {"at": "soon", "caller": {"session": "a", "run": "b", "provider": "c"}, "call": []},
        {"at": 1.0, "caller": 7, "call": {"protocol": "telepathy"}},
    ],
)
def test_what_are_no_facts_is_one_kind_of_error(plain: dict[str, object]) -> None:
    with pytest.raises(LogError, match="the facts of a call cannot be read"):
        facts.received("r", plain)


@pytest.mark.parametrize("plain", [7, [], {"no_such_field": 1}, {"parts": [7]}, {"parts": 7}])
def test_what_is_no_usage_is_one_kind_of_error(plain: object) -> None:
    with pytest.raises(LogError, match="a usage cannot be read"):
        facts.usage(plain)


@pytest.mark.parametrize("plain", [{}, {"at": None, "outcome": "complete"}, {"at": 1, "outcome": "glory"}])
def test_what_is_no_end_is_one_kind_of_error(plain: dict[str, object]) -> None:
    with pytest.raises(LogError, match="the facts of a call's end cannot be read"):
        facts.ended("r", plain, None)
