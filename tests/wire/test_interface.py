"""What holds for every wire protocol alike."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import CUTS, chunks, edit, finding, parse, read

from guardian_ci.errors import BadRequest, UpstreamError
from guardian_ci.model import Operation, WireProtocol
from guardian_ci.wire import WIRES
from guardian_ci.wire.interface import MAX_ANSWER_BYTES, MAX_FRAME_BYTES, Edits, Path, Wire
from guardian_ci.wire.json_text import value_at

ALL = pytest.mark.parametrize("wire", WIRES.values(), ids=lambda wire: str(wire.protocol))
BODY_OF = pytest.mark.parametrize(
    "wire",
    [wire for name, wire in WIRES.items() if name is not WireProtocol.GEMINI_GENERATE],
    ids=lambda w: str(w.protocol),
)
"""Those whose requests hold messages or input, and name their model: Gemini's have a table of their own."""

BODY = b'{"model":"m","stream":true,"messages":[],"input":[],"contents":[]}'
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
        "function_call_output",
        "tool_use",
        "thinking",
        "description",
        "definition",
        "tool_addition",
        "tool_reference",
        "tool_name",
        "additional_tools",
        "namespace",
        "defer_loading",
        "instructions",
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
    told = {passage.path: passage.text for passage in wire.passages(parsed)}
    assert all(value_at(json.loads(body), path) == text for path, text in told.items())
    removed = Edits(remove_tools=frozenset(range(len(parsed.offers))))
    for edits in (Edits(), ALL_EDITS, removed, Edits(texts=dict.fromkeys(told, "new"), notice="note")):
        assert isinstance(json.loads(wire.edit(parsed, edits)), dict)


def conversation(draw: st.DrawFn) -> dict[str, object]:
    """Draw a request in the words of all protocols, each of its texts one of its kind."""
    count = itertools.count()

    def text() -> str:
        return f"{draw(st.text(max_size=3))}\ue000{next(count)}"

    def part() -> object:
        kind = draw(st.sampled_from(["text", "tool_use", "tool_result", "thinking", "document"]))
        inner = [{"type": "text", "text": text()}]
        return {
            "text": {"type": "text", "text": text()},
            "tool_use": {"type": "tool_use", "id": "t", "name": "n", "input": {"a": [text()], "type": text()}},
            "tool_result": {
                "type": "tool_result",
                "tool_use_id": "t",
                "content": draw(st.sampled_from([text(), inner])),
            },
            "thinking": {"type": "thinking", "thinking": text(), "signature": "s"},
            "document": {"type": "document", "source": {"type": "text", "data": text()}},
        }[kind]

    def turn() -> object:
        kind = draw(st.sampled_from(["user", "assistant", "system", "tool", "call", "output"]))
        call = {"type": "function_call", "call_id": "c", "name": "n", "arguments": text()}
        if kind in {"call", "output"}:
            return call if kind == "call" else {"type": "function_call_output", "call_id": "c", "output": text()}
        return {
            "role": kind,
            "content": text() if draw(st.booleans()) else [part() for _ in range(draw(st.integers(0, 2)))],
        }

    turns = [turn() for _ in range(draw(st.integers(1, 4)))]
    tool = {"name": "n", "description": text(), "input_schema": {"properties": {"a": {"description": text()}}}}
    return {"model": "m", "system": text(), "instructions": text(), "tools": [tool], "messages": turns, "input": turns}


@BODY_OF
@settings(max_examples=60, deadline=None)
@given(request=st.composite(conversation)(), indent=st.sampled_from([None, 2]), escaped=st.booleans(), data=st.data())
def test_editing_any_texts_changes_exactly_these(
    wire: Wire, request: dict[str, object], indent: int | None, escaped: bool, data: st.DataObject
) -> None:
    # Each protocol reads its own list of turns; the other one would say every text twice.
    request.pop("messages" if wire.protocol is WireProtocol.OPENAI_RESPONSES else "input")
    body = json.dumps(request, indent=indent, ensure_ascii=escaped)
    parsed = parse(wire, body.encode())
    told = {passage.path: passage.text for passage in wire.passages(parsed)}
    chosen = data.draw(st.sets(st.sampled_from(sorted(told, key=str)))) if told else set[Path]()
    expected = body
    for path in chosen:
        old = json.dumps(told[path], ensure_ascii=escaped)
        assert expected.count(old) == 1
        expected = expected.replace(old, '"[redacted]"')
    assert wire.edit(parsed, Edits(texts=dict.fromkeys(chosen, "[redacted]"))).decode() == expected


@BODY_OF
def test_a_notice_comes_behind_the_text_that_is_edited_with_it(wire: Wire) -> None:
    parsed = parse(wire, b'{"model":"m","messages":[{"role":"user","content":"a\\"b"}],"input":"a\\"b"}')
    (passage,) = wire.passages(parsed)
    edited = json.loads(wire.edit(parsed, Edits(texts={passage.path: 'new"'}, notice="note")))
    assert value_at(edited, passage.path) == 'new"\n\nnote'


@BODY_OF
def test_a_text_of_a_tool_that_goes_goes_with_it(wire: Wire) -> None:
    tool = {"name": "n", "description": "d", "function": {"name": "n", "description": "d"}}
    parsed = parse(wire, json.dumps({"model": "m", "messages": [], "input": [], "tools": [tool]}).encode())
    texts = {passage.path: "new" for passage in wire.passages(parsed)}
    assert texts
    edited = json.loads(wire.edit(parsed, Edits(texts=texts, remove_tools=frozenset({0}))))
    assert edited == {"model": "m", "messages": [], "input": []}


@BODY_OF
def test_texts_are_fit_for_utf_8_and_keep_their_places(wire: Wire) -> None:
    parsed = parse(wire, rb'{"model":"m","messages":[{"role":"user","content":"a\ud800b"}],"input":"a\ud800b"}')
    (passage,) = wire.passages(parsed)
    assert passage.text == "a\ufffdb"


@ALL
def test_a_request_for_models_has_no_texts(wire: Wire) -> None:
    assert list(wire.passages(wire.parse_call(b"", operation=Operation.MODELS, headers={}))) == []


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


@BODY_OF
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
    # Gemini's agents take only a lost connection for an end that is no good one.
    frames = 0 if wire.protocol is WireProtocol.GEMINI_GENERATE else 1
    assert wire.stream_error(message=message, request_id="r").count(b"\n\n") == frames


@ALL
def test_an_answer_of_no_bytes_is_incomplete(wire: Wire) -> None:
    for content_type in ("text/event-stream", "application/json"):
        reading = read(wire, BODY, [], content_type=content_type)
        assert (reading.relayed, reading.complete, reading.usage) == (b"", False, None)
