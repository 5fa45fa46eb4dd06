"""OpenAI responses over WebSocket: the same facts, edits and pieces as over HTTP, in messages."""

import json
from collections.abc import Iterable

import answers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading import CUTS, chunks, finding, parse, read

from guardian_ci.errors import BadRequest
from guardian_ci.model import Call, InputSize, Operation, WireProtocol
from guardian_ci.wire.interface import Edits, Piece
from guardian_ci.wire.openai_responses import OpenAIResponses
from guardian_ci.wire.openai_responses_socket import (
    END,
    OpenAIResponsesSocket,
    SteerWire,
    asked,
    messages,
    told,
)
from guardian_ci.wire.sse import Framer

CREATE = b'{"type":"response.create","model":"gpt-5.4","input":"hi","tools":[{"type":"web_search"}]}'
REQUEST = b'{"model":"gpt-5.4","stream":true,"input":"hi"}'
DENIED = st.sets(st.sampled_from(["bash", "read_file", "mcp__gh__issue", "local_shell"]), max_size=3)


def data_of(stream: bytes) -> list[str]:
    framer = Framer()
    frames = [*framer.feed(stream), *framer.close()]
    return [frame.data for frame in frames if frame.data is not None]


def read_messages(parts: Iterable[bytes], denied: Iterable[str]) -> tuple[bytes, list[Piece]]:
    reader = OpenAIResponsesSocket().reader(parse(OpenAIResponses(), REQUEST), content_type="")
    relayed: list[bytes] = []
    pieces: list[Piece] = []
    for part in parts:
        for piece in reader.feed(part):
            deny = piece.tool is not None and piece.tool.name in set(denied)
            relayed.append(reader.deny(piece, finding(piece.tool)) if deny and piece.tool else piece.data)
            pieces.append(piece)
    assert list(reader.close()) == []
    assert reader.complete
    return b"".join(relayed), pieces


@given(blocks=answers.RESPONSES, denied=DENIED, cuts=CUTS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_a_response_in_messages_is_released_and_rewritten_as_it_is_in_events(
    blocks: list[answers.Block], denied: set[str], cuts: list[int]
) -> None:
    frames = [frame.raw for frame in answers.responses_stream(blocks)]
    over_http = read(OpenAIResponses(), REQUEST, frames, denied=denied)
    sent = b"".join(text.encode() + END for frame in frames for text in data_of(frame))
    for parts in ([sent], [sent[i : i + 1] for i in range(len(sent))], chunks(sent, cuts)):
        relayed, pieces = read_messages(parts, denied)
        assert list(messages(relayed)) == data_of(over_http.relayed)
        assert [piece.tool for piece in pieces if piece.tool] == over_http.tools
        assert [(piece.text, piece.output_bytes, piece.terminal) for piece in pieces] == [
            (piece.text, piece.output_bytes, piece.terminal) for piece in over_http.pieces
        ]
        if not denied:
            assert relayed == sent


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (b"", "not JSON"),
        (b"[]", "must be a JSON object"),
        (b'{"a":1}', "type: is missing"),
        (b'{"type":null}', "type: is missing"),
        (b'{"type":[]}', "type: must be a string"),
        (b'{"type":"a","stream_id":1}', "stream_id: must be a string"),
        (b'{"type":"a","Stream_ID":"b"}', "did you mean stream_id"),
        (b'{"type":"a","type":"b"}', "not JSON that all readers agree on"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_message_that_says_not_what_it_is_is_refused(message: bytes, complaint: str) -> None:
    with pytest.raises(BadRequest, match=complaint):
        asked(message)


def test_a_create_has_the_facts_of_its_body_and_is_edited_in_place() -> None:
    wire = OpenAIResponsesSocket("a")
    parsed = wire.parse_create(asked(CREATE))
    same = OpenAIResponses().parse_call(CREATE, operation=Operation.GENERATE, headers={}).call
    assert parsed.call.stream
    assert (parsed.call.model, parsed.call.tools, parsed.call.fingerprint) == (same.model, same.tools, same.fingerprint)
    assert wire.edit(parsed, Edits()) is CREATE
    edited = wire.edit(parsed, Edits(max_output_tokens=7))
    assert edited == CREATE[:-1] + b',"max_output_tokens":7}'


def test_a_warm_up_asks_nothing_and_is_bounded_by_its_input() -> None:
    message = asked(CREATE[:-1] + b',"generate":false}')
    call = OpenAIResponsesSocket().parse_create(message).call
    assert (call.fingerprint, call.max_output_tokens, call.max_web_searches) == ("", 1, 0)


def steered(body: bytes) -> Call:
    inherited = Call(
        protocol=WireProtocol.OPENAI_RESPONSES,
        operation=Operation.GENERATE,
        model="gpt-5.4",
        stream=True,
        fingerprint="of the first",
        size=InputSize(text_bytes=3, hidden_tokens=700),
        max_output_tokens=50,
        service_tier="flex",
    )
    return SteerWire(None, asked(body)).parse_steer(inherited).call


def test_a_steer_has_its_own_input_and_all_else_from_the_response_that_it_steers() -> None:
    body = b'{"type":"response.steer","previous_response_id":"r","input":"rather this"}'
    call = steered(body)
    assert (call.model, call.max_output_tokens, call.service_tier) == ("gpt-5.4", 50, "flex")
    assert (call.size.hidden_tokens, call.size.text_bytes) == (700, len(body))
    assert call.fingerprint not in {"", "of the first"}


@pytest.mark.parametrize(
    "more",
    [
        b'"model":"gpt-5.4-pro"',
        b'"max_output_tokens":9',
        b'"input":[{"type":"additional_tools","tools":[{"type":"web_search"}]}]',
        b'"input":7',
    ],
)
def test_a_steer_changes_nothing_of_what_it_inherits(more: bytes) -> None:
    with pytest.raises(BadRequest):
        steered(b'{"type":"response.steer","previous_response_id":"r",' + more + b"}")


@pytest.mark.parametrize(
    ("text", "response", "steer", "last"),
    [
        ('{"type":"response.created","response":{"id":"r"}}', True, False, False),
        ('{"type":"response.completed"}', True, False, True),
        ('{"type":"error","status":400}', True, False, True),
        ('{"type":"response.steer.accepted","steer":{"previous_response_id":"r"}}', False, True, False),
        ('{"type":"codex.rate_limits"}', False, False, False),
        ("no JSON", True, False, False),
        ("[" * 100_000, True, False, False),
        ('{"type":7}', True, False, False),
    ],
)
def test_a_message_of_the_server_says_where_it_belongs(text: str, response: bool, steer: bool, last: bool) -> None:
    event = told(text)
    assert (event.of_response, event.of_steer, event.last) == (response, steer, last)


def test_refusals_are_messages_of_their_lane_in_the_protocols_own_shape() -> None:
    wire = OpenAIResponsesSocket("a")
    (refusal,) = messages(wire.refusal(status=400, code="c", message="m", request_id="req_1"))
    error = json.loads(refusal)
    assert (error["type"], error["status"], error["stream_id"], error["error"]["message"]) == ("error", 400, "a", "m")
    (failure,) = messages(wire.stream_error(message="m", request_id="req_1"))
    failed = json.loads(failure)
    assert (failed["type"], failed["stream_id"]) == ("response.failed", "a")
    assert failed["response"]["error"] == {"code": "invalid_prompt", "message": "m"}
