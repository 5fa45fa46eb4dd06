"""What holds for every wire protocol alike."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import CUTS, chunks, edit, finding, parse, read

from guardian_ci.errors import BadRequest, UpstreamError
from guardian_ci.model import Operation, WireProtocol
from guardian_ci.wire import WIRES
from guardian_ci.wire.interface import MAX_ANSWER_BYTES, MAX_FRAME_BYTES, Edits, Wire

ALL = pytest.mark.parametrize("wire", WIRES.values(), ids=lambda wire: str(wire.protocol))
BODY = b'{"model":"m","stream":true,"messages":[],"input":[]}'
WORDS = st.sampled_from(
    [
        "model",
        "messages",
        "input",
        "content",
        "role",
        "user",
        "assistant",
        "tool",
        "type",
        "text",
        "image",
        "document",
        "source",
        "data",
        "tools",
        "name",
        "function",
        "functions",
        "custom",
        "thinking",
        "enabled",
        "budget_tokens",
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "n",
        "stream",
        "stream_options",
        "include_usage",
        "service_tier",
        "cache_control",
        "ttl",
        "system",
        "tool_result",
        "tool_choice",
        "mcp_servers",
        "plugins",
        "fallbacks",
        "thread",
        "output",
        "choices",
        "message",
        "tool_calls",
        "function_call",
        "usage",
        "error",
        "id",
        "call_id",
        "arguments",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 10**6) | st.floats(allow_nan=False) | WORDS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=15,
)
OBJECTS = st.dictionaries(WORDS, JSON, max_size=8)
ALL_EDITS = Edits(max_output_tokens=9, model="other", notice="note", max_web_searches=1)


def test_every_listed_protocol_is_its_own() -> None:
    assert all(wire.protocol is protocol for protocol, wire in WIRES.items())
    assert {WireProtocol.ANTHROPIC_MESSAGES, WireProtocol.OPENAI_CHAT, WireProtocol.OPENAI_RESPONSES} <= set(WIRES)


@ALL
@settings(max_examples=80, deadline=None)
@given(request=OBJECTS, shaped=st.booleans())
def test_any_json_is_either_understood_or_refused(wire: Wire, request: dict[str, object], *, shaped: bool) -> None:
    shape = {"model": "m", **({} if "messages" in request else {"messages": []})} if shaped else {}
    body = json.dumps({**request, **shape}).encode()
    try:
        parsed = parse(wire, body)
    except BadRequest as error:
        assert str(error)  # noqa: PT017 - either is right, and a refusal says why
        return
    assert len(parsed.offers) == len(parsed.call.tools)
    removed = Edits(remove_tools=frozenset(range(len(parsed.offers))))
    for edits in (Edits(), ALL_EDITS, removed):
        assert isinstance(json.loads(wire.edit(parsed, edits)), dict)


@ALL
@settings(max_examples=60, deadline=None)
@given(answer=OBJECTS, cuts=CUTS, deny=st.booleans())
def test_any_whole_answer_is_read_to_its_end(
    wire: Wire, answer: dict[str, object], cuts: list[int], *, deny: bool
) -> None:
    body = json.dumps(answer).encode()
    reader = wire.reader(parse(wire, BODY), content_type="application/json")
    for part in chunks(body, cuts):
        assert list(reader.feed(part)) == []
    for piece in reader.close():
        if deny and piece.tool is not None:
            assert reader.deny(piece, finding(piece.tool)) == b""
    assert isinstance(json.loads(reader.rest()), dict)
    if not deny:
        assert reader.rest() == body


@ALL
@settings(max_examples=60, deadline=None)
@given(
    stream=st.lists(st.sampled_from([b"data: ", b"{", b"}", b'"type"', b"[1]", b"\n", b"\r\n", b"\xff", b":"])).map(
        b"".join
    )
)
def test_garbage_passes_byte_for_byte(wire: Wire, stream: bytes) -> None:
    assert read(wire, BODY, [stream]).relayed == stream


@ALL
def test_a_list_of_models_needs_no_body(wire: Wire) -> None:
    parsed = wire.parse_call(b"", operation=Operation.MODELS, headers={})
    assert parsed.call.operation is Operation.MODELS
    assert wire.edit(parsed, ALL_EDITS) == b""


@ALL
def test_an_edited_model_and_maximum_are_read_back(wire: Wire) -> None:
    result = edit(wire, BODY, Edits(model="n", max_output_tokens=5))
    call = parse(wire, result).call
    assert (call.model, call.max_output_tokens) == ("n", 5)


@ALL
def test_an_endless_frame_is_an_upstream_error(wire: Wire) -> None:
    part = b"data: " + b"x" * 2**20
    with pytest.raises(UpstreamError, match="frame of more than"):
        read(wire, BODY, [part] * (MAX_FRAME_BYTES // 2**20 + 1))


@ALL
def test_an_endless_whole_answer_is_an_upstream_error(wire: Wire) -> None:
    part = b" " * 2**23
    with pytest.raises(UpstreamError, match="answer of more than"):
        read(wire, BODY, [part] * (MAX_ANSWER_BYTES // 2**23 + 1), content_type="application/json")


@ALL
def test_refusals_and_stream_errors_carry_any_text(wire: Wire) -> None:
    message = 'line\nbreak "quoted" \u2028 \U0001f600'
    refusal = json.loads(wire.refusal(status=400, code="x", message=message, request_id="r"))
    assert refusal["error"]["message"] == message
    assert wire.stream_error(message=message, request_id="r").count(b"\n\n") == 1


@ALL
def test_an_answer_of_no_bytes_is_incomplete(wire: Wire) -> None:
    for content_type in ("text/event-stream", "application/json"):
        reading = read(wire, BODY, [], content_type=content_type)
        assert (reading.relayed, reading.complete, reading.usage) == (b"", False, None)
