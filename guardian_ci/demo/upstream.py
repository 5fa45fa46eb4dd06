"""The demo upstream: a provider on loopback whose model answers what the prompt's demo-script says.

``python -m guardian_ci.demo.upstream --port 9100 [--bill FILE] [--key KEY]``

It speaks like the real APIs, refuses what they refuse (a tool call without its result, a thinking budget above
the answer's limit), and can fail in the ways in which they fail. It keeps no state but its bill.
"""

import argparse
import asyncio
import gzip
import json
import socket
import sys
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from guardian_ci.demo.answer import Answer, digest
from guardian_ci.demo.asking import answer_to, input_tokens, key_of, understand
from guardian_ci.demo.bill import Bill
from guardian_ci.demo.chat import Chat
from guardian_ci.demo.dialect import Ask, Dialect, compact
from guardian_ci.demo.gemini import ADDRESS, Gemini
from guardian_ci.demo.messages import Messages
from guardian_ci.demo.responses import Responses
from guardian_ci.demo.script import Step
from guardian_ci.demo.socket import ResponsesSocket
from guardian_ci.demo.stream import Stream, reset
from guardian_ci.errors import BadRequest

__all__ = ["MODELS", "Bill", "config", "create_app", "listen", "main", "running"]

MODELS: Final = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-4-5", "gpt-4.1", "gpt-4.1-mini", "gpt-5.4")

