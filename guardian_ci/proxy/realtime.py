"""OpenAI Realtime: a connection that policy gives a ceiling in dollars, and that is cut before it can cost more."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from guardian_ci.audit.records import Exchange
from guardian_ci.errors import BadRequest, StoreError, UpstreamError
from guardian_ci.model import Finding, Origin, Verdict
from guardian_ci.policy import Settings
from guardian_ci.policy.upstreams import own_of
from guardian_ci.proxy import refusals
from guardian_ci.proxy.client import Headers, Receive, Send
from guardian_ci.proxy.paths import REALTIME
from guardian_ci.proxy.relay import Proxy, caller_of, session_name
from guardian_ci.proxy.socket_handshake import Handshake, speaking
from guardian_ci.proxy.upstream_socket import UpstreamSocket
from guardian_ci.session import commands as do
from guardian_ci.session.events import Outcome
from guardian_ci.wire.openai_realtime import OPENING, Realtime, connection_call

_BY_POLICY: Final = 1008
_NO_CEILING: Final = (
    "OpenAI Realtime is billed by a conversation that grows by itself, so it is refused unless the policy gives it a "
    "ceiling: websockets.realtime_ceiling_usd, in dollars a connection"
)
_NO_TOKENS: Final = (
    "a budget in tokens cannot bound OpenAI Realtime beforehand; give it in dollars, or leave Realtime out"
)


class RealtimeSocket:
    """The ASGI application of ``GET /v1/realtime`` with ``Upgrade: websocket``."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection."""
        headers: Headers = list(scope["headers"])
        session = session_name(scope, headers, self._proxy.gatekeeper)
        settings = self._proxy.config.policy.for_session(session)
        handshake = Handshake(self._proxy, REALTIME, scope, session, send)
        ceiling = settings.websockets.realtime_ceiling
        if ceiling is None:
            await handshake.refuse(_finding("unmetered_endpoint", _NO_CEILING), 400)
            return
        try:
            model = _model(str(scope["query_string"], "latin-1"), settings)
        except BadRequest as error:
            await handshake.refuse(_finding("bad_request", str(error)), 400)
            return
        keeper, exchange = self._proxy.gatekeeper, handshake.exchange
        call = connection_call(model, ceiling)
        caller = caller_of(self._proxy, session, own_of(settings.upstreams, call.protocol))

        def status_of(finding: Finding) -> int:
            return refusals.of_finding(finding, settings, call.protocol, exchange.agent or "").status

        try:
            command = await keeper.admit(exchange, caller, call, status_of=status_of)
        except StoreError as error:
            await handshake.answer(_finding("store_failed", str(error)), 400)
            return
        if isinstance(command, do.Refuse):
            await handshake.answer(command.finding, status_of(command.finding))
            return
        connection = _Connection(self._proxy, settings, exchange, Realtime(model), receive, speaking(send))
        try:
            await connection.serve(handshake)
        finally:
            await connection.settle()


def _finding(reason: str, message: str) -> Finding:
    return Finding(rule=reason, verdict=Verdict.BLOCK, reason=reason, message=message, throttle=reason == "bad_request")


def _model(query: str, settings: Settings) -> str:
    """The model that the address names. Raises ``BadRequest`` for what cannot be metered."""
    told = parse_qs(query, keep_blank_values=True)
    if set(told) != {"model"} or len(told["model"]) != 1 or not told["model"][0]:
        raise BadRequest("the address of a Realtime connection must name its model, and nothing else: ?model=…")
    if any(budget.limit.tokens is not None for budget in settings.budgets):
        raise BadRequest(_NO_TOKENS)
    return told["model"][0]


class _CutError(Exception):
    """The connection may not go on; the message says why."""


