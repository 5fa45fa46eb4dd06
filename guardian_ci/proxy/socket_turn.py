"""One response over a WebSocket: a call as any other, whose body is a message and whose answer are messages."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Final

from guardian_ci.audit.records import Exchange
from guardian_ci.model import Call
from guardian_ci.proxy.client import Client, ClientGone, Headers, Send
from guardian_ci.proxy.paths import Endpoint
from guardian_ci.proxy.refusals import Refusal
from guardian_ci.proxy.relay import OneCall, Proxy, Sending
from guardian_ci.proxy.socket_handshake import no_body
from guardian_ci.proxy.socket_lanes import Inbox, Lane
from guardian_ci.proxy.upstream import Answer, UnreachedError
from guardian_ci.proxy.upstream_socket import UpstreamSocket
from guardian_ci.session import commands as do
from guardian_ci.wire.interface import Parsed, Wire
from guardian_ci.wire.openai_responses_socket import END, Asked, OpenAIResponsesSocket, SteerWire, Told, messages, told

_ERRORS: Final = range(400, 600)


@dataclass(frozen=True, slots=True)
class Line:
    """What all turns of a connection share."""

    proxy: Proxy
    endpoint: Endpoint
    headers: Headers
    session: str
    upstream: UpstreamSocket
    send: Send


class TurnClient(Client):
    """The agent's side of one turn: what an answer's body would be are messages, and it has no headers."""

    def __init__(self, request_id: str, send: Send) -> None:
        super().__init__(request_id, no_body, send)

    async def start(self, status: int, headers: Headers) -> None:  # noqa: ARG002 - a message has neither
        """Note that the answer has begun."""
        self.answered = True

    async def write(self, data: bytes) -> None:
        """Send messages."""
        for text in messages(data):
            await self._deliver({"type": "websocket.send", "text": text})

    async def finish(self, data: bytes = b"") -> None:
        """Send the last messages."""
        await self.write(data)

    async def break_off(self, error: bytes) -> None:
        """End an answer that has begun and cannot go on."""
        await self.write(error)

    async def refuse(self, refusal: Refusal, wire: Wire | None) -> None:
        """Answer with a refusal."""
        self.answered = True
        if wire is not None:
            body = wire.refusal(
                status=refusal.status, code=refusal.code, message=refusal.message, request_id=self.request_id
            )
            await self.write(body)


@dataclass(frozen=True, slots=True)
class _SocketAnswer(Answer):
    """A response as it comes. ``free``: it ends before it has begun, so that nothing is billed."""

    first: bytes
    lane: Lane
    inbox: Inbox
    silence: float
    free: bool

    @property
    def refuses(self) -> bool:
        """Whether the upstream refuses: nothing is billed."""
        return self.free

    async def chunks(self) -> AsyncIterator[bytes]:
        """The response's messages. Raises ``BrokenError``."""
        yield self.first
        while not self.inbox.empty:
            yield await self.inbox.get(self.silence)

    async def close(self) -> None:
        """Drop what may still come."""
        self.lane.leave(self.inbox)


