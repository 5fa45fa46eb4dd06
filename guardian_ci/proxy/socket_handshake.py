"""What comes before a WebSocket: policy, the key, and the upstream's own word.

Opening costs nothing, so the upstream is asked before the agent is answered: what it says to the handshake, be it a
refusal, is what the agent gets.
"""

import contextlib
from collections.abc import Mapping
from typing import Any, Final

from guardian_ci.errors import BadRequest, StoreError
from guardian_ci.model import Finding, Verdict
from guardian_ci.policy.upstreams import Upstream, only
from guardian_ci.proxy import refusals
from guardian_ci.proxy.client import Client, ClientGone, Headers, Message, Send
from guardian_ci.proxy.paths import Endpoint
from guardian_ci.proxy.refusals import Refusal
from guardian_ci.proxy.relay import OURS, Proxy, begin
from guardian_ci.proxy.upstream import HOP_BY_HOP, UnreachedError
from guardian_ci.proxy.upstream_socket import RefusedError, UpstreamSocket
from guardian_ci.proxy.upstreams.plain import joined
from guardian_ci.wire import WIRES

UPGRADE_REQUIRED: Final = 426
"""Makes Codex fall back to POST at once."""


def denial(send: Send) -> Send:
    """Answer as HTTP where a WebSocket was asked for."""

    async def sent(message: Message) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    return sent


def speaking(send: Send) -> Send:
    """Send on an open WebSocket; every way in which the server says that the agent has gone is an ``OSError``."""

    async def sent(message: Message) -> None:
        try:
            await send(message)
        except RuntimeError as error:  # uvicorn's word for it, once a close frame has been sent
            raise BrokenPipeError(str(error)) from error

    return sent


def refused(reason: str, message: str) -> Finding:
    """What is wrong with a handshake that does no harm."""
    return Finding(rule="bad_request", verdict=Verdict.BLOCK, reason=reason, message=message, throttle=True)


async def no_body() -> Message:
    """A handshake has no body, and a turn on a socket has it already."""
    raise ClientGone


class Handshake:
    """The opening of one connection."""

    def __init__(self, proxy: Proxy, endpoint: Endpoint, scope: Mapping[str, Any], session: str, send: Send) -> None:
        self._proxy = proxy
        self._endpoint = endpoint
        self._scope = scope
        self.exchange = begin(scope)
        self.exchange.session = session
        self._client = Client(self.exchange.request_id, no_body, denial(send))
        self._settings = proxy.config.policy.for_session(session)

    async def serve(self) -> UpstreamSocket | None:
        """Open the upstream's side; None where the agent has got a refusal."""
        upstream = only(self._settings.upstreams, self._endpoint.protocol)
        if upstream is None or upstream.kind != "openai":
            message = (
                "the policy's upstreams are chosen by the model, which a WebSocket tells too late; send POST instead"
            )
            await self.refuse(refused("unmetered_endpoint", message), UPGRADE_REQUIRED)
            return None
        try:
            return await self._open(upstream)
        except BadRequest as error:
            await self.refuse(refused("bad_request", str(error)), 400)
        except RefusedError as error:
            self._note(str(error))
            await self._client.start(error.status, error.headers)
            await self._client.finish(error.body)
        except UnreachedError as error:
            self._note(str(error))
            await self._client.refuse(refusals.of_upstream(error.status, str(error)), WIRES[self._endpoint.protocol])
        return None

    async def _open(self, upstream: Upstream) -> UpstreamSocket:
        url = joined(upstream.url, self._endpoint.path, str(self._scope["query_string"], "latin-1"))
        headers = self._proxy.credentials.outgoing(list(self._scope["headers"]), upstream)
        own = self._proxy.upstream.own
        return await UpstreamSocket.open(url, _passed_on(headers), self._settings.timeouts, own)

    async def refuse(self, finding: Finding, status: int) -> None:
        """Answer with a refusal, and record it."""
        self.exchange.status = status
        with contextlib.suppress(StoreError):  # the keeper has said so on the terminal; the refusal stands
            self._proxy.gatekeeper.rejected(self.exchange, finding)
        await self.answer(finding, status)

    async def answer(self, finding: Finding, status: int) -> None:
        """Answer with a refusal that is recorded."""
        refusal = Refusal(
            status=status,
            code="invalid_request_error",
            message=f"guardian-ci: {finding.message}",
            reason=finding.reason,
        )
        await self._client.refuse(refusal, WIRES[self._endpoint.protocol])

    def _note(self, message: str) -> None:
        with contextlib.suppress(StoreError):  # as above
            self._proxy.gatekeeper.notice("warning", "handshake_refused", message, self.exchange.request_id)


def _passed_on(headers: Headers) -> Headers:
    """Keep the agent's headers that are neither ours nor those of its own handshake."""
    own = OURS | HOP_BY_HOP
    return [each for each in headers if each[0] not in own and not each[0].startswith(b"sec-websocket-")]
