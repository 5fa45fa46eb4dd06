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
import struct
import sys
import threading
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from guardian_ci.demo.answer import BYTES_PER_TOKEN, Answer, Tokens, compose, digest
from guardian_ci.demo.chat import Chat
from guardian_ci.demo.dialect import Ask, Caching, Dialect, Frame, Turn, compact, media_bytes
from guardian_ci.demo.gemini import ADDRESS, Gemini
from guardian_ci.demo.messages import Messages
from guardian_ci.demo.responses import Responses
from guardian_ci.demo.script import Step, find_script, step_of
from guardian_ci.errors import BadRequest

MODELS: Final = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-4-5", "gpt-4.1", "gpt-4.1-mini", "gpt-5.4")

_MAX_BODY: Final = 32 * 2**20
_MEDIA_TOKENS: Final = 1500
_CACHE_STEP: Final = 128
_CACHE_MINIMUM: Final = 1024
_UNCACHED: Final = 3
_PREFIXES: Final = ("", "/anthropic", "/openai")
_PAGE: Final = b"<!doctype html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1>\n"
_GARBAGE: Final = b'event: garbage\ndata: {"type": "garbage", this is not JSON\n\n'


class Bill:
    """What the demo provider would bill: a line for each answer, in memory and in a file."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.lines: list[Mapping[str, object]] = []

    def add(self, dialect: Dialect, answer: Answer, output: int) -> None:
        """Write what one answer costs: all of its input, and the output that was made of it."""
        line = {
            "protocol": dialect.protocol.value,
            "model": answer.model,
            "input_tokens": answer.tokens.input,
            "cache_read_tokens": answer.tokens.cache_read,
            "cache_write_tokens": answer.tokens.cache_write,
            "output_tokens": output,
            "complete": output == answer.tokens.output,
        }
        self.lines.append(line)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


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
        if self.key is not None and _key_of(request) != self.key:
            await exchange.refuse(401, "invalid x-api-key: the demo upstream was started with another --key")
        elif len(body) > _MAX_BODY:
            await exchange.refuse(413, "Request exceeds the maximum size")
        else:
            try:
                ask, step, index = _understand(self.dialect, _decoded(request, body), self.address(request))
            except BadRequest as error:
                await exchange.refuse(400, str(error))
                return
            tokens = _input_tokens(ask, step, body, index)
            if self.counts(request):
                await exchange.respond(200, self.dialect.counted(tokens.input))
                return
            await self._answer(
                exchange, ask, step, _compose(self.dialect, ask, step, index=index, mark=mark, tokens=tokens)
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
            await _Stream(exchange, step, self.bill, answer).run(self.dialect.frames(answer))
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
            _reset(exchange.receive)
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


class _Stream:
    """One streamed answer: its pace, its faults, and its line on the bill, also where the client hangs up."""

    def __init__(self, exchange: _Exchange, step: Step, bill: Bill, answer: Answer) -> None:
        self.exchange = exchange
        self.step = step
        self.bill = bill
        self.answer = answer
        self.made = 0
        self.seen = 0
        self.settled = False
        self.packer = zlib.compressobj(wbits=31) if step.gzip else None

    async def run(self, frames: Iterator[Frame]) -> None:
        """Send the stream's frames until they end, the script says otherwise, or the client is gone."""
        headers = self.exchange.headers(
            self.exchange.dialect.stream_type(self.answer),
            {"cache-control": "no-cache", **({"content-encoding": "gzip"} if self.packer else {}), **self.step.headers},
        )
        await self.exchange.send({"type": "http.response.start", "status": 200, "headers": _raw(headers)})
        gone = asyncio.ensure_future(_gone(self.exchange.receive))
        try:
            for frame in frames:
                if not await self._send(frame, gone):
                    return
            await self._end()
        finally:
            gone.cancel()
            self._settle()

    async def _send(self, frame: Frame, gone: "asyncio.Future[None]") -> bool:
        """Send one frame; return whether the stream goes on."""
        await _pause(self.step.chunk_delay_ms / 1000, gone)
        if gone.done():
            return False
        self.made += frame.tokens
        if frame.last:
            # A client may hang up at the end frame, and look at the bill then.
            self.made = self.answer.tokens.output
            self._settle()
        await self._write(frame.data)
        self.seen += frame.content
        if not frame.content or self.seen != self.step.after:
            return True
        return await self._strike(frame, gone)

    async def _strike(self, frame: Frame, gone: "asyncio.Future[None]") -> bool:
        """Do what the script says goes wrong here; return whether the stream goes on."""
        if self.step.stall_s:
            await _pause(self.step.stall_s, gone)
        if self.step.garbage:
            await self._write(_GARBAGE)
        while self.step.endless and not gone.done():
            await _pause(max(self.step.chunk_delay_ms, 1) / 1000, gone)
            await self._write(frame.data)
        if self.step.error or self.step.eof or self.step.reset:
            self._settle()
        if self.step.error:
            await self._write(self.exchange.dialect.error_frame("Overloaded", self.exchange.request_id))
            await self._end()
        if self.step.eof:
            await self._end()
        if self.step.reset:
            await asyncio.sleep(0.01)  # the frames before it shall arrive
            _reset(self.exchange.receive)
        return not (gone.done() or self.step.endless or self.step.error or self.step.eof or self.step.reset)

    def _settle(self) -> None:
        """Write what was made on the bill, once."""
        if not self.settled:
            self.settled = True
            self.bill.add(self.exchange.dialect, self.answer, min(self.made, self.answer.tokens.output))

    async def _write(self, data: bytes) -> None:
        """Send bytes at once."""
        if self.packer is not None:
            data = self.packer.compress(data) + self.packer.flush(zlib.Z_SYNC_FLUSH)
        await self.exchange.send({"type": "http.response.body", "body": data, "more_body": True})

    async def _end(self) -> None:
        """End the body as HTTP has it."""
        rest = self.packer.flush() if self.packer is not None else b""
        await self.exchange.send({"type": "http.response.body", "body": rest})


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
    routes = [
        Route(prefix + path, endpoint, methods=["POST"]) for prefix in _PREFIXES for path, endpoint in endpoints.items()
    ]
    routes += [Route(f"{prefix}/v1/models", _models) for prefix in _PREFIXES]
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
        app, http="h11", ws="none", lifespan="off", log_level="critical", access_log=False, server_header=False
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


