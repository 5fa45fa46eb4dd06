"""The forward proxy: for agents whose base URL cannot be changed, by mitmproxy's protocol layers.

A client asks by ``CONNECT`` for a host. What can be metered has its TLS ended here, with the certificate that this
run made for that host, and each request (HTTP/1.1, HTTP/2, a WebSocket's handshake) goes on to the relay on loopback,
where policy, money and log are; nothing is decided here. Every other host is a tunnel of bytes, or refused.

Imported only where it is used: mitmproxy is an extra.
"""

import asyncio
import base64
import binascii
import contextlib
import hmac
import logging
import socket
from collections import defaultdict
from collections.abc import Mapping
from typing import Final, Self

from mitmproxy import http, options
from mitmproxy.connection import Connection
from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy import commands, layer, layers, mode_specs, server, server_hooks
from mitmproxy.proxy.layers.http import HTTPMode
from OpenSSL import SSL, crypto

from guardian_ci.errors import BadRequest, StoreError
from guardian_ci.proxy.authority import Authority, Leaf
from guardian_ci.proxy.destinations import NO_SESSION, Destination, Destinations, Refused, Relayed
from guardian_ci.proxy.direct_lookout import OwnConnections

_PROTOCOLS: Final = (b"h2", b"http/1.1")
_ENOUGH_TO_TELL: Final = 3
"""Bytes that show whether a client begins with TLS."""
_CALLS_AT_ONCE: Final = 1000
"""Of one HTTP/2 connection; each takes a connection to the relay."""
_IDLE_SECONDS: Final = 3600
"""A WebSocket may be still while a tool runs."""
_CHALLENGE: Final = {"Proxy-Authenticate": 'Basic realm="guardian-ci"'}
_SETTINGS: Final[Mapping[str, object]] = {
    "connection_strategy": "eager",  # who cannot be reached is told so at CONNECT
    "stream_large_bodies": None,
    "body_size_limit": None,  # the relay has its own
    "keep_host_header": False,
    "validate_inbound_headers": True,
    "normalize_outbound_headers": True,
}
"""Options that mitmproxy's own program declares in its add-ons, none of which run here."""


class ForwardProxy:
    """Serves on ``listener``, inside of ``async with``.

    ``relay`` is the address of the relay's own listener; ``token`` what a client must present (None: nothing); ``own``
    is told each tunnel.
    """

    def __init__(
        self,
        destinations: Destinations,
        authority: Authority,
        relay: tuple[str, int],
        token: str | None,
        listener: socket.socket,
        own: OwnConnections,
    ) -> None:
        self.destinations = destinations
        self.relay = relay
        self.token = token
        self.own = own
        self.contexts = {host: _context(leaf) for host, leaf in authority.leaves.items()}
        self.options = _options()
        self._open: set[asyncio.Task[None]] = set()
        self._listener = listener
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        # Its warnings are for who configures it; what an agent's owner must know is in the log.
        logging.getLogger("mitmproxy").setLevel(logging.ERROR)
        self._server = await asyncio.start_server(self._serve, sock=self._listener)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        with contextlib.suppress(asyncio.CancelledError):  # the run ends
            await _Connection(self, reader, writer).handle_client()
        writer.close()