class _Connection:
    """One open connection: a call from its admission to its settlement."""

    def __init__(
        self, proxy: Proxy, settings: Settings, exchange: Exchange, meter: Realtime, receive: Receive, send: Send
    ) -> None:
        self._proxy = proxy
        self._settings = settings
        self._exchange = exchange
        self._meter = meter
        self._receive = receive
        self._send_message = send
        self._outcome = Outcome.UNREACHED
        self._gone = False

    async def serve(self, handshake: Handshake) -> None:
        """Open the upstream's side, then relay until one side has gone or the ceiling is reached."""
        upstream = await handshake.serve()
        if upstream is None:
            return
        try:
            self._check_fits()
            self._outcome = Outcome.UPSTREAM_ERROR
            await self._receive()  # the wish to connect, which comes first
            await self._send_message({"type": "websocket.accept", "headers": upstream.headers})
            self._exchange.status = 200
            await self._open(upstream)
            await self._relay(upstream)
        except _CutError as error:
            self._outcome = Outcome.CUT
            await self._end(str(error), _BY_POLICY)
        except (UpstreamError, TimeoutError) as error:
            await self._end(str(error) or "the upstream did not bound its responses", upstream.close_code)
        finally:
            await upstream.close()

    async def settle(self) -> None:
        """Charge what was told, or the ceiling where a response has not told what it cost."""
        meter = self._meter
        if self._outcome is not Outcome.UNREACHED and not meter.lost and not meter.in_flight:
            self._outcome = Outcome.COMPLETE
        usage = None if self._outcome is Outcome.UNREACHED else meter.usage
        await self._proxy.gatekeeper.end(self._exchange, self._outcome, usage)

    async def _open(self, upstream: UpstreamSocket) -> None:
        """Bound the output of every response before the agent can ask for one."""
        await upstream.send(OPENING)
        async with asyncio.timeout(self._settings.timeouts.silence_seconds):
            while not self._meter.bounded:
                await self._pass_on(await upstream.receive())

    async def _relay(self, upstream: UpstreamSocket) -> None:
        hearing = asyncio.create_task(self._hear(upstream))
        listening = asyncio.create_task(self._listen(upstream))
        try:
            await asyncio.wait({hearing, listening}, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done() and hearing.exception() is None and self._meter.in_flight:
                # The agent hung up: the upstream bills to the end all the same, so read on, but not for ever.
                await asyncio.wait({listening}, timeout=self._settings.timeouts.drain_seconds)
        finally:
            for task in (hearing, listening):
                task.cancel()
            await asyncio.gather(hearing, listening, return_exceptions=True)
        for task in (hearing, listening):
            if not task.cancelled():
                task.result()

    async def _listen(self, upstream: UpstreamSocket) -> None:
        while not self._gone or self._meter.in_flight:
            await self._pass_on(await upstream.receive())

    async def _pass_on(self, text: str) -> None:
        ended = self._meter.told(text)
        with contextlib.suppress(OSError):  # the agent has gone
            await self._send_message({"type": "websocket.send", "text": text})
        if ended:
            cut = await self._proxy.gatekeeper.progress(self._exchange, self._meter.usage, 0, abandoned=self._gone)
            if cut is not None:
                raise _CutError(cut.finding.message)
            self._check_fits()

    async def _hear(self, upstream: UpstreamSocket) -> None:
        while (message := await self._receive())["type"] == "websocket.receive":
            try:
                await self._heard(message.get("text"), upstream)
            except BadRequest as error:
                self._proxy.gatekeeper.notice("warning", "realtime_refused", str(error), self._exchange.request_id)
                await self._tell(str(error))
        self._gone = True
        self._exchange.client_gone = self._meter.in_flight > 0

    async def _heard(self, text: str | None, upstream: UpstreamSocket) -> None:
        if text is None:
            raise BadRequest("a binary message is none of Realtime")
        if self._settings.secrets.prompts in {"block", "redact"} and self._exchange.call is not None:
            leaks = self._proxy.inspector.text(self._exchange.call, text, Origin.PROMPT).leaks
            if leaks:
                raise BadRequest(f"a secret ({leaks[0].kind}) stands in the message; send it without")
        self._meter.heard(text)
        self._check_fits()
        await upstream.send(text)

    def _check_fits(self) -> None:
        meter = self._meter
        if not self._proxy.gatekeeper.guard.fits(
            self._exchange.request_id, meter.usage, context=meter.context, responses=meter.in_flight + 1
        ):
            message = (
                "the next response may cost more than is left of the connection's ceiling "
                "(websockets.realtime_ceiling_usd); raise it, or open another connection"
            )
            place = self._settings.place("websockets.realtime_ceiling_usd")
            finding = Finding(
                rule="cost_limit", verdict=Verdict.BLOCK, reason="realtime_ceiling", message=message, place=place
            )
            self._exchange.findings.append(finding)
            raise _CutError(message)

    async def _end(self, message: str, code: int) -> None:
        with contextlib.suppress(StoreError):
            self._proxy.gatekeeper.notice("warning", "realtime_cut", message, self._exchange.request_id)
        await self._tell(message)
        with contextlib.suppress(OSError):
            await self._send_message({"type": "websocket.close", "code": code})

    async def _tell(self, message: str) -> None:
        error = {"type": "invalid_request_error", "code": "guardian_refused", "message": f"guardian-ci: {message}"}
        event = {"type": "error", "event_id": f"event_{self._exchange.request_id}", "error": error}
        with contextlib.suppress(OSError):  # the agent has gone
            await self._send_message({"type": "websocket.send", "text": json.dumps(event)})
