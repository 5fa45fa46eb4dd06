"""A provider on a raw socket: it says exactly the bytes of its script, and keeps what it was sent."""

import asyncio
import contextlib
import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

_T = TypeVar("_T")

LAST_CHUNK: Final = b"0\r\n\r\n"
PATIENCE: Final = 20


class LoopThread:
    """An event loop in a thread of its own, for what must run while the test itself waits."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.problems: list[str] = []
        self.loop.set_exception_handler(lambda _, context: self.problems.append(repr(context)))
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine there and return what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()


@dataclass(frozen=True)
class Pause:
    """Say nothing for so long."""

    seconds: float


class Gate:
    """Say nothing until the test opens it."""

    def __init__(self) -> None:
        self._open = threading.Event()

    def open(self) -> None:
        self._open.set()

    async def passed(self) -> None:
        while not self._open.is_set():  # noqa: ASYNC110 - the test opens it from another thread
            await asyncio.sleep(0.005)


@dataclass(frozen=True)
class Forever:
    """Say this again and again, until the other side has gone."""

    data: bytes


class Reset:
    """Reset the connection."""


class End:
    """Close the connection in good order."""


Step = bytes | Pause | Gate | Forever | Reset | End
Script = Sequence[Step]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A request that came."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    def json(self) -> Any:
        return json.loads(self.body)


def response(
    body: bytes,
    *,
    status: int = 200,
    content_type: str | None = "application/json",
    headers: Iterable[tuple[str, str]] = (),
) -> bytes:
    """Return an answer with its length."""
    return head(content_type, status=status, headers=[*headers, ("content-length", str(len(body)))]) + body


def head(
    content_type: str | None = "text/event-stream", *, status: int = 200, headers: Iterable[tuple[str, str]] = ()
) -> bytes:
    """Return the head of an answer."""
    named = [*([("content-type", content_type)] if content_type else []), *headers]
    return f"HTTP/1.1 {status} Whatever\r\n".encode() + b"".join(f"{n}: {v}\r\n".encode() for n, v in named) + b"\r\n"


def chunked_head(content_type: str = "text/event-stream", headers: Iterable[tuple[str, str]] = ()) -> bytes:
    return head(content_type, headers=[*headers, ("transfer-encoding", "chunked")])


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def stream(
    frames: Iterable[bytes], content_type: str = "text/event-stream", headers: Iterable[tuple[str, str]] = ()
) -> list[Step]:
    """Return a whole stream, a frame a chunk."""
    return [chunked_head(content_type, headers), *(chunk(frame) for frame in frames), LAST_CHUNK]


class Upstream:
    """The provider. Scripts are played in order; the last one again and again."""

    def __init__(self, loop: LoopThread) -> None:
        self.seen: list[Seen] = []
        self.hung_up = 0
        """How often the other side was gone before the script had come to its end."""
        self._loop = loop
        self._scripts: deque[Script] = deque()
        self._open: set[asyncio.Task[None]] = set()
        self._server = loop.do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def says(self, *scripts: Script | bytes) -> None:
        """Set what comes from now on."""
        self._scripts = deque([one] if isinstance(one, bytes) else one for one in scripts)

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            for task in list(self._open):
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

        self._loop.do(end())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            while (request := await _read(reader)) is not None:
                self.seen.append(request)
                script = self._scripts.popleft() if len(self._scripts) > 1 else self._scripts[0]
                if not await self._play(script, writer):
                    break
        except (OSError, asyncio.IncompleteReadError):
            self.hung_up += 1
        except asyncio.CancelledError:
            pass
        finally:
            self._open.discard(task)
            with contextlib.suppress(OSError):
                writer.close()

    async def _play(self, script: Script, writer: asyncio.StreamWriter) -> bool:
        for step in script:
            match step:
                case bytes():
                    writer.write(step)
                    await writer.drain()
                case Pause():
                    await asyncio.sleep(step.seconds)
                case Gate():
                    await step.passed()
                case Forever():
                    while True:
                        writer.write(step.data)
                        await writer.drain()
                        await asyncio.sleep(0.001)
                case Reset():
                    raw = writer.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    writer.transport.abort()
                    return False
                case End():
                    return False
        return True


async def _read(reader: asyncio.StreamReader) -> Seen | None:
    try:
        text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    first, *lines = text.rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    length = next((int(value) for name, value in headers if name == "content-length"), 0)
    body = await reader.readexactly(length)
    return Seen(method=method, target=target, headers=headers, body=body)


@contextlib.contextmanager
def upstream_of(loop: LoopThread) -> Iterator[Upstream]:
    upstream = Upstream(loop)
    try:
        yield upstream
    finally:
        upstream.close()
