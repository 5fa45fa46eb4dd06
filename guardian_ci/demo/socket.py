"""openai-responses over WebSocket: ``response.create`` in, the stream's events out, each a text message."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from guardian_ci.demo.answer import Answer, Stop, digest
from guardian_ci.demo.asking import answer_to, input_tokens, key_of, understand
from guardian_ci.demo.bill import Bill
from guardian_ci.demo.chat import openai_error
from guardian_ci.demo.dialect import Dialect, compact, objects
from guardian_ci.demo.responses import Responses
from guardian_ci.demo.script import Step
from guardian_ci.demo.stream import Stream, reset
from guardian_ci.errors import BadRequest


class ResponsesSocket:
    """``GET /v1/responses`` with ``Upgrade: websocket``."""

    def __init__(self, bill: Bill, key: str | None) -> None:
        self.bill = bill
        self.key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        connection = WebSocket(scope, receive, send)
        if self.key is not None and key_of(connection.headers) != self.key:
            error = openai_error(401, "Incorrect API key: the demo upstream was started with another --key", "req_demo")
            await connection.send_denial_response(JSONResponse(error, 401))
            return
        await connection.accept(headers=[(b"x-demo-upstream", b"1")])
        await _Connection(connection, receive, self.bill).serve()


class _Connection:
    """One connection: answers come one after the other, and each can be gone on from by its id."""

    def __init__(self, connection: WebSocket, receive: Receive, bill: Bill) -> None:
        self.connection = connection
        self.receive = receive
        self.bill = bill
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.asked: asyncio.Queue[str | None] = asyncio.Queue()
        self.kept: dict[object, Sequence[object]] = {}
        """The items of every response's input and output, by its id."""
        self.numbers = count()

    async def serve(self) -> None:
        """Answer what is asked until the client has gone."""
        reading = asyncio.create_task(self._read())
        try:
            while (text := await self.asked.get()) is not None and not self.gone.done():
                await self._serve_one(text)
        finally:
            reading.cancel()

    async def _read(self) -> None:
        while (message := await self.receive())["type"] == "websocket.receive":
            self.asked.put_nowait(message.get("text") or "")
        self.gone.set_result(None)
        self.asked.put_nowait(None)

    async def _serve_one(self, text: str) -> None:
        try:
            document = _document(text)
            previous = document.get("previous_response_id")
            if previous is not None and previous not in self.kept:
                await self._fail(400, f"Previous response {previous} not found", code="previous_response_not_found")
            else:
                items = [*self.kept.get(previous, ()), *_items(document.get("input"))]
                await self._answer({**document, "input": items, "stream": True}, items)
        except BadRequest as error:
            await self._fail(400, str(error))

    async def _answer(self, document: Mapping[str, object], given: Sequence[object]) -> None:
        dialect, warm_up = Responses(), document.get("generate") is False
        # A warm-up may have no input yet, only tools and instructions.
        ask, step, index = understand(dialect, document if given or not warm_up else {**document, "input": " "})
        body = compact(document).encode()
        tokens = input_tokens(ask, step, body, index)
        answer = answer_to(dialect, ask, step, index=index, mark=f"{digest(body)}{next(self.numbers)}", tokens=tokens)
        if warm_up:
            answer = replace(answer, blocks=(), tokens=tokens, hidden=0, stop=Stop.END)
            step = Step()
        await asyncio.sleep(step.delay_ms / 1000)
        if step.status is not None:
            await self._fail(step.status, f"The demo script asked for status {step.status}.")
            return
        self.kept[answer.id] = (*given, *objects(dialect.whole(answer)["output"], "output"))
        stream = _SocketStream(self, dialect, step, self.bill, answer, document.get("stream_id"))
        await stream.run(dialect.frames(answer), self.gone)

    async def _fail(self, status: int, message: str, *, code: str | None = None) -> None:
        """Send the error that answers a ``response.create``."""
        error = dict(openai_error(status, message, "req_demo")["error"])
        told = {"type": "error", "status": status, "error": error | ({"code": code} if code else {})}
        await self.connection.send_text(compact(told))


def _document(text: str) -> Mapping[str, object]:
    """Read a client's message."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The message is not valid JSON: {error}") from error
    if not isinstance(document, dict) or document.get("type") != "response.create":
        raise BadRequest("Unknown event: this connection takes response.create")
    return document


def _items(given: object) -> Sequence[object]:
    """Return an input's items."""
    return ({"role": "user", "content": given},) if isinstance(given, str) else objects(given, "input")


class _SocketStream(Stream):
    """A stream whose frames are messages."""

    def __init__(
        self, connection: _Connection, dialect: Dialect, step: Step, bill: Bill, answer: Answer, lane: object
    ) -> None:
        super().__init__(dialect, step, bill, answer, "req_demo")
        self.connection = connection
        self.lane = {} if lane is None else {"stream_id": lane}

    async def _begin(self) -> None:
        """Nothing stands before the first message."""

    async def _write(self, data: bytes) -> None:
        text = data.decode().rstrip("\n").rpartition("\ndata: ")[2]
        if self.lane and text.startswith("{"):
            text = compact({**json.loads(text), **self.lane})
        await self.connection.connection.send_text(text)

    async def _end(self) -> None:
        if self.step.eof:
            await self.connection.connection.close()

    def _reset(self) -> None:
        reset(self.connection.receive)
