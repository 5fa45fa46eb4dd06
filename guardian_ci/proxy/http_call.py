"""A call that is one HTTP request: what it brought, where it goes and in which form."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from guardian_ci.errors import BadRequest
from guardian_ci.model import Call, InputSize, Operation
from guardian_ci.proxy.client import Client, Headers, Receive, Send
from guardian_ci.proxy.credentials import key_in_header
from guardian_ci.proxy.doors import EventStreamSend, opened
from guardian_ci.proxy.encoding import accepted, decode_request
from guardian_ci.proxy.paths import Endpoint
from guardian_ci.proxy.relay import OURS, OneCall, Proxy, Sending, begin, session_name
from guardian_ci.proxy.upstream import HOP_BY_HOP, Answer
from guardian_ci.proxy.upstreams.interface import Asked, Dialect, Outgoing
from guardian_ci.session import commands as do
from guardian_ci.wire.interface import Address, Parsed


class Relay:
    """The ASGI application of one endpoint."""

    def __init__(self, proxy: Proxy, endpoint: Endpoint) -> None:
        self._proxy = proxy
        self._endpoint = endpoint

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers, query = key_in_header(scope["headers"], str(scope["query_string"], "latin-1"))
        exchange = begin(scope)
        session = session_name(scope, headers, self._proxy.gatekeeper)
        if self._endpoint.door == "bedrock":
            send = EventStreamSend(send)
        client = Client(exchange.request_id, receive, send)
        one_call = _HttpCall(self._proxy, self._endpoint, exchange, client, headers, session)
        await one_call.finish(one_call.serve(query, scope["path_params"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Brought:
    """What a request brought beside its headers."""

    raw: bytes
    query: str
    parameters: Mapping[str, Any]


class _HttpCall(OneCall):
    """A call that is one HTTP request."""

    _asked: _Brought

    async def serve(self, query: str, parameters: Mapping[str, Any]) -> None:
        """Serve the call. Raises ``BadRequest``, ``ClientGone``, ``StoreError`` before anything is forwarded."""
        self._exchange.session = self._session
        limit = self._settings.max_request_mb << 20
        raw = await self._client.body(limit)
        parsed = self._parse(raw, limit, str(parameters.get("model", "")))
        self._proxy.credentials.outgoing(self._headers, self._upstream)  # else a wrong key would be told too late
        self._asked = _Brought(raw=raw, query=query, parameters=parameters)
        self._client.watch(self.begin_drain)
        try:
            await self._decide(parsed)
        finally:
            await self._client.unwatch()

    def _prepare(self, parsed: Parsed, command: do.Forward) -> Sending:
        """An untouched body keeps its bytes and its encoding."""
        body = self._edited(parsed, command)
        name = self._upstream.id_of(command.model or parsed.call.model)
        headers = self._proxy.credentials.outgoing(self._headers, self._upstream)
        dialect = self._proxy.dialects.of(self._upstream)
        decoded = body is not parsed.body or dialect.rewrites or bool(self._endpoint.door)
        outgoing = dialect.outgoing(
            Asked(
                upstream=self._upstream,
                protocol=self._endpoint.protocol,
                operation=self._endpoint.operation,
                path=self._path(name if name != parsed.call.model else ""),
                query=self._asked.query,
                model=name,
                headers=self._request_headers(headers, decoded=decoded, stream=parsed.call.stream),
                body=body if decoded else self._asked.raw,
                stream=parsed.call.stream,
            )
        )
        return partial(self._send, dialect, outgoing)

    def _path(self, other_model: str) -> str:
        """The provider's own path of this call, with another model than the agent's where one is given."""
        path, model = self._endpoint.path, self._asked.parameters.get("model")
        if "MODEL" in path:
            return path.replace("MODEL", other_model or str(model))
        if model and self._endpoint.operation is Operation.MODELS:
            return f"{path}/{quote(str(model), safe='')}"
        return path

    async def _send(self, dialect: Dialect, outgoing: Outgoing) -> Answer:
        ready = await dialect.signed(outgoing, self._upstream)
        method, timeouts = self._endpoint.method, self._settings.timeouts
        return dialect.answer(await self._proxy.upstream.send(method, ready.url, ready.headers, ready.body, timeouts))

    def _parse(self, raw: bytes, limit: int, model: str) -> Parsed:
        if self._endpoint.operation is Operation.MODELS:
            call = Call(
                protocol=self._endpoint.protocol,
                operation=Operation.MODELS,
                model="",
                stream=False,
                fingerprint="",
                size=InputSize(text_bytes=0),
            )
            return Parsed(call=call, body=raw)
        names = {name.decode("latin-1"): value.decode("latin-1") for name, value in self._headers}
        body = decode_request(raw, names.get("content-encoding", ""), limit)
        if self._endpoint.door:
            body = self._opened(body, model)
        address = Address(model=model, stream=self._endpoint.stream)
        parsed = self._wire.parse_call(body, operation=self._endpoint.operation, headers=names, address=address)
        return self._inspect(parsed)

    def _opened(self, body: bytes, model: str) -> bytes:
        stream = self._endpoint.stream
        try:
            body, self._headers = opened(body, self._headers, model=model, stream=stream)
        except (ValueError, RecursionError) as error:
            raise BadRequest(f"the body is not JSON: {error}") from error
        return body

    @staticmethod
    def _request_headers(headers: Headers, *, decoded: bool, stream: bool) -> Headers:
        kept: Headers = []
        for name, value in headers:
            if name in OURS or name in HOP_BY_HOP or (decoded and name == b"content-encoding"):
                continue
            if name == b"accept-encoding":
                # A stream is edited frame by frame, so it must come plain; a whole body may be compressed.
                text = "identity" if stream else accepted(value.decode("latin-1"))
                kept.append((name, text.encode()))
            else:
                kept.append((name, value))
        return kept
