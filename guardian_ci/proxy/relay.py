"""One call, from its request to its settlement, in one coroutine.

The order is fixed: read, understand, decide (a line in the log), forward, relay each piece as it comes, judge each
tool call before the agent sees it, settle once. A hang-up, a reset and a cancellation end in the same place.
"""

import asyncio
import contextlib
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from guardian_ci.audit.records import Exchange
from guardian_ci.errors import BadRequest, StoreError, UpstreamError
from guardian_ci.model import Finding, Operation, Verdict
from guardian_ci.policy import Settings
from guardian_ci.policy.upstreams import Upstream, own_of
from guardian_ci.proxy import refusals
from guardian_ci.proxy.answering import Answering, response_headers
from guardian_ci.proxy.attribution import attribution
from guardian_ci.proxy.client import Client, ClientGone, Headers
from guardian_ci.proxy.config import ProxyConfig
from guardian_ci.proxy.credentials import Credentials, presented, session_of
from guardian_ci.proxy.gatekeeper import Gatekeeper
from guardian_ci.proxy.inspection import Inspected, Inspector
from guardian_ci.proxy.paths import Endpoint
from guardian_ci.proxy.refusals import Refusal
from guardian_ci.proxy.upstream import Answer, BrokenError, UnreachedError, UpstreamClient
from guardian_ci.proxy.upstreams.dialects import Dialects
from guardian_ci.session import commands as do
from guardian_ci.session.events import Caller, Outcome
from guardian_ci.wire import WIRES
from guardian_ci.wire.interface import Edits, Parsed, Wire

Sending = Callable[[], Awaitable[Answer]]
"""Sends a call to its upstream, and returns when the answer begins."""

