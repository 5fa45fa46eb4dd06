"""The ASGI application: one route for each endpoint, with every prefix it may have; all else is refused."""

import contextlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import Receive as ASGIReceive
from starlette.types import Scope
from starlette.types import Send as ASGISend

from guardian_ci.errors import BadRequest, StoreError
from guardian_ci.model import Finding, Operation, Verdict
from guardian_ci.proxy.client import Client, Receive, Send
from guardian_ci.proxy.credentials import key_in_header
from guardian_ci.proxy.http_call import Relay
from guardian_ci.proxy.paths import ENDPOINTS, MODELS, REALTIME, RESPONSES_SOCKET, Endpoint
from guardian_ci.proxy.realtime import RealtimeSocket
from guardian_ci.proxy.refusals import Refusal
from guardian_ci.proxy.relay import Proxy, begin, session_name
from guardian_ci.proxy.socket import ResponsesSocket
from guardian_ci.proxy.socket_handshake import denial

_HARMLESS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_CONTROL_BYTES: Final = 4096
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})


def make_app(proxy: Proxy, stop: Callable[[], None]) -> Starlette:
    """The application of one run. ``stop`` is called for ``POST /guardian/stop``."""
    routes = [
        Route("/healthz", _healthz),
        Route("/readyz", _readyz),
        Route("/guardian/stop", Control(proxy.config.token, partial(_stop, stop)), methods=["POST"]),
        Route("/guardian/budget", Control(proxy.config.token, partial(_lower_budget, proxy)), methods=["POST"]),
        Mount("/s/{session}", routes=_metered(proxy)),
        *_metered(proxy),
        Mount("/", app=_Unmetered(proxy)),
    ]
    app = Starlette(routes=routes)
    app.add_middleware(_OwnHostOnly, host=proxy.config.host)
    return app


def _metered(proxy: Proxy) -> list[BaseRoute]:
    sockets: dict[Endpoint, Any] = {RESPONSES_SOCKET: ResponsesSocket(proxy), REALTIME: RealtimeSocket(proxy)}
    routes: list[BaseRoute] = [
        WebSocketRoute(f"{prefix}{endpoint.path}", socket)
        for endpoint, socket in sockets.items()
        for prefix in ("", f"/{endpoint.provider}")
    ]
    for provider in MODELS:
        own = [endpoint for endpoint in (*ENDPOINTS, MODELS[provider]) if endpoint.provider == provider]
        # A mount keeps what matches its prefix, so each has to end with what is refused and recorded.
        inside = [*(each for endpoint in own for each in _routes(proxy, endpoint)), Mount("/", app=_Unmetered(proxy))]
        routes.append(Mount(f"/{provider}", routes=inside))
    for endpoint in ENDPOINTS:
        routes += _routes(proxy, endpoint)
    either = _EitherModels(proxy)
    routes += [Route(path, either, methods=["GET"]) for path in ("/v1/models", "/v1/models/{model}")]
    routes += _routes(proxy, MODELS["gemini"])
    routes.append(Mount("/", app=_Unmetered(proxy)))
    return routes


def _routes(proxy: Proxy, endpoint: Endpoint) -> list[BaseRoute]:
    relay = Relay(proxy, endpoint)
    routes: list[BaseRoute] = [Route(endpoint.route, relay, methods=[endpoint.method])]
    if endpoint.operation is Operation.MODELS:
        routes.append(Route(endpoint.path + "/{model}", relay, methods=[endpoint.method]))
    return routes


