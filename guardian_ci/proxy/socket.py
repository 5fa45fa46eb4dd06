"""The responses API over WebSocket: a connection of the agent, one to the upstream, and the turns between them.

Each ``response.create`` and each ``response.steer`` is a call of its own, up to 16 at a time.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from guardian_ci.errors import BadRequest, UpstreamError
from guardian_ci.model import Call
from guardian_ci.proxy.client import Headers, Receive, Send
from guardian_ci.proxy.paths import RESPONSES_SOCKET
from guardian_ci.proxy.relay import Proxy, begin, session_name
from guardian_ci.proxy.socket_handshake import UPGRADE_REQUIRED, Handshake, refused, speaking
from guardian_ci.proxy.socket_lanes import Lane, Lanes
from guardian_ci.proxy.socket_turn import Line, SocketTurn, SteerTurn
from guardian_ci.wire.openai_responses_socket import Asked, OpenAIResponsesSocket, SteerWire, asked, told

_MOST_IN_FLIGHT: Final = 16
_TOO_BIG: Final = 1009
"""The code that the server closes with where a message is too large even to be heard out."""

_PASSING: Final = frozenset({"response.cancel", "response.processed"})
"""What a client may say that begins no response: it ends one, or tells that one was read."""


class ResponsesSocket:
    """The ASGI application of ``GET /v1/responses`` with ``Upgrade: websocket``."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection."""
        headers: Headers = list(scope["headers"])
        session = session_name(scope, headers, self._proxy.gatekeeper)
        handshake = Handshake(self._proxy, RESPONSES_SOCKET, scope, session, send)
        if self._proxy.config.policy.for_session(session).websockets.responses == "refuse":
            message = "the policy refuses WebSockets (websockets.responses); send POST instead"
            await handshake.refuse(refused("unmetered_endpoint", message), UPGRADE_REQUIRED)
            return
        upstream = await handshake.serve()
        if upstream is None:
            return
        line = Line(self._proxy, RESPONSES_SOCKET, headers, session, upstream, speaking(send))
        try:
            await receive()  # the wish to connect, which comes first
            await send({"type": "websocket.accept", "headers": upstream.headers})
            await _Connection(line, scope, receive).serve()
        finally:
            await upstream.close()


class _Connection:
    """An open connection, from its first message until both sides are done."""

    def __init__(self, line: Line, scope: Mapping[str, Any], receive: Receive) -> None:
        self._line = line
        self._scope = scope
        self._receive = receive
        self._lanes = Lanes()
        self._turns: dict[asyncio.Task[None], SocketTurn] = {}
        self._listening: asyncio.Task[None] | None = None
        self._limit = line.proxy.config.policy.for_session(line.session).max_request_mb

    async def serve(self) -> None:
        """Serve until one side has gone and every response is settled."""
        hearing = asyncio.create_task(self._hear())
        listening = self._listening = asyncio.create_task(self._listen())
        try:
            await asyncio.wait({hearing, listening}, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done():
                for turn in self._turns.values():
                    turn.agent_gone()
            else:
                hearing.cancel()
            while self._turns:
                await asyncio.wait(self._turns)
        finally:
            tasks = (hearing, listening, *self._turns)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self._send({"type": "websocket.close", "code": self._line.upstream.close_code})
        for task in (hearing, listening):
            if not task.cancelled():
                task.result()

    async def _send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # the agent has gone
            await self._line.send(message)

    # The upstream's messages

    async def _listen(self) -> None:
        try:
            while True:
                text = await self._line.upstream.receive()
                if not await self._lanes.route(told(text), text):
                    await self._lanes.delivered()
                    await self._send({"type": "websocket.send", "text": text})
        except UpstreamError as error:
            await self._lanes.fail(error)

    # The agent's messages

    async def _hear(self) -> None:
        while (message := await self._receive())["type"] == "websocket.receive":
            text = message.get("text")
            try:
                await self._heard(self._understood(text), text or "")
            except BadRequest as error:
                await self._turn(Lane(), OpenAIResponsesSocket()).refuse_bad_request(str(error))
        if message.get("code") == _TOO_BIG:
            await self._turn(Lane(), OpenAIResponsesSocket()).refuse_bad_request(self._too_big())

    def _understood(self, text: str | None) -> Asked:
        if text is None:
            raise BadRequest("a binary message is none of the responses API")
        body = text.encode()
        if len(body) > self._limit << 20:
            raise BadRequest(self._too_big())
        return asked(body)

    def _too_big(self) -> str:
        return f"the message is larger than {self._limit} MB (policy: max_request_mb)"

    async def _heard(self, message: Asked, text: str) -> None:
        if message.kind == "response.create":
            await self._create(message)
        elif message.kind == "response.steer":
            await self._steer(message)
        elif message.kind in _PASSING:
            with contextlib.suppress(UpstreamError):  # whoever waits for an answer hears of it
                await self._line.upstream.send(text)
        else:
            raise BadRequest(
                f"type: {message.kind[:100]!r} is no event that guardian-ci can meter; use response.create"
            )

    async def _create(self, message: Asked) -> None:
        lane = self._lanes.of(message.lane)
        turn = self._turn(lane, OpenAIResponsesSocket(message.lane))
        if len(self._turns) >= _MOST_IN_FLIGHT:
            await turn.refuse_bad_request(f"{_MOST_IN_FLIGHT} responses are in flight on this connection; wait for one")
            return
        self._begin(turn, lane, turn.create(message))

    async def _steer(self, message: Asked) -> None:
        steered = self._lanes.steered(message.previous)
        name, lane = steered or (None, Lane())
        turn = self._turn(lane, SteerWire(name, message), SteerTurn)
        call: Call | None = lane.asked
        if call is None or lane.steer is not None or len(self._turns) >= _MOST_IN_FLIGHT:
            await turn.refuse_bad_request(
                "previous_response_id: names no response that comes on this connection now and is not steered yet"
            )
            return
        ended = asyncio.Event()
        lane.steering.append(ended)
        self._begin(turn, lane, turn.steer(call), ended)

    def _turn(self, lane: Lane, wire: OpenAIResponsesSocket, kind: Callable[..., SocketTurn] = SocketTurn) -> Any:
        return kind(self._line, lane, wire, begin(self._scope))

    def _begin(
        self, turn: SocketTurn, lane: Lane, serving: Awaitable[None], ended: asyncio.Event | None = None
    ) -> None:
        lane.users += 1
        task = asyncio.create_task(turn.finish(serving))
        self._turns[task] = turn

        def done(task: asyncio.Task[None]) -> None:
            del self._turns[task]
            lane.users -= 1
            if lane.dropping and not self._turns and self._listening is not None:
                # Nobody waits for what the model still writes: with its connection it ends, and costs no more.
                self._listening.cancel()
            if ended is not None:
                lane.steering.remove(ended)
                ended.set()

        task.add_done_callback(done)