OURS: Final = frozenset({b"host", b"content-length", b"expect", b"x-guardian-session"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """What all calls of a run share."""

    config: ProxyConfig
    run_id: str
    gatekeeper: Gatekeeper
    upstream: UpstreamClient
    dialects: Dialects
    credentials: Credentials
    inspector: Inspector


def begin(scope: Mapping[str, Any]) -> Exchange:
    """A new request's record."""
    agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"")
    return Exchange(
        request_id=f"req_{secrets.token_hex(12)}",
        started=time.time(),
        path=scope["path"],
        agent=agent.decode("latin-1") or None,
        socket=scope["type"] == "websocket",
        attribution=attribution(scope["headers"]),
    )


def session_name(scope: Mapping[str, Any], headers: Headers, keeper: Gatekeeper) -> str:
    """The session that a request belongs to: the path's, the header's, or the key's digest."""
    named = scope.get("path_params", {}).get("session")
    if not named:
        named = next((value.decode("latin-1") for name, value in headers if name == b"x-guardian-session"), "")
    named = str(named).strip()[:128]
    if keeper.holds_secret(named):
        # Somebody has put a key into the base URL; the session's name stands in every line of the log.
        return session_of(named)
    return named or session_of(presented(headers))


def caller_of(proxy: Proxy, session: str, upstream: Upstream) -> Caller:
    """Who calls, and whose prices hold."""
    return Caller(
        session=session,
        run=proxy.run_id,
        provider=upstream.provider,
        user=proxy.config.user,
        pull_request=proxy.config.pull_request,
    )


class OneCall(ABC):
    """The state of one call while it is served."""

    def __init__(
        self,
        proxy: Proxy,
        endpoint: Endpoint,
        exchange: Exchange,
        client: Client,
        headers: Headers,
        session: str,
        wire: Wire | None = None,
    ) -> None:
        self._proxy = proxy
        self._keeper = proxy.gatekeeper
        self._endpoint = endpoint
        self._exchange = exchange
        self._client = client
        self._headers = headers
        self._session = session
        self._wire = wire or WIRES[endpoint.protocol]
        self._settings: Settings = proxy.config.policy.for_session(session)
        self._upstream: Upstream = own_of(self._settings.upstreams, endpoint.protocol)
        self._answering: Answering | None = None
        self._inspected: Inspected | None = None
        self._outcome = Outcome.UNREACHED
        self._timeout = asyncio.timeout(None)
        self._stopped: Finding | None = None
        self._forwarded = False
        self._settled = False

    async def finish(self, serving: Awaitable[None]) -> None:
        """Serve, and answer for all that goes wrong before anything is forwarded."""
        try:
            await serving
        except ClientGone:
            pass
        except BadRequest as error:
            await self.refuse_bad_request(str(error))
        except StoreError as error:
            await self.refuse_unrecorded(str(error), "store_failed")
        except Exception as error:  # noqa: BLE001 - a fault of ours: closed, recorded, and the agent is told
            await self.refuse_unrecorded(f"guardian-ci failed on this call: {error!r}", "internal_error")

    # The request

    @abstractmethod
    def _prepare(self, parsed: Parsed, command: do.Forward) -> Sending:
        """Make what is to be sent of an admitted call, and return what sends it."""

    async def _decide(self, parsed: Parsed) -> None:
        command = await self._keeper.admit(
            self._exchange, self._caller(), parsed.call, status_of=self._status_of, prompt=self._prompt(parsed)
        )
        if isinstance(command, do.Refuse):
            await self._client.refuse(self._refusal(command.finding), self._wire)
            return
        if self._client.gone:
            await self._settle()  # the agent gave up while its call waited for room: nothing was sent
            return
        try:
            send = self._prepare(parsed, command)
        except BadRequest as error:
            await self._refuse_admitted(str(error))
            return
        except BaseException:
            await self._settle()  # nothing was sent
            raise
        await self._forward(parsed, send)

    def _inspect(self, parsed: Parsed) -> Parsed:
        """Choose the upstream; add what it says of a request, and what the scanners find in it."""
        self._upstream = self._upstream_for(parsed.call.model)
        meant = self._upstream.model_of(parsed.call.model)
        geo = parsed.call.geo or self._upstream.geo
        parsed = replace(parsed, call=replace(parsed.call, model=meant, geo=geo))
        self._inspected = self._proxy.inspector.request(self._wire, parsed, self._settings)
        return self._inspected.parsed

    def _upstream_for(self, model: str) -> Upstream:
        protocol = self._endpoint.protocol
        found = self._settings.upstream_for(protocol, model)
        if found is None:
            raise BadRequest(
                f"no upstream of the policy serves the model {model[:100]!r} over {protocol.value};"
                " add it to the models of one, or ask for a model that is served"
            )
        return found

    def _caller(self) -> Caller:
        return caller_of(self._proxy, self._session, self._upstream)

    def _prompt(self, parsed: Parsed) -> str | None:
        if self._settings.log_level != "debug" or self._endpoint.operation is Operation.MODELS:
            return None
        return parsed.body.decode("utf-8", "replace")

    def _edited(self, parsed: Parsed, command: do.Forward) -> bytes:
        if self._endpoint.operation is Operation.MODELS:
            return parsed.body
        if command.model is not None:
            self._upstream = self._upstream_for(command.model)  # a cheaper model may be served elsewhere
        name = self._upstream.id_of(command.model or parsed.call.model)
        edits = Edits(
            max_output_tokens=command.max_output_tokens,
            remove_tools=frozenset(command.remove_tools),
            model=name if name != parsed.call.model or self._endpoint.at else None,
            provider=self._upstream.provider,
            notice=command.notice,
            max_web_searches=command.max_web_searches,
            texts=self._inspected.redactions(command.redact) if self._inspected and command.redact else {},
        )
        return self._wire.edit(parsed, edits)

    def _refusal(self, finding: Finding) -> Refusal:
        return refusals.of_finding(finding, self._settings, self._endpoint.protocol, self._exchange.agent or "")

    def _status_of(self, finding: Finding) -> int:
        return self._refusal(finding).status

    async def _refuse_admitted(self, message: str) -> None:
        """Answer a call that its upstream cannot take: nothing was sent, so its record says that nothing is due."""
        finding = _bad_request(message)
        refusal = self._refusal(finding)
        self._exchange.status = refusal.status
        self._exchange.findings.append(finding)
        await self._settle()
        await self._client.refuse(refusal, self._wire)

    async def refuse_bad_request(self, message: str) -> None:
        """Answer and record a request that cannot be understood."""
        finding = _bad_request(message)
        refusal = self._refusal(finding)
        self._exchange.status = refusal.status
        self._keeper.rejected(self._exchange, finding)
        await self._client.refuse(refusal, self._wire)

    async def refuse_unrecorded(self, message: str, reason: str) -> None:
        """Answer where the ledger, the log or our own code fails: closed, with the error that names the way out."""
        finding = Finding(rule="run_integrity", verdict=Verdict.BLOCK, reason=reason, message=message)
        if self._client.answered:
            with contextlib.suppress(StoreError):
                self._keeper.notice("error", reason, message, self._exchange.request_id)
            await self._break_off(f"guardian-ci: {message}")
            return
        with contextlib.suppress(StoreError):  # no log either: the keeper has said so on the terminal
            self._keeper.rejected(self._exchange, finding)
        await self._client.refuse(self._refusal(finding), self._wire)

    # The answer

    async def _forward(self, parsed: Parsed, send: Sending) -> None:
        limits = self._settings.timeouts
        failure: Refusal | None = None
        try:
            async with asyncio.timeout(limits.call_seconds) as self._timeout:
                self._forwarded = True
                with self._keeper.open_call(self._stop):
                    await self._converse(parsed, send)
        except UnreachedError as error:
            failure = refusals.of_upstream(error.status, str(error))
        except UpstreamError as error:
            self._outcome = Outcome.CLIENT_GONE if self._client.gone else Outcome.UPSTREAM_ERROR
            failure = refusals.of_upstream(getattr(error, "status", 502), str(error))
        except TimeoutError:
            failure = self._timed_out(limits.call_seconds)
        except BaseException:
            # Cancelled or broken in our own code: what was sent may be billed, so it is charged before we go.
            if self._outcome is not Outcome.COMPLETE:
                self._outcome = Outcome.UPSTREAM_ERROR
            await self._settle()
            raise
        if failure is not None and not self._client.answered:
            self._exchange.status = failure.status
        try:
            await self._settle()
        finally:
            if failure is not None:
                await self._fail(failure)

    def _stop(self, finding: Finding) -> None:
        """The run has been stopped: the agent hears it now, not when the upstream says its next word."""
        if not self._client.gone and not self._timeout.expired():
            self._stopped = finding
            self._timeout.reschedule(asyncio.get_running_loop().time())

    def _timed_out(self, seconds: float) -> Refusal:
        if self._client.gone:
            self._outcome = Outcome.CLIENT_GONE
        elif self._stopped is not None:
            self._outcome = Outcome.CUT
            self._exchange.findings.append(self._stopped)
            return self._refusal(self._stopped)
        else:
            self._outcome = Outcome.UPSTREAM_ERROR
        return refusals.of_upstream(504, f"the call took longer than {seconds:g} s (policy: timeouts.call_seconds)")

    def begin_drain(self) -> None:
        """The agent hung up: the upstream bills to the end all the same, so read on, but not for ever."""
        if not self._forwarded:
            return
        soon = asyncio.get_running_loop().time() + self._settings.timeouts.drain_seconds
        when = self._timeout.when()
        if not self._timeout.expired() and (when is None or soon < when):
            self._timeout.reschedule(soon)

    async def _converse(self, parsed: Parsed, send: Sending) -> None:
        try:
            answer = await send()
        except UnreachedError:
            raise
        except BaseException:
            self._outcome = Outcome.UPSTREAM_ERROR
            raise
        self._outcome = Outcome.UPSTREAM_ERROR
        self._exchange.upstream_status = answer.status
        try:
            if answer.redirects:
                raise BrokenError(f"the upstream redirects ({answer.status}); name its true address in upstreams")
            if answer.refuses or self._endpoint.operation is not Operation.GENERATE:
                await self._pass_on(answer)
            else:
                await self._relay(parsed, answer)
        finally:
            await answer.close()

    async def _pass_on(self, answer: Answer) -> None:
        """An error or an unpriced answer: its bytes as they come."""
        self._outcome = Outcome.REFUSED_UPSTREAM if answer.refuses else Outcome.COMPLETE
        self._exchange.status = answer.status
        await self._settle()
        await self._client.start(answer.status, response_headers(answer, changed=False))
        async for chunk in answer.chunks():
            self._exchange.began(time.time())
            await self._client.write(chunk)
        await self._client.finish()

    async def _relay(self, parsed: Parsed, answer: Answer) -> None:
        content_type = answer.header(b"content-type").partition(";")[0].strip().lower()
        self._answering = Answering(
            self._wire.reader(parsed, content_type=content_type, provider=self._upstream.provider),
            self._wire,
            keeper=self._keeper,
            inspector=self._proxy.inspector,
            exchange=self._exchange,
            client=self._client,
            settings=self._settings,
            settle=self._settle_as,
            refusal=lambda cut: self._refusal(cut.finding),
        )
        await self._answering.relay(answer)

    # The end

    async def _settle_as(self, outcome: Outcome) -> None:
        self._outcome = outcome
        await self._settle()

    async def _settle(self) -> None:
        if self._settled:
            return
        self._settled = True
        if self._client.gone and self._outcome is Outcome.UPSTREAM_ERROR:
            self._outcome = Outcome.CLIENT_GONE
        self._exchange.client_gone = self._client.gone
        if (answering := self._answering) is None:
            await self._keeper.end(self._exchange, self._outcome)
            return
        await self._keeper.end(
            self._exchange,
            self._outcome,
            answering.usage,
            answering.output_bytes,
            answering.reader.state.response_id,
            usage_final=answering.reader.state.usage_final,
        )

    async def _fail(self, refusal: Refusal) -> None:
        """Tell the agent that the call has failed, in its protocol's shape."""
        if not self._client.answered:
            await self._client.refuse(refusal, self._wire)
            return
        await self._break_off(refusal.message)

    async def _break_off(self, message: str) -> None:
        reader = None if self._answering is None else self._answering.reader
        error = self._wire.stream_error(
            message=message,
            request_id=self._exchange.request_id,
            reader=reader,
            agent=self._exchange.agent or "",
        )
        await self._client.break_off(error)


def _bad_request(message: str) -> Finding:
    return Finding(rule="bad_request", verdict=Verdict.BLOCK, reason="bad_request", message=message, throttle=True)
