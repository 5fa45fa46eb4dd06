"""One streamed answer of the demo upstream: its pace, its faults, and its line on the bill."""

import asyncio
import socket
import struct
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from guardian_ci.demo.answer import Answer
from guardian_ci.demo.bill import Bill
from guardian_ci.demo.dialect import Dialect, Frame
from guardian_ci.demo.script import Step

_GARBAGE: Final = b'event: garbage\ndata: {"type": "garbage", this is not JSON\n\n'


class Stream(ABC):
    """Sends an answer's frames as the script says. The bill has its line also where the client hangs up."""

    def __init__(self, dialect: Dialect, step: Step, bill: Bill, answer: Answer, request_id: str) -> None:
        self.dialect = dialect
        self.step = step
        self.bill = bill
        self.answer = answer
        self.request_id = request_id
        self.made = 0
        self.seen = 0
        self.settled = False

    @abstractmethod
    async def _begin(self) -> None:
        """Send what stands before the first frame."""

    @abstractmethod
    async def _write(self, data: bytes) -> None:
        """Send a frame at once."""

    @abstractmethod
    async def _end(self) -> None:
        """Send what stands behind the last frame."""

    @abstractmethod
    def _reset(self) -> None:
        """End the connection as a crash does."""

    async def run(self, frames: Iterator[Frame], gone: "asyncio.Future[None]") -> None:
        """Send the stream's frames until they end, the script says otherwise, or the client is ``gone``."""
        await self._begin()
        try:
            for frame in frames:
                if not await self._send(frame, gone):
                    return
            await self._end()
        finally:
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
            await self._write(self.dialect.error_frame("Overloaded", self.request_id))
            await self._end()
        if self.step.eof:
            await self._end()
        if self.step.reset:
            await asyncio.sleep(0.01)  # the frames before it shall arrive
            self._reset()
        return not (gone.done() or self.step.endless or self.step.error or self.step.eof or self.step.reset)

    def _settle(self) -> None:
        """Write what was made on the bill, once."""
        if not self.settled:
            self.settled = True
            self.bill.add(self.dialect, self.answer, min(self.made, self.answer.tokens.output))


async def _pause(seconds: float, gone: "asyncio.Future[None]") -> None:
    """Let others run, and wait no longer than the client does."""
    if seconds > 0:
        await asyncio.wait({gone}, timeout=seconds)
    else:
        await asyncio.sleep(0)


def reset(receive: Callable[[], Awaitable[object]]) -> None:
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
