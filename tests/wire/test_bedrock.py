"""The same events in other frames."""

import base64
import json

import pytest

from guardian_ci.errors import UpstreamError
from guardian_ci.wire.bedrock import Frames
from guardian_ci.wire.eventstream import Message

CHUNK = {":message-type": "event", ":event-type": "chunk", ":content-type": "application/json"}


def chunk(event: str) -> bytes:
    payload = {"bytes": base64.b64encode(event.encode()).decode(), "p": "abcdef"}
    return Message(CHUNK, json.dumps(payload).encode()).encoded()


def frames(data: bytes, size: int | None = None) -> bytes:
    reader = Frames()
    step = size or len(data) or 1
    return b"".join(frame for at in range(0, len(data), step) for frame in reader.feed(data[at : at + step]))


@pytest.mark.parametrize("size", [None, 1, 7])
def test_each_chunk_becomes_the_event_that_anthropic_would_send(size: int | None) -> None:
    data = chunk('{"type":"message_start"}') + chunk('{"type": "ping"}') + chunk('{"type":"message_stop", "x":"\\n"}')
    assert frames(data, size) == (
        b'event: message_start\ndata: {"type":"message_start"}\n\n'
        b'event: ping\ndata: {"type": "ping"}\n\n'
        b'event: message_stop\ndata: {"type":"message_stop", "x":"\\n"}\n\n'
    )


def test_no_event_can_begin_a_frame_of_its_own() -> None:
    sly = '{"type":"ping\\ndata: x",\n\r"a":\n\n1}'
    assert frames(chunk(sly)) == b'data: {"type":"ping\\ndata: x",  "a":  1}\n\n'


def test_what_is_no_chunk_is_passed_over_and_what_is_no_json_is_left_to_the_reader() -> None:
    initial = Message({":message-type": "event", ":event-type": "initial-response"}, b"{}").encoded()
    assert frames(initial + chunk("not json")) == b"data: not json\n\n"


@pytest.mark.parametrize(
    ("headers", "payload", "error"),
    [
        (
            {":message-type": "exception", ":exception-type": "throttlingException"},
            b'{"message": "Too many."}',
            {"type": "rate_limit_error", "message": "Too many."},
        ),
        (
            {":message-type": "exception", ":exception-type": "modelStreamErrorException"},
            b"gone",
            {"type": "api_error", "message": "modelStreamErrorException"},
        ),
        (
            {":message-type": "error", ":error-code": "InternalError", ":error-message": "Broken."},
            b"",
            {"type": "api_error", "message": "Broken."},
        ),
    ],
)
def test_an_exception_becomes_the_event_that_ends_a_stream(
    headers: dict[str, str], payload: bytes, error: dict[str, str]
) -> None:
    told = frames(Message(headers, payload).encoded())
    assert told == f"event: error\ndata: {json.dumps({'type': 'error', 'error': error})}\n\n".encode()


@pytest.mark.parametrize("payload", [b"{}{", b'{"bytes": "%%%"}', b'{"bytes": "/w=="}', b"[" * 100_000])
def test_a_chunk_that_holds_no_event_is_an_error_of_the_upstream(payload: bytes) -> None:
    with pytest.raises(UpstreamError, match="a chunk that holds no event"):
        frames(Message(CHUNK, payload).encoded())
