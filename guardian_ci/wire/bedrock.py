"""How Bedrock streams the Anthropic messages API: the same events in other frames.

A message of the stream holds ``{"bytes": base64 of the event}``; the agent is sent what Anthropic itself would send.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Final

from guardian_ci.errors import UpstreamError
from guardian_ci.wire.eventstream import Message, Messages
from guardian_ci.wire.json_text import as_object, as_text, parse_leniently
from guardian_ci.wire.sse import Frame, event_frame

_ERROR_TYPES: Final[Mapping[str, str]] = {
    "throttlingException": "rate_limit_error",
    "validationException": "invalid_request_error",
    "serviceUnavailableException": "overloaded_error",
    "modelTimeoutException": "timeout_error",
}
"""The types of errors that a stream may end by, in Anthropic's words; all others are ``api_error``."""

_EXCEPTIONS: Final[Mapping[str, str]] = {kind: name for name, kind in _ERROR_TYPES.items()}
_JSON: Final = "application/json"


class Frames:
    """Turns an event stream into server-sent events, as its bytes come."""

    def __init__(self) -> None:
        self._messages = Messages()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take the next bytes and yield the frames that they complete. Raises ``UpstreamError``."""
        for message in self._messages.feed(data):
            if message.headers.get(":message-type", "event") != "event":
                yield _error(message)
            elif message.headers.get(":event-type") == "chunk":
                yield _frame(_event(message.payload))


def messages_of(frame: Frame) -> Iterator[bytes]:
    """Write a server-sent event as Bedrock would send it: a chunk, or the exception that ends a stream."""
    if frame.data is None:
        return
    try:
        event = as_object(parse_leniently(frame.data).value)
    except (ValueError, RecursionError):
        event = {}
    if event.get("type") == "error":
        error = as_object(event.get("error"))
        kind = _EXCEPTIONS.get(as_text(error.get("type")), "internalServerException")
        headers = {":exception-type": kind, ":content-type": _JSON, ":message-type": "exception"}
        payload: dict[str, object] = {"message": as_text(error.get("message"))}
    else:
        headers = {":event-type": "chunk", ":content-type": _JSON, ":message-type": "event"}
        payload = {"bytes": base64.b64encode(frame.data.encode()).decode()}
    yield Message(headers, json.dumps(payload).encode()).encoded()


def _event(payload: bytes) -> str:
    """The event that a chunk holds, on one line."""
    try:
        told = as_object(parse_leniently(payload.decode()).value).get("bytes")
        event = base64.b64decode(as_text(told), validate=True).decode()
    except (ValueError, RecursionError, binascii.Error) as error:
        raise UpstreamError(f"the upstream sent a chunk that holds no event: {error}") from error
    return event.replace("\r", " ").replace("\n", " ")


def _frame(event: str) -> bytes:
    try:
        kind = as_text(as_object(parse_leniently(event).value).get("type"))
    except (ValueError, RecursionError):
        kind = ""  # the reader says of such a frame that it could not be read
    name = f"event: {kind}\n" if kind.isidentifier() else ""
    return f"{name}data: {event}\n\n".encode()


def _error(message: Message) -> bytes:
    """The event by which a stream ends that the upstream cannot go on with."""
    kind = message.headers.get(":exception-type") or message.headers.get(":error-code") or "internalServerException"
    try:
        text = as_text(as_object(parse_leniently(message.payload.decode()).value).get("message"))
    except (ValueError, RecursionError):
        text = ""
    text = text or message.headers.get(":error-message") or kind
    error = {"type": _ERROR_TYPES.get(kind, "api_error"), "message": text}
    return event_frame("error", {"type": "error", "error": error})