def _healthz(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _readyz(_: Request) -> Response:
    """The socket opens only when policy, ledger and log are: who gets an answer gets a ready proxy."""
    return JSONResponse({"status": "ready"})


class _EitherModels:
    """``/v1/models`` without a provider's prefix: the headers tell whose it is."""

    def __init__(self, proxy: Proxy) -> None:
        self._relays = {provider: Relay(proxy, replace(one, path="/v1/models")) for provider, one in MODELS.items()}

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        names = {name for name, _ in key_in_header(scope["headers"], str(scope["query_string"], "latin-1"))[0]}
        provider = "anthropic" if names & {b"anthropic-version", b"x-api-key"} else "openai"
        await self._relays["gemini" if b"x-goog-api-key" in names else provider](scope, receive, send)


class Control:
    """What ends or narrows the run. Only who holds the per-run token may; the agent does, so nothing here widens."""

    def __init__(self, token: str | None, act: Callable[[bytes], dict[str, object]]) -> None:
        self._token = token
        self._act = act

    async def __call__(self, scope: Scope, receive: ASGIReceive, send: ASGISend) -> None:
        """Act, if the request brings the token."""
        token = self._token
        request = Request(scope, receive)
        given = request.headers.get("authorization", "").encode("latin-1")
        if token is None or not hmac.compare_digest(given, f"Bearer {token}".encode()):
            message = f"guardian-ci: {request.url.path} needs this run's token as a bearer"
            response = JSONResponse({"error": {"message": message}}, 403)
        else:
            try:
                body = await Client("", receive, send).body(_CONTROL_BYTES)
                response = JSONResponse(self._act(body))
            except BadRequest as error:
                response = JSONResponse({"error": {"message": f"guardian-ci: {error}"}}, 400)
        await response(scope, receive, send)


def _stop(stop: Callable[[], None], _: bytes) -> dict[str, object]:
    stop()
    return {"status": "stopping"}


def _lower_budget(proxy: Proxy, body: bytes) -> dict[str, object]:
    """Take ``{"usd": "0.50", "tokens": 1000}``, either or both."""
    try:
        asked = json.loads(body)
        usd = Decimal(str(asked["usd"])) if "usd" in asked else None
        tokens = int(asked["tokens"]) if "tokens" in asked else None
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError) as error:
        raise BadRequest('send {"usd": "0.50"} or {"tokens": 1000}, not negative') from error
    if (usd is None and tokens is None) or (usd is not None and not usd >= 0) or (tokens or 0) < 0:
        raise BadRequest('send {"usd": "0.50"} or {"tokens": 1000}, not negative')
    proxy.gatekeeper.lower_budget(usd=usd, tokens=tokens)
    return {"status": "lowered"}


class _Unmetered:
    """Every path that is no metered endpoint: refused and recorded."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            return
        exchange = begin(scope)
        exchange.session = session_name(scope, scope["headers"], self._proxy.gatekeeper)
        wants_socket = scope["type"] == "websocket"
        method, path = scope.get("method", "GET"), scope["path"]
        action = self._proxy.config.policy.for_session(exchange.session).action("unmetered_endpoint")
        # Looking costs nothing: a GET of an unknown path is refused, but it fails no build. No policy lets a call
        # through that nobody counts; it only says what follows.
        harmless = method in _HARMLESS or action == "off"
        finding = Finding(
            rule="unmetered_endpoint",
            verdict=Verdict.WARN if action == "warn" and not harmless else Verdict.BLOCK,
            reason="unmetered_endpoint",
            message=(
                f"{method} {path[:200]} is no endpoint that guardian-ci meters, so it is not forwarded; "
                "use /v1/messages, /v1/chat/completions, /v1/responses, /v1beta/models/MODEL:generateContent"
                " (or :streamGenerateContent) or /v1/models"
            ),
            subject=f"{method} {path[:200]}",
            throttle=harmless,
        )
        # 426 makes Codex fall back from WebSocket to POST at once; anything else takes it seven tries.
        exchange.status = 426 if wants_socket else 404
        refusal = Refusal(
            status=exchange.status,
            code="not_found_error",
            message=f"guardian-ci: {finding.message}",
            reason=finding.reason,
        )
        client = Client(exchange.request_id, receive, denial(send) if wants_socket else send)
        with contextlib.suppress(StoreError):  # the keeper has said so on the terminal; the refusal stands
            self._proxy.gatekeeper.rejected(exchange, finding)
        await client.refuse(refusal, None)


class _OwnHostOnly:
    """Keeps web pages out: no foreign ``Host`` on a loopback address (DNS rebinding), no socket of a foreign page."""

    def __init__(self, app: Any, host: str) -> None:
        self._app = app
        self._loopback = host in _LOOPBACK
        self._host = host

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        message = self._foreign(scope) if scope["type"] in {"http", "websocket"} else None
        if message is None:
            await self._app(scope, receive, send)
            return
        refusal = Refusal(status=400, code="invalid_request_error", message=f"guardian-ci: {message}", reason="host")
        await Client("", receive, denial(send) if scope["type"] == "websocket" else send).refuse(refusal, None)

    def _foreign(self, scope: Mapping[str, Any]) -> str | None:
        """What is wrong with where a request comes from; None where nothing is."""
        told = {name: value.decode("latin-1") for name, value in scope["headers"] if name in {b"host", b"origin"}}
        host, origin = told.get(b"host", ""), told.get(b"origin")
        if self._loopback and host and _without_port(host).lower() not in _LOOPBACK:
            return f"this proxy serves {self._host} only, not {host[:100]}"
        if scope["type"] != "websocket" or origin is None:
            return None
        page = origin.rpartition("//")[2].lower()
        if page == host.lower() or _without_port(page) in _LOOPBACK:
            return None
        return f"a page of {origin[:100]} may open no WebSocket here"


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.rpartition(":")[0] if ":" in host else host