class _Connection(server.LiveConnectionHandler):  # type: ignore[misc]  # mypy runs without the extra
    """One client's connection: the answers to what mitmproxy's layers ask on the way."""

    def __init__(self, proxy: ForwardProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer, proxy.options, mode_specs.ProxyMode.parse("regular"))
        self.max_conns: dict[object, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_CALLS_AT_ONCE))
        self.timeout_watchdog.timeout = _IDLE_SECONDS
        self._proxy = proxy
        self._asked: tuple[str, int] = ("", 0)
        self._leads_to: tuple[str, int] | None = None
        self._session: str | None = None
        self._destination: Destination | None = None

    async def handle_hook(self, hook: commands.StartHook) -> None:
        """Answer one question of the layers."""
        try:
            self._answer(hook)
        except StoreError:  # what cannot be written down does not happen; the keeper has said so on the terminal
            self._drop(self.client)

    def _answer(self, hook: commands.StartHook) -> None:
        (told,) = hook.args()
        match hook.name:
            case "next_layer":
                told.layer = self._next_layer(told)
            case "http_connect":
                told.response = self._connect(told.request)
            case "tls_start_client":
                told.ssl_conn = SSL.Connection(self._proxy.contexts[self._asked[0]])
                told.ssl_conn.set_accept_state()
            case "tls_failed_client":
                self._proxy.destinations.distrusted(self._asked[0])
            case "requestheaders":
                self._request(told)
            case "responseheaders":
                told.response.stream = True
            case "websocket_message":
                told.websocket.messages.clear()  # it keeps each for its own display
            case "server_connect" if told.server.address != self._leads_to:
                told.server.error = "nobody has decided on this host"
            case "server_connected":
                self._connected(told)

    def _next_layer(self, asked: layer.NextLayer) -> layer.Layer | None:
        context = asked.context
        if not context.layers:
            return layers.HttpLayer(context, HTTPMode.regular)
        if not isinstance(self._destination, Relayed):
            return layers.TCPLayer(context, ignore=True)
        if context.client.tls:
            return layers.HttpLayer(context, HTTPMode.transparent)
        begins = asked.data_client()
        if len(begins) < _ENOUGH_TO_TELL:
            return None  # asked again with more
        if starts_like_tls_record(begins):
            return layers.ClientTLSLayer(context)
        return layers.HttpLayer(context, HTTPMode.transparent)

    def _connect(self, request: http.Request) -> http.Response | None:
        """Decide on a CONNECT: the answer that refuses it, or None and the address where it leads."""
        name, token = _credentials(request.headers.get("proxy-authorization", ""))
        expected = self._proxy.token
        if expected is not None and not hmac.compare_digest(token.encode(), expected.encode()):
            message = "the forward proxy needs this run's token; start the agent with the environment of this run"
            return _refusal(407, message, "no_token", _CHALLENGE)
        self._session = None if name == NO_SESSION else name or None
        try:
            decided = self._proxy.destinations.of((request.host, request.port), self._session)
        except BadRequest as error:
            return _refusal(400, str(error), "bad_request")
        except StoreError as error:
            return _refusal(503, str(error), "store_failed")
        if isinstance(decided, Refused):
            return _refusal(403, decided.finding.message, decided.finding.reason)
        self._destination = decided
        self._asked = self._leads_to = (request.host, request.port)
        if isinstance(decided, Relayed):
            self._asked, self._leads_to = (decided.host, request.port), self._proxy.relay
            request.host, request.port = self._leads_to
        return None

    def _request(self, flow: http.HTTPFlow) -> None:
        if not isinstance(self._destination, Relayed):
            message = "the forward proxy takes CONNECT only; http:// needs no proxy here"
            flow.response = _refusal(400, message, "bad_request")
            return
        request = flow.request
        host, port = self._proxy.relay
        request.authority = ""
        request.headers["host"] = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        request.path = self._destination.path(request.path)
        request.stream = True
        if request.is_http2 and "content-length" not in request.headers:
            # HTTP/2 needs neither to end a body; to HTTP/1.1 the body would be the next request.
            request.headers["transfer-encoding"] = "chunked"

    def _connected(self, told: server_hooks.ServerConnectionHookData) -> None:
        here, there = told.server.sockname, told.server.peername
        if isinstance(self._destination, Relayed) or here is None or there is None:
            return
        self._proxy.own.add(here[:2])  # providers share addresses with others: a tunnel is no way round
        if not self._proxy.destinations.reached(self._asked, there[0], self._session):
            self._drop(told.server)  # nothing has been sent, and nothing will be

    def _drop(self, connection: Connection) -> None:
        """Close a connection; the layers see its end next."""
        writer = self.transports[connection].writer
        if writer is not None:
            writer.close()


def _options() -> options.Options:
    declared = options.Options()
    for name, value in _SETTINGS.items():
        declared.add_option(name, bool if isinstance(value, bool) else str | None, value, "")
    return declared


def _context(leaf: Leaf) -> SSL.Context:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION)
    context.use_certificate(crypto.X509.from_cryptography(leaf.certificate))
    context.use_privatekey(crypto.PKey.from_cryptography_key(leaf.key))
    context.set_alpn_select_callback(_protocol)
    return context


def _protocol(_: SSL.Connection, offered: list[bytes]) -> bytes | object:
    # Some clients name HTTP/1.1 first and expect the server to choose, as the providers' own do.
    return next((each for each in _PROTOCOLS if each in offered), SSL.NO_OVERLAPPING_PROTOCOLS)


def _credentials(header: str) -> tuple[str, str]:
    """Return the user and the password of a ``Proxy-Authorization`` header, empty where it has none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password


def _refusal(status: int, message: str, reason: str, headers: Mapping[str, str] | None = None) -> http.Response:
    told = {"content-type": "text/plain; charset=utf-8", "x-guardian-reason": reason, **(headers or {})}
    return http.Response.make(status, f"guardian-ci: {message}\n", told)
