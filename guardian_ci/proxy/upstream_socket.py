"""The upstream's side of a WebSocket, and all that can go wrong with it as ``UpstreamError``."""

import asyncio
import logging
from functools import partial
from http import HTTPStatus
from typing import Any, Final, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidProxy, InvalidStatus, InvalidURI
from websockets.protocol import State

from guardian_ci.errors import UpstreamError
from guardian_ci.policy.settings import Timeouts
from guardian_ci.proxy.direct_lookout import OwnConnections
from guardian_ci.proxy.upstream import HOP_BY_HOP, BrokenError, Headers, UnreachedError, origin_of, trust
from guardian_ci.wire.interface import MAX_FRAME_BYTES

_OF_THE_HANDSHAKE: Final = b"sec-websocket-"
_NOT_TOLD: Final = HOP_BY_HOP | {b"content-length", b"date"}
_SENDABLE: Final = (range(1000, 1004), range(1007, 1015), range(3000, 5000))
"""Close codes that may stand in a close frame (RFC 6455, 7.4)."""
_FAILED: Final = 1011

_QUIET: Final = logging.getLogger("guardian_ci.websockets")
"""What goes wrong is said in the log and to the agent; the library's own lines would go to the terminal."""
_QUIET.setLevel(logging.CRITICAL)


class RefusedError(UpstreamError):
    """The upstream answered the handshake with a status of its own."""

    def __init__(self, status: int, headers: Headers, body: bytes) -> None:
        super().__init__(f"the upstream refused the WebSocket with status {status}")
        self.status = status
        self.headers = headers
        self.body = body


class UpstreamSocket:
    """An open connection to the upstream. ``headers`` are those of its handshake that are the agent's business."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        response = connection.response
        self.headers = passed_on([] if response is None else list(response.headers.raw_items()))

    @classmethod
    async def open(cls, url: str, headers: Headers, timeouts: Timeouts, own: OwnConnections) -> Self:
        """Connect, with exactly these headers; ``own`` is told. Raises ``RefusedError``, ``UnreachedError``."""
        address = f"ws{url.removeprefix('http')}"
        try:
            connection = await _Connect(
                address,
                additional_headers=[(name.decode(), value.decode("latin-1")) for name, value in headers],
                user_agent_header=None,
                proxy=_proxy_for(url),
                open_timeout=timeouts.connect_seconds,
                # A pong that does not come ends nothing: the patience of each response does.
                ping_timeout=None,
                close_timeout=1,
                max_size=MAX_FRAME_BYTES,
                logger=_QUIET,
                ssl=trust() if address.startswith("wss:") else None,
                create_connection=partial(_Connection, own),  # type: ignore[arg-type]  # whatever makes one will do
            )
        except InvalidStatus as error:
            response = error.response
            if response.status_code < HTTPStatus.BAD_REQUEST:
                message = (
                    f"the upstream answers {response.status_code} and no WebSocket; name its true address in upstreams"
                )
                raise UnreachedError(message) from error
            told = passed_on(list(response.headers.raw_items()))
            raise RefusedError(response.status_code, told, bytes(response.body or b"")) from error
        except (InvalidHandshake, InvalidURI, InvalidProxy, OSError, TimeoutError) as error:
            why = str(error) or type(error).__name__
            raise UnreachedError(f"the upstream {origin_of(url)} opens no WebSocket ({why})") from error
        return cls(connection)

    async def send(self, text: str) -> None:
        """Send a message. Raises ``UnreachedError`` where nothing of it has left, else ``BrokenError``."""
        if self._connection.state is not State.OPEN:
            raise UnreachedError("the upstream has closed the WebSocket; open another")
        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise BrokenError(f"the upstream closed the WebSocket ({error})") from error

    async def receive(self) -> str:
        """Return the next message. Raises ``BrokenError`` at the end of the connection."""
        try:
            message = await self._connection.recv()
        except ConnectionClosed as error:
            raise BrokenError(f"the upstream closed the WebSocket ({error})") from error
        if isinstance(message, bytes):
            raise BrokenError("the upstream sent a binary message, which no response has")
        return message

    @property
    def close_code(self) -> int:
        """The code that the upstream closed with, where that is one that may be sent."""
        code = self._connection.close_code
        return code if code is not None and any(code in codes for codes in _SENDABLE) else _FAILED

    async def close(self) -> None:
        """End the connection."""
        await self._connection.close()


class _Connection(ClientConnection):
    """Tells that it is made as soon as it is, for it may be refused and closed right away."""

    def __init__(self, own: OwnConnections, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._own = own

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Tell the proxy's own end."""
        self._own.add(transport.get_extra_info("sockname"))
        super().connection_made(transport)


class _Connect(connect):
    """Follows no redirect: it would take the key elsewhere."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Leave a redirect the error that it is."""
        return exc


def passed_on(headers: list[tuple[str, str]]) -> Headers:
    """Keep what is not of one hop alone."""
    told = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers]
    return [each for each in told if each[0] not in _NOT_TOLD and not each[0].startswith(_OF_THE_HANDSHAKE)]


def _proxy_for(url: str) -> str | None:
    """The proxy that HTTP calls to this host take."""
    address = urlsplit(url)
    if proxy_bypass(address.hostname or ""):
        return None
    known = getproxies()
    return known.get(address.scheme) or known.get("all")
