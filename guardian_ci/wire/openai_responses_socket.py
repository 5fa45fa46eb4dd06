"""The OpenAI responses API over WebSocket: the requests and events of HTTP, each a text message.

In bytes, a message ends with one that no UTF-8 has: so several of them are one run of bytes, as the frames of a
stream are, and all that reads, holds and rewrites those does it to messages too.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from guardian_ci.errors import BadRequest
from guardian_ci.model import Call, Operation
from guardian_ci.wire import fields
from guardian_ci.wire.interface import NO_ADDRESS, AnswerReader, Parsed
from guardian_ci.wire.json_text import Node, as_object, as_text
from guardian_ci.wire.openai_responses import OpenAIResponses
from guardian_ci.wire.openai_responses_answer import LAST_EVENTS, Stream
from guardian_ci.wire.openai_shared import error_object
from guardian_ci.wire.request import check_spelling, document_of
from guardian_ci.wire.sse import Frame, Framer

END: Final = b"\xff"
"""What a message ends with, in bytes."""

_STEER_EVENTS: Final = "response.steer."
_KNOWN: Final = ("type", "stream_id", "generate")
_STEER_MEMBERS: Final = frozenset({"type", "previous_response_id", "input"})


def messages(data: bytes) -> Iterator[str]:
    """Cut bytes into the messages that they are."""
    for raw in data.split(END):
        if raw:
            yield raw.decode("utf-8", "replace")


class _Message(Frame):
    """A message as a frame of a stream."""

    __slots__ = ()

    def with_data(self, data: str) -> bytes:
        """Return the message's bytes with another text."""
        return data.encode("utf-8", "replace") + END


class _Messages(Framer):
    """Cuts bytes into messages, wherever they have been cut before."""

    def __init__(self) -> None:
        super().__init__()
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take the next bytes and yield the messages that they complete."""
        *whole, self._rest = (self._rest + data).split(END)
        for raw in whole:
            yield _Message(raw + END, "", raw.decode("utf-8", "replace"))

    def close(self) -> Iterator[Frame]:
        """Half a message is none: nobody has read it."""
        return iter(())


class _SocketStream(Stream):
    """A response whose events are messages."""

    def __init__(self, call: Call, provider: str | None) -> None:
        super().__init__(call, provider, _Messages())

    @property
    def streams(self) -> bool:
        """Whether the answer is relayed as it comes, whatever its content type says: messages have none."""
        return True


@dataclass(frozen=True, slots=True)
class Asked:
    """A message of the client: its ``kind`` (``response.create``), its lane, and the response that it goes on from."""

    kind: str
    lane: str | None
    previous: str | None
    body: bytes
    document: Node


@dataclass(frozen=True, slots=True)
class Told:
    """A message of the server: what it is of. ``kind`` is ``""`` where it cannot be read.

    ``response`` is the id of the response that it tells of; of a steer the one that is steered. ``status`` is the
    HTTP status that an error would have had.
    """

    kind: str
    lane: str | None = None
    response: str | None = None
    status: int | None = None

    @property
    def of_response(self) -> bool:
        """Whether it is a part of a response; what cannot be read may be."""
        return self.kind in {"", "error"} or (self.kind.startswith("response.") and not self.of_steer)

    @property
    def of_steer(self) -> bool:
        """Whether it tells what became of a ``response.steer``."""
        return self.kind.startswith(_STEER_EVENTS)

    @property
    def last(self) -> bool:
        """Whether its response ends with it."""
        return self.kind in LAST_EVENTS


def asked(body: bytes) -> Asked:
    """Read a message of the client. Raises ``BadRequest``."""
    try:
        document = document_of(body)
    except RecursionError:
        raise BadRequest("the message is nested too deeply") from None
    request = as_object(document.value)
    check_spelling(request, _KNOWN)
    kind = fields.text(request, "type")
    if not kind:
        raise BadRequest("type: is missing; a message over WebSocket says what it is, as response.create")
    lane, previous = fields.text(request, "stream_id"), fields.text(request, "previous_response_id")
    return Asked(kind, lane, previous, body, document)


def told(text: str) -> Told:
    """Read as much of a server's message as says where it belongs."""
    try:
        event = as_object(json.loads(text))
    except (ValueError, RecursionError):
        return Told("")
    of = as_object(event.get("steer")).get("previous_response_id") or as_object(event.get("response")).get("id")
    lane, status = event.get("stream_id"), event.get("status", event.get("status_code"))
    return Told(
        as_text(event.get("type")),
        lane if isinstance(lane, str) else None,
        as_text(of) or None,
        status if isinstance(status, int) else None,
    )


