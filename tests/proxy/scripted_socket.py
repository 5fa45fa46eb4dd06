"""A provider's WebSocket: it says exactly the messages of its scripts, and keeps what it was sent."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from http import HTTPStatus

from scripted import End, Gate, LoopThread, Pause, Reset
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

Script = Sequence[str | bytes | Pause | Gate | Reset | End]


class SocketUpstream:
    """Each message that comes is answered by the next script, beside those that are still being said."""

    def __init__(self, loop: LoopThread) -> None:
        self.seen: list[str] = []
        self.handshakes: list[Request] = []
        self.closed = 0
        self.refuses: Response | None = None
        self.headers: dict[str, str] = {}
        self._loop = loop
        self._scripts: deque[Script] = deque()
        self._server = loop.do(self._start())
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _start(self) -> Server:
        return await serve(
            self._serve,
            "127.0.0.1",
            0,
            process_request=self._shake,
            process_response=self._greet,
            compression=None,
            max_size=None,
        )

    def says(self, *scripts: Script) -> None:
        """Set what comes from now on; the last script again and again."""
        self._scripts = deque(scripts)

    def refuse(self, status: int, body: bytes, **headers: str) -> None:
        """Refuse handshakes from now on."""
        told = Headers({name.replace("_", "-"): value for name, value in headers.items()})
        told["content-length"] = str(len(body))
        self.refuses = Response(status, HTTPStatus(status).phrase, told, body)

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            await self._server.wait_closed()

        self._loop.do(end())

    def _shake(self, _: ServerConnection, request: Request) -> Response | None:
        self.handshakes.append(request)
        return self.refuses

    def _greet(self, _: ServerConnection, __: Request, response: Response) -> None:
        response.headers.update(self.headers)

    async def _serve(self, connection: ServerConnection) -> None:
        speaking: set[asyncio.Task[None]] = set()
        try:
            async for message in connection:
                assert isinstance(message, str)
                self.seen.append(message)
                script = self._scripts.popleft() if len(self._scripts) > 1 else self._scripts[0]
                speaking.add(asyncio.create_task(self._say(connection, script)))
        except ConnectionClosed:
            pass
        finally:
            self.closed += 1
            for task in speaking:
                task.cancel()
            await asyncio.gather(*speaking, return_exceptions=True)

    async def _say(self, connection: ServerConnection, script: Script) -> None:
        for step in script:
            match step:
                case str() | bytes():
                    await connection.send(step)
                case Pause():
                    await asyncio.sleep(step.seconds)
                case Gate():
                    await step.passed()
                case Reset():
                    connection.transport.abort()
                case End():
                    await connection.close(1001, "going away")


@contextlib.contextmanager
def socket_upstream_of(loop: LoopThread) -> Iterator[SocketUpstream]:
    upstream = SocketUpstream(loop)
    try:
        yield upstream
    finally:
        upstream.close()