def _understand(dialect: Dialect, body: bytes, address: Mapping[str, object]) -> tuple[Ask, Step, int]:
    """Return what a request asks for, the step that answers it, and that step's number."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The request body is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise BadRequest("The request body must be an object")
    ask = dialect.read({**document, **address})
    script, index = _position(ask.turns)
    return ask, step_of(script, index), index


def _position(turns: Sequence[Turn]) -> tuple[tuple[Step, ...] | None, int]:
    """Return the script and how many answers the conversation has had since."""
    for number, turn in enumerate(turns):
        script = find_script(turn.texts)
        if script is not None:
            return script, sum(later.answer for later in turns[number:])
    return None, sum(turn.answer for turn in turns)


def _compose(dialect: Dialect, ask: Ask, step: Step, *, index: int, mark: str, tokens: Tokens) -> Answer:
    """Return a step as the answer to a request."""
    blocks, shown, stop = compose(step, index=index, mark=mark, limit=ask.limit)
    wanted = shown if step.output_tokens is None else step.output_tokens
    output = wanted if ask.limit is None else min(wanted, ask.limit)
    return Answer(
        id=f"{dialect.id_prefix}demo_{index}_{mark}",
        model=ask.model,
        created=int(time.time()),
        blocks=blocks,
        tokens=Tokens(
            fresh=tokens.fresh,
            cache_read=tokens.cache_read,
            cache_write=tokens.cache_write,
            output=output * ask.choices,
        ),
        stop=stop if output == wanted else type(stop).LIMIT,
        hidden=max(0, output - shown),
        chunk=step.chunk,
        asked=ask.document,
    )


def _input_tokens(ask: Ask, step: Step, body: bytes, index: int) -> Tokens:
    """Count a request's input, a fixed number of bytes a token, and share it out to the prompt cache."""
    media, size = media_bytes(ask.document)
    total = step.input_tokens or (len(body) - size) // BYTES_PER_TOKEN + media * _MEDIA_TOKENS + 1
    known = max(0, total - len(compact(ask.new).encode()) // BYTES_PER_TOKEN - 1) if index else 0
    if ask.caching is Caching.NONE or total < _CACHE_MINIMUM:
        return Tokens(fresh=total)
    if ask.caching is Caching.READS:
        read = known // _CACHE_STEP * _CACHE_STEP
        return Tokens(fresh=total - read, cache_read=read)
    return Tokens(
        fresh=_UNCACHED, cache_read=min(known, total - _UNCACHED), cache_write=max(0, total - known - _UNCACHED)
    )


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


def _key_of(request: Request) -> str | None:
    """Return the key that a request carries."""
    bearer = request.headers.get("authorization", "")
    own = request.headers.get("x-api-key") or request.headers.get("x-goog-api-key")
    return own or bearer.removeprefix("Bearer ") or None


async def _pause(seconds: float, gone: "asyncio.Future[None]") -> None:
    """Let others run, and wait no longer than the client does."""
    if seconds > 0:
        await asyncio.wait({gone}, timeout=seconds)
    else:
        await asyncio.sleep(0)


async def _gone(receive: Receive) -> None:
    """Return when the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _reset(receive: Callable[[], Awaitable[object]]) -> None:
    """End the connection as a crashed server does: with RST where the socket can be reached.

    ASGI has no word for it. Below it stands uvicorn's cycle; where something else does, leaving the app without
    ending the body has the server close the connection, which is a cut as well.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if isinstance(transport, asyncio.WriteTransport):
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


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