class OpenAIResponsesSocket(OpenAIResponses):
    """One lane of a connection. ``lane`` is the ``stream_id`` of its messages; None where they have none."""

    def __init__(self, lane: str | None = None) -> None:
        self._lane: Mapping[str, object] = {} if lane is None else {"stream_id": lane}

    def parse_create(self, message: Asked) -> Parsed:
        """Read a ``response.create``. Raises ``BadRequest``."""
        request = as_object(message.document.value)
        parsed = self._read(message.body, message.document, Operation.GENERATE, NO_ADDRESS)
        call = replace(parsed.call, stream=True)
        fields.flag(request, "generate")
        if request.get("generate") is False:
            # A warm-up: it writes nothing, so a token is bound enough, and asks nothing that could be asked again.
            call = replace(call, max_output_tokens=1, max_web_searches=0, fingerprint="")
        return replace(parsed, call=call)

    def reader(self, parsed: Parsed, *, content_type: str, provider: str | None = None) -> AnswerReader:  # noqa: ARG002 - messages have no type
        """Make the reader for the response."""
        return _SocketStream(parsed.call, provider)

    def refusal(self, *, status: int, code: str, message: str, request_id: str) -> bytes:
        """Return the error that answers a ``response.create``: with the status that HTTP would have had."""
        error = error_object(status=status, code=code, message=message, request_id=request_id)
        return self._message({"type": "error", "status": status, **error})

    def stream_error(
        self,
        *,
        message: str,
        request_id: str,
        reader: AnswerReader | None = None,
        agent: str = "",  # noqa: ARG002 - the same for all
    ) -> bytes:
        """Return the failure that ends a response."""
        return self._message(self.failure(message=message, request_id=request_id, reader=reader))

    def _message(self, event: Mapping[str, object]) -> bytes:
        return json.dumps({**event, **self._lane}).encode() + END


class SteerWire(OpenAIResponsesSocket):
    """A ``response.steer`` and what comes of it."""

    def __init__(self, lane: str | None, message: Asked) -> None:
        super().__init__(lane)
        self.message = message

    def parse_steer(self, inherited: Call) -> Parsed:
        """Read the steer; all that it does not say is as in ``inherited``. Raises ``BadRequest``."""
        message = self.message
        unknown = sorted(set(as_object(message.document.value)) - _STEER_MEMBERS)
        if unknown:
            raise BadRequest(f"{unknown[0]}: a response.steer has only type, previous_response_id and input")
        own = self._steered(message.body, message.document, inherited.model)
        size = replace(own.size, hidden_tokens=inherited.size.hidden_tokens)
        call = replace(inherited, size=size, fingerprint=own.fingerprint, tool_results=own.tool_results)
        return Parsed(call=call, body=message.body, document=message.document)

    def refusal(self, *, status: int, code: str, message: str, request_id: str) -> bytes:  # noqa: ARG002 - the event has neither status nor id
        """Return the event that gives the steer's input back."""
        error = {"type": "invalid_request_error", "code": "successor_creation_failed", "message": message}
        given = as_object(self.message.document.value).get("input")
        steer = {"previous_response_id": self.message.previous, "input": given}
        return self._message({"type": "response.steer.failed", "sequence_number": 0, "error": error, "steer": steer})