class SocketTurn(OneCall):
    """The turn that one ``response.create`` begins."""

    _wire: OpenAIResponsesSocket

    def __init__(self, line: Line, lane: Lane, wire: OpenAIResponsesSocket, exchange: Exchange) -> None:
        client = TurnClient(exchange.request_id, line.send)
        super().__init__(line.proxy, line.endpoint, exchange, client, line.headers, line.session, wire)
        exchange.session = line.session
        self._lane = lane
        self._socket = line.upstream

    def agent_gone(self) -> None:
        """The agent hung up."""
        self._client.gone = True
        self.begin_drain()

    async def create(self, message: Asked) -> None:
        """Serve a ``response.create``. Raises what ``finish`` answers for."""
        parsed = self._inspect(self._wire.parse_create(message))
        async with self._lane.turn:
            if self._client.gone:
                raise ClientGone
            await self._decide(_with_queued(parsed, self._lane))
            while self._lane.steering:
                await self._lane.steering[0].wait()

    def _prepare(self, parsed: Parsed, command: do.Forward) -> Sending:
        body = self._edited(parsed, command)
        if parsed.call.previous_response_id is not None:
            self._lane.queued.pop(parsed.call.previous_response_id, None)
        return partial(self._send, body.decode(), _as_forwarded(parsed.call, command))

    async def _send(self, text: str, call: Call) -> Answer:
        self._lane.asked = call
        inbox = self._lane.begin()
        try:
            await self._socket.send(text)
            first = await inbox.get(self._settings.timeouts.silence_seconds)
        except BaseException as error:
            self._lane.leave(inbox, sent=not isinstance(error, UnreachedError))
            raise
        return self._answer(inbox, first)

    def _answer(self, inbox: Inbox, first: bytes) -> Answer:
        """Make the answer that begins with a message."""
        event = _told(first)
        status = _status(event)
        silence = self._settings.timeouts.silence_seconds
        free = event.of_steer or status >= HTTPStatus.BAD_REQUEST
        return _SocketAnswer(status, [], first, self._lane, inbox, silence, free)


class SteerTurn(SocketTurn):
    """The turn that a ``response.steer`` may begin, once the response that it steers has ended."""

    _wire: SteerWire

    async def steer(self, steered: Call) -> None:
        """Serve a ``response.steer``. Raises what ``finish`` answers for."""
        await self._decide(self._inspect(self._wire.parse_steer(steered)))

    def _prepare(self, parsed: Parsed, command: do.Forward) -> Sending:
        call = parsed.call
        forwarded = _as_forwarded(call, command)
        if (forwarded.model, forwarded.max_output_tokens, forwarded.max_web_searches) != (
            call.model,
            call.max_output_tokens,
            call.max_web_searches,
        ):
            return self._unbounded
        return partial(self._send, self._edited(parsed, command).decode(), forwarded)

    async def _unbounded(self) -> Answer:
        raise UnreachedError("the budget does not hold another response like the one that it steers; ask for a new one")

    async def _send(self, text: str, call: Call) -> Answer:
        inbox = self._lane.begin_steer()
        try:
            await self._socket.send(text)
            # The response that is steered comes first, however long that takes.
            first = await inbox.get(None)
            while _told(first).kind == "response.steer.accepted":
                await self._client.write(first)
                first = await inbox.get(None)
        except BaseException as error:
            self._lane.leave(inbox, sent=not isinstance(error, UnreachedError))
            raise
        if _told(first).kind == "response.steer.pending" and (steered := self._wire.message.previous):
            self._lane.queued[steered] = self._lane.queued.get(steered, 0) + call.size.text_bytes
        self._lane.asked = call
        return self._answer(inbox, first)


def _told(message: bytes) -> Told:
    return told(message.removesuffix(END).decode("utf-8", "replace"))


def _status(event: Told) -> int:
    """The status that an answer would have had over HTTP whose body begins with this."""
    if event.kind not in {"error", "response.steer.failed"}:
        return HTTPStatus.OK
    return event.status if event.status is not None and event.status in _ERRORS else HTTPStatus.BAD_REQUEST


def _as_forwarded(call: Call, command: do.Forward) -> Call:
    """What a response that goes on from this one has from it, and how much context it inherits at most."""
    return replace(
        call,
        model=command.model or call.model,
        max_output_tokens=command.max_output_tokens or call.max_output_tokens,
        max_web_searches=command.max_web_searches or 0,
        size=replace(call.size, hidden_tokens=command.reserved.tokens),
        tools=(),
        tool_results=(),
        previous_response_id=None,
        item_references=0,
        conversation="",
        continues="",
        leaks=(),
        suspicions=(),
    )


def _with_queued(parsed: Parsed, lane: Lane) -> Parsed:
    """Count what the upstream puts before this request's input."""
    queued = lane.queued.get(parsed.call.previous_response_id or "", 0)
    if not queued:
        return parsed
    bound = parsed.call.size.with_text(queued)
    return replace(parsed, call=replace(parsed.call, size=bound))
