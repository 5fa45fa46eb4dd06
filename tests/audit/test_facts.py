"""Events go through the log and come back as they were."""

import json
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guardian_ci.audit import facts
from guardian_ci.audit.records import tool
from guardian_ci.audit.redact import Redactor
from guardian_ci.errors import LogError
from guardian_ci.model import Call, InputSize, Operation, ToolOffer, ToolResult, ToolUse, Usage, WireProtocol
from guardian_ci.session.events import Caller, CallReceived, Ended, Outcome, Progressed, ToolCalled

T = TypeVar("T")

_TEXT = st.text(max_size=12)
_MAYBE = st.none() | _TEXT
_COUNT = st.integers(0, 10**15)
_TIME = st.floats(0, 4e9)

_SIZES = st.builds(
    InputSize,
    text_bytes=_COUNT,
    images=_COUNT,
    pdf_pages=_COUNT,
    audio_seconds=_COUNT,
    hidden_tokens=_COUNT,
    has_tools=st.booleans(),
    plain_weight=_COUNT,
    dense_weight=_COUNT,
)
_CALLS = st.builds(
    Call,
    protocol=st.sampled_from(WireProtocol),
    operation=st.sampled_from(Operation),
    model=_TEXT,
    stream=st.booleans(),
    fingerprint=_TEXT,
    size=_SIZES,
    max_output_tokens=st.none() | _COUNT,
    choices=st.integers(1, 128),
    tools=st.lists(st.builds(ToolOffer, name=_TEXT, canonical=_TEXT, provider_executed=st.booleans()), max_size=3).map(
        tuple
    ),
    tool_results=st.lists(st.builds(ToolResult, id=_TEXT, ok=st.none() | st.booleans()), max_size=3).map(tuple),
    service_tier=_MAYBE,
    speed=_MAYBE,
    geo=_MAYBE,
    cache_ttl=_MAYBE,
    max_web_searches=_COUNT,
    other_models=st.lists(_TEXT, max_size=3).map(tuple),
    previous_response_id=_MAYBE,
    item_references=_COUNT,
    conversation=_TEXT,
    continues=_TEXT,
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_RECEIVED = st.builds(
    CallReceived,
    request=_TEXT,
    at=_TIME,
    caller=st.builds(Caller, session=_TEXT, run=_TEXT, provider=_TEXT, user=_MAYBE, pull_request=_MAYBE),
    call=_CALLS,
    remembered=st.none() | st.dictionaries(_TEXT, _JSON, max_size=3),
)
_COUNTS = ["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_1h_tokens", "web_searches"]


def _usages(parts: st.SearchStrategy[tuple[Usage, ...]]) -> st.SearchStrategy[Usage]:
    return st.builds(
        Usage,
        model=_MAYBE,
        service_tier=_MAYBE,
        geo=_MAYBE,
        reported_picodollars=st.none() | _COUNT,
        parts=parts,
        **dict.fromkeys(_COUNTS, _COUNT),
    )


_USAGES = _usages(st.lists(_usages(st.just(())), max_size=2).map(tuple))


def _uses(calls: st.SearchStrategy[tuple[ToolUse, ...]]) -> st.SearchStrategy[ToolUse]:
    return st.builds(
        ToolUse,
        id=_TEXT,
        name=_TEXT,
        canonical=_TEXT,
        arguments=_TEXT,
        paths=st.lists(_TEXT, max_size=3).map(tuple),
        command=_MAYBE,
        calls=calls,
    )


_TOOLS = _uses(st.lists(_uses(st.just(())), max_size=2).map(tuple))


def _through_the_log(value: T) -> T:
    back: T = json.loads(json.dumps(value, allow_nan=False))
    return back


@given(_RECEIVED)
def test_a_call_that_came_comes_back_as_it_was(event: CallReceived) -> None:
    plain = _through_the_log(facts.received_to_plain(event))
    assert facts.received(event.request, plain) == event


@given(
    st.builds(
        Ended,
        request=_TEXT,
        at=_TIME,
        outcome=st.sampled_from(Outcome),
        usage=st.none() | _USAGES,
        upstream_status=st.none() | st.integers(100, 599),
        output_bytes=_COUNT,
        unparsed=_COUNT,
        response_id=_MAYBE,
    )
)
def test_the_end_of_a_call_comes_back_as_it_was(event: Ended) -> None:
    plain = _through_the_log(facts.ended_to_plain(event))
    used = _through_the_log(facts.to_plain(event.usage))
    assert facts.ended(event.request, plain, used) == event


@given(_TEXT, _TIME, st.none() | _USAGES, _COUNT)
def test_a_running_answer_comes_back_as_it_was(request: str, at: float, usage: Usage | None, output_bytes: int) -> None:
    plain = _through_the_log({"at": at, "usage": facts.to_plain(usage), "output_bytes": output_bytes})
    expected = Progressed(request=request, at=at, usage=usage, output_bytes=output_bytes)
    assert facts.progressed(request, plain) == expected


@given(_TEXT, _TIME, _TOOLS)
def test_a_tool_call_comes_back_as_it_was(request: str, at: float, use: ToolUse) -> None:
    plain = _through_the_log(tool(use, Redactor()))
    assert facts.tool_called(request, at, plain) == ToolCalled(request=request, at=at, tool=use)


def test_a_tool_call_comes_back_with_all_that_it_touches_however_long_it_is() -> None:
    """A replay judges what it names; only the arguments beside that are cut."""
    use = ToolUse(
        id="t",
        name="Bash",
        canonical="bash",
        arguments="x" * 50_000,
        paths=("p" * 50_000,),
        command="echo " + "y" * 200_000 + " .env",
    )
    back = facts.tool_called("r", 1.0, tool(use, Redactor())).tool
    assert replace(back, arguments=use.arguments) == use
    assert len(back.arguments) == 2000


def test_what_stands_at_its_default_is_not_written() -> None:
    call = Call(
        protocol=WireProtocol.OPENAI_CHAT,
        operation=Operation.GENERATE,
        model="m",
        stream=False,
        fingerprint="f",
        size=InputSize(text_bytes=1),
    )
    event = CallReceived(request="r", at=1.5, caller=Caller(session="s", run="R", provider="openai"), call=call)
    assert facts.received_to_plain(event) == {
        "at": 1.5,
        "caller": {"session": "s", "run": "R", "provider": "openai"},
        "call": {
            "protocol": "openai-chat",
            "operation": "generate",
            "model": "m",
            "stream": False,
            "fingerprint": "f",
            "size": {"text_bytes": 1},
        },
    }


def _received_plain() -> dict[str, Any]:
    return {
        "at": 1.0,
        "caller": {"session": "s", "run": "R", "provider": "p"},
        "call": {
            "protocol": "openai-chat",
            "operation": "generate",
            "model": "m",
            "stream": False,
            "fingerprint": "f",
            "size": {"text_bytes": 1},
        },
    }


@pytest.mark.parametrize("missing", ["at", "caller", "call"])
def test_facts_that_miss_something_are_no_facts(missing: str) -> None:
    plain = _received_plain()
    del plain[missing]
    with pytest.raises(LogError, match=f"the facts of a call cannot be read: KeyError\\('{missing}'\\)"):
        facts.received("r", plain)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("protocol", "smoke-signals"),
        ("operation", None),
        ("size", 5),
        ("size", {"text_bytes": 1, "smell": 2}),
        ("tools", [{"name": "x"}]),
        ("tools", "x"),
        ("tool_results", [{}]),
        ("of_another_version", 1),
    ],
)
def test_facts_of_another_form_are_no_facts(member: str, value: object) -> None:
    plain = _received_plain()
    plain["call"][member] = value
    with pytest.raises(LogError, match="the facts of a call cannot be read"):
        facts.received("r", plain)


@given(_JSON | st.dictionaries(st.sampled_from(["at", "call", "caller", "outcome", "usage", "id", "name"]), _JSON))
@example({"id": "x", "name": "y", "canonical": "z", "arguments": "", "paths": 5})
@example({"at": 1, "outcome": "complete", "output_bytes": "many"})
@example({"at": 1, "outcome": "complete", "output_bytes": 1e400})
def test_what_is_foreign_is_an_error_of_the_log_and_nothing_else(value: Any) -> None:
    readings = (
        lambda: facts.received("r", value),
        lambda: facts.tool_called("r", 1.0, value),
        lambda: facts.progressed("r", value),
        lambda: facts.ended("r", value, value),
        lambda: facts.usage(value),
    )
    for reading in readings:
        try:
            reading()
        except LogError as error:
            assert "cannot be read" in str(error)  # noqa: PT017 - most foreign values end here, some are read