_MAX_BODY: Final = 32 * 2**20
_PREFIXES: Final = ("", "/anthropic", "/openai")
_PAGE: Final = b"<!doctype html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1>\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exchange:
    """One call: what came in, and the ways to answer."""

    dialect: Dialect
    request: Request
    receive: Receive
    send: Send
    request_id: str

    def headers(self, kind: str, extra: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
        """Return an answer's headers."""
        return {"content-type": kind, self.dialect.request_id_header: self.request_id, "x-demo-upstream": "1", **extra}

    async def refuse(self, status: int, message: str, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        """Answer an error in the protocol's own shape."""
        await self.respond(status, self.dialect.refusal(status, message, self.request_id), headers)

    async def respond(self, status: int, document: object, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        """Answer a JSON document, or a text as it is."""
        text = document if isinstance(document, str) else compact(document)
        response = Response(text.encode(), status, self.headers("application/json", headers))
        await response(self.request.scope, self.receive, self.send)


class _Endpoint:
    """An ASGI app that answers the calls of one protocol."""

    def __init__(self, dialect: Dialect, bill: Bill, key: str | None, *, counting: bool = False) -> None:
        self.dialect = dialect
        self.bill = bill
        self.key = key
        self.counting = counting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        request = Request(scope, receive)
        body = await request.body()
        mark = digest(body)
        exchange = _Exchange(
            dialect=self.dialect, request=request, receive=receive, send=send, request_id=f"req_demo_{mark}"
        )
        if self.key is not None and key_of(request.headers) != self.key:
            await exchange.refuse(401, "invalid x-api-key: the demo upstream was started with another --key")
        elif len(body) > _MAX_BODY:
            await exchange.refuse(413, "Request exceeds the maximum size")
        else:
            try:
                document = {**_document(_decoded(request, body)), **self.address(request)}
                ask, step, index = understand(self.dialect, document)
            except BadRequest as error:
                await exchange.refuse(400, str(error))
                return
            tokens = input_tokens(ask, step, body, index)
            if self.counts(request):
                await exchange.respond(200, self.dialect.counted(tokens.input))
                return
            await self._answer(
                exchange, ask, step, answer_to(self.dialect, ask, step, index=index, mark=mark, tokens=tokens)
            )

    def address(self, request: Request) -> Mapping[str, object]:  # noqa: ARG002 - for those who say something there
        """Return what the request's address adds to its document."""
        return {}

    def counts(self, request: Request) -> bool:  # noqa: ARG002 - as above
        """Return whether only a count is asked for."""
        return self.counting

    async def _answer(self, exchange: _Exchange, ask: Ask, step: Step, answer: Answer) -> None:
        """Answer as the step says."""
        await asyncio.sleep(step.delay_ms / 1000)
        if step.html:
            response = Response(_PAGE, step.status or 200, exchange.headers("text/html", step.headers))
            await response(exchange.request.scope, exchange.receive, exchange.send)
        elif step.status is not None:
            message = f"The demo script asked for status {step.status}."
            default = self.dialect.refusal(step.status, message, exchange.request_id)
            await exchange.respond(step.status, default if step.body is None else step.body, step.headers)
        elif ask.stream:
            gone = asyncio.ensure_future(_gone(exchange.receive))
            try:
                await _HttpStream(exchange, step, self.bill, answer).run(self.dialect.frames(answer), gone)
            finally:
                gone.cancel()
        else:
            await self._whole(exchange, step, answer)

    async def _whole(self, exchange: _Exchange, step: Step, answer: Answer) -> None:
        """Answer with one JSON document; a stream's faults become the like of them."""
        await asyncio.sleep(step.stall_s)
        if step.error:
            await exchange.refuse(529, "Overloaded")
            return
        self.bill.add(self.dialect, answer, answer.tokens.output)
        try:
            body = compact(self.dialect.whole(answer)).encode()
        except ValueError:  # the script gave arguments that are no JSON, which a whole answer cannot carry
            await exchange.refuse(500, "The demo script's tool input cannot be sent unstreamed")
            return
        headers = exchange.headers("application/json", step.headers)
        if step.garbage:
            body = body[: len(body) // 2]
        if step.gzip:
            body, headers["content-encoding"] = gzip.compress(body, mtime=0), "gzip"
        headers["content-length"] = str(len(body))
        start = {"type": "http.response.start", "status": 200, "headers": _raw(headers)}
        await exchange.send(start)
        if step.reset or step.eof:
            await exchange.send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            await asyncio.sleep(0.01)
            reset(exchange.receive)
            return
        await exchange.send({"type": "http.response.body", "body": body})


class _GeminiEndpoint(_Endpoint):
    """Answers the calls of Google's protocol, whose address says what the others' bodies say."""

    def address(self, request: Request) -> Mapping[str, object]:
        """Return the model, the method and the form of a stream."""
        model, _, method = request.path_params["call"].rpartition(":")
        return {ADDRESS: {"model": model, "method": method, "alt": request.query_params.get("alt")}}

    def counts(self, request: Request) -> bool:
        """Return whether only a count is asked for."""
        return str(request.path_params["call"]).endswith(":countTokens")


class _HttpStream(Stream):
    """A stream as the body of an HTTP answer."""

    def __init__(self, exchange: _Exchange, step: Step, bill: Bill, answer: Answer) -> None:
        super().__init__(exchange.dialect, step, bill, answer, exchange.request_id)
        self.exchange = exchange
        self.packer = zlib.compressobj(wbits=31) if step.gzip else None

    async def _begin(self) -> None:
        headers = self.exchange.headers(
            self.dialect.stream_type(self.answer),
            {"cache-control": "no-cache", **({"content-encoding": "gzip"} if self.packer else {}), **self.step.headers},
        )
        await self.exchange.send({"type": "http.response.start", "status": 200, "headers": _raw(headers)})

    async def _write(self, data: bytes) -> None:
        if self.packer is not None:
            data = self.packer.compress(data) + self.packer.flush(zlib.Z_SYNC_FLUSH)
        await self.exchange.send({"type": "http.response.body", "body": data, "more_body": True})

    async def _end(self) -> None:
        rest = self.packer.flush() if self.packer is not None else b""
        await self.exchange.send({"type": "http.response.body", "body": rest})

    def _reset(self) -> None:
        reset(self.exchange.receive)


def create_app(bill: Bill | None = None, *, key: str | None = None) -> ASGIApp:
    """Return the demo upstream. With ``key``, a call that carries another one is answered 401."""
    bill = bill or Bill()
    endpoints: dict[str, _Endpoint] = {
        "/v1/messages": _Endpoint(Messages(), bill, key),
        "/v1/messages/count_tokens": _Endpoint(Messages(counting=True), bill, key, counting=True),
        "/v1/chat/completions": _Endpoint(Chat(), bill, key),
        "/v1/responses": _Endpoint(Responses(), bill, key),
        **{f"/{version}/models/{{call}}": _GeminiEndpoint(Gemini(), bill, key) for version in ("v1", "v1beta")},
    }
    routes: list[BaseRoute] = [
        Route(prefix + path, endpoint, methods=["POST"]) for prefix in _PREFIXES for path, endpoint in endpoints.items()
    ]
    routes += [WebSocketRoute(f"{prefix}/v1/responses", ResponsesSocket(bill, key)) for prefix in _PREFIXES]
    routes += [Route(f"{prefix}/{version}/models", _models) for prefix in _PREFIXES for version in ("v1", "v1beta")]
    return Starlette(routes=[*routes, Route("/healthz", _healthy)], exception_handlers={404: _not_found})


@contextmanager
def running(
    bill: Bill | None = None, *, key: str | None = None, around: Callable[[ASGIApp], ASGIApp] = lambda app: app
) -> Iterator[str]:
    """Run the demo upstream, with something ``around`` it, in a thread on a free loopback port; yield its base URL."""
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(config(around(create_app(bill, key=key))))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        # A stream that never ends shall not keep its test waiting.
        server.force_exit = True
        thread.join(timeout=5)
        listener.close()


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket, so that callers may connect before the server has started."""
    return socket.create_server((host, port), backlog=2048)


def config(app: ASGIApp) -> uvicorn.Config:
    """Return how the demo upstream is served: silent, HTTP/1.1 like the providers' own front doors to an agent."""
    return uvicorn.Config(
        app,
        http="h11",
        ws="websockets-sansio",
        lifespan="off",
        log_level="critical",
        access_log=False,
        server_header=False,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the demo upstream until it is stopped."""
    parser = argparse.ArgumentParser(prog="python -m guardian_ci.demo.upstream", description="A provider to try with.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True, help="0 picks a free one")
    parser.add_argument("--bill", type=Path, help="append what would be billed, a JSON line an answer")
    parser.add_argument("--key", help="refuse calls with any other key")
    given = parser.parse_args(arguments)
    listener = listen(given.host, given.port)
    print(f"demo upstream: http://{given.host}:{listener.getsockname()[1]}", file=sys.stderr, flush=True)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config(create_app(Bill(given.bill), key=given.key))).run(sockets=[listener])
    return 0


def _document(body: bytes) -> Mapping[str, object]:
    """Return a request's body as an object."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The request body is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise BadRequest("The request body must be an object")
    return document


def _decoded(request: Request, body: bytes) -> bytes:
    """Return a request's body without its compression."""
    encoding = request.headers.get("content-encoding", "identity").lower()
    try:
        if encoding == "gzip":
            return gzip.decompress(body)
        if encoding == "deflate":
            return zlib.decompress(body)
    except (OSError, EOFError, zlib.error) as error:
        raise BadRequest(f"The request body is not valid {encoding}") from error
    if encoding != "identity":
        raise BadRequest(f"The demo upstream does not read {encoding}")
    return body


async def _gone(receive: Receive) -> None:
    """Return when the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return headers as ASGI has them."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


async def _models(request: Request) -> Response:
    """List the demo's models in the words of whom the client speaks to."""
    if "anthropic-version" in request.headers:
        data = [
            {"type": "model", "id": model, "display_name": model, "created_at": "2026-01-01T00:00:00Z"}
            for model in MODELS
        ]
        return JSONResponse({"data": data, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]})
    if "x-goog-api-key" in request.headers:
        return JSONResponse({"models": [{"name": f"models/{model}", "displayName": model} for model in MODELS]})
    listed = [{"id": model, "object": "model", "created": 1767225600, "owned_by": "demo"} for model in MODELS]
    return JSONResponse({"object": "list", "data": listed})


async def _healthy(_: Request) -> Response:
    """Say that the demo upstream answers."""
    return Response(b"ok\n", media_type="text/plain")


async def _not_found(request: Request, _: Exception) -> Response:
    """Answer what neither provider knows."""
    message = f"Not found: {request.method} {request.url.path}"
    return JSONResponse({"type": "error", "error": {"type": "not_found_error", "message": message}}, 404)


if __name__ == "__main__":
    sys.exit(main())
