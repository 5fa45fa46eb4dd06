"""Relays one answer: each piece as it comes, each tool call judged before the agent sees it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Final

from guardian_ci.audit.records import Exchange
from guardian_ci.errors import UpstreamError
from guardian_ci.model import ToolUse, Usage
from guardian_ci.policy import Settings
from guardian_ci.proxy.client import Client, Headers
from guardian_ci.proxy.encoding import Decoder, decoder
from guardian_ci.proxy.gatekeeper import Gatekeeper
from guardian_ci.proxy.inspection import Inspector
from guardian_ci.proxy.refusals import Refusal
from guardian_ci.proxy.upstream import HOP_BY_HOP, Answer, BrokenError
from guardian_ci.session import commands as do
from guardian_ci.session.events import Outcome
from guardian_ci.wire.interface import AnswerReader, Piece, Wire

_TAIL: Final = 1024
"""Bytes of model output that may still pass after a decision to cut, to come to the end of a block."""

_AFTERMATH: Final = 0.5
"""Seconds that an upstream has to end its body behind the terminal frame."""


class Answering:
    """One answer on its way to the agent. ``settle`` is awaited once its end is known, before the agent knows it."""

    def __init__(
        self,
        reader: AnswerReader,
        wire: Wire,
        *,
        keeper: Gatekeeper,
        inspector: Inspector,
        exchange: Exchange,
        client: Client,
        settings: Settings,
        settle: Callable[[Outcome], Awaitable[None]],
        refusal: Callable[[do.Cut], Refusal],
    ) -> None:
        self.reader = reader
        self.usage: Usage | None = None
        self.output_bytes = 0
        self._wire = wire
        self._keeper = keeper
        self._inspector = inspector
        self._prose = inspector.prose()
        self._exchange = exchange
        self._client = client
        self._patience = settings.timeouts.tool_call_seconds
        self._settle = settle
        self._refusal = refusal
        self._cut: do.Cut | None = None
        self._tail = 0
        self._held_since: float | None = None

    async def relay(self, answer: Answer) -> None:
        """Relay an answer with a body of its protocol. Raises ``UpstreamError``."""
        content_type = answer.header(b"content-type").partition(";")[0].strip().lower()
        try:
            if content_type == "text/event-stream" or self.reader.streams:
                await self._stream(answer)
            elif content_type == "application/json" or content_type.endswith("+json"):
                await self._whole(answer)
            else:
                raise BrokenError(f"the upstream answered {content_type or 'untyped bytes'}, not JSON and no stream")
        finally:
            self.usage = self.reader.usage

    # A stream

    async def _stream(self, answer: Answer) -> None:
        undo = _decoder(answer)
        self._exchange.status = answer.status
        await self._client.start(answer.status, response_headers(answer, changed=True))
        chunks = answer.chunks()
        async for chunk in self._patiently(chunks):
            if await self._pieces(piece for data in _decoded(undo, chunk) for piece in self.reader.feed(data)):
                if self._cut is None:
                    await self._client.finish()
                    await _exhaust(chunks)
                return
        if await self._pieces(self.reader.close()):
            if self._cut is None:
                await self._client.finish()
            return
        if not self.reader.complete and self.reader.state.error is None:
            raise BrokenError("the upstream ended its stream in the middle")
        if self._wrote(None):
            await self._end_cut(b"")
            return
        await self._settle_told()
        await self._client.finish()

    async def _patiently(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the chunks; a tool call that is held back may not wait for its rest for ever."""
        while True:
            deadline = None
            if self.reader.holding:
                self._held_since = self._held_since or time.monotonic()
                deadline = max(0.0, self._held_since + self._patience - time.monotonic())
            else:
                self._held_since = None
            try:
                async with asyncio.timeout(deadline):
                    chunk = await anext(chunks, None)
            except TimeoutError:
                held = f"a tool call was not complete after {self._patience:g} s (policy: timeouts.tool_call_seconds)"
                raise BrokenError(held, 504) from None
            if chunk is None:
                return
            yield chunk

    async def _pieces(self, pieces: Iterator[Piece]) -> bool:
        """Relay the pieces, judge the tool calls among them. True when the answer has come to its end or was cut."""
        ready: list[bytes] = []
        ended = False
        for piece in pieces:
            data = await self._judged(piece)
            ready.append(data)
            if self._cut is not None and self._time_to_cut(piece):
                await self._end_cut(b"".join(ready))
                return True
            if piece.terminal:
                if self.reader.complete and self._wrote(None):
                    await self._end_cut(b"".join(ready[:-1]))
                    return True
                ended = True
                # Settled before the agent can know: its next call finds the rest of the reservation free.
                await self._client.write(b"".join(ready[:-1]))
                ready = ready[-1:]
                await self._settle_told()
        await self._client.write(b"".join(ready))
        return ended

    async def _settle_told(self) -> None:
        """Settle an answer that has told its end, be it by an error."""
        self.usage = self.reader.usage
        await self._settle(Outcome.COMPLETE if self.reader.complete else Outcome.UPSTREAM_ERROR)

    # Its pieces

    async def _judged(self, piece: Piece) -> bytes:
        self._note(piece)
        data = piece.data
        if piece.tool is not None and self._cut is None:
            command = await self._keeper.judge(self._exchange, self._seen(piece.tool))
            if isinstance(command, do.Rewrite):
                data = self.reader.deny(piece, command.finding)
            elif isinstance(command, do.Cut):
                self._cut, self._tail = command, -1
                return b""
        if piece.text and self._wrote(piece):
            return b""  # the secret ends in this piece: it goes no further
        if (piece.usage or piece.output_bytes) and self._cut is None:
            usage = self.reader.usage if piece.usage else None
            gone = self._client.gone
            self._cut = await self._keeper.progress(self._exchange, usage, self.output_bytes, abandoned=gone)
            self._tail = self.output_bytes + _TAIL
        return data

    def _seen(self, tool: ToolUse) -> ToolUse:
        return self._inspector.tool(tool, cwd=self._keeper.guard.cwd_of(self._exchange.session or ""))

    def _wrote(self, piece: Piece | None) -> bool:
        """Look at the model's next words (None: there are no more); whether they end the answer."""
        leaks = self._prose.close() if piece is None else self._prose.feed(piece.block, piece.text)
        cut = self._keeper.wrote(self._exchange, leaks) if leaks else None
        if cut is None or self._cut is not None:
            return False
        self._cut, self._tail = cut, -1
        return True

    def _note(self, piece: Piece) -> None:
        self.output_bytes += piece.output_bytes
        if piece.output_bytes or piece.tool is not None:
            self._exchange.began(time.time())
        if piece.unparsed:
            self._exchange.unparsed += 1
            if self._exchange.unparsed == 1:
                message = "a frame of the upstream's answer could not be read; it was passed on as it is"
                self._keeper.notice("warning", "unparsed_frame", message, self._exchange.request_id)

    def _time_to_cut(self, piece: Piece) -> bool:
        """At the end of a block, or when waiting for one costs too much; never after the terminal frame."""
        return piece.boundary or piece.tool is not None or self.output_bytes >= self._tail

    async def _end_cut(self, last: bytes) -> None:
        assert self._cut is not None  # noqa: S101 - the caller has looked; this is for the type checker
        self.usage = self.reader.usage
        await self._settle(Outcome.CUT)
        message = f"guardian-ci: {self._cut.finding.message}"
        error = self._wire.stream_error(
            message=message, request_id=self._exchange.request_id, reader=self.reader, agent=self._exchange.agent or ""
        )
        await self._client.write(last)
        await self._client.break_off(error)

    # A whole document

    async def _whole(self, answer: Answer) -> None:
        undo = _decoder(answer)
        raw = bytearray()
        decoded = bytearray()
        async for chunk in answer.chunks():
            raw += chunk
            for data in _decoded(undo, chunk):
                decoded += data
                for piece in self.reader.feed(data):
                    await self._judged(piece)
        for piece in self.reader.close():
            await self._judged(piece)
        self._wrote(None)
        self.usage = self.reader.usage
        if self._cut is not None:
            refusal = self._refusal(self._cut)
            self._exchange.status = refusal.status
            await self._settle(Outcome.CUT)
            await self._client.refuse(refusal, self._wire)
            return
        self._exchange.status = answer.status
        body = self.reader.rest()
        changed = body != decoded
        if not changed:
            body = bytes(raw)
        headers = response_headers(answer, changed=changed)
        headers = [each for each in headers if each[0] != b"content-length"]
        self._exchange.began(time.time())
        await self._settle(Outcome.COMPLETE if self.reader.complete else Outcome.UPSTREAM_ERROR)
        await self._client.start(answer.status, [*headers, (b"content-length", str(len(body)).encode())])
        await self._client.finish(body)


async def _exhaust(chunks: AsyncIterator[bytes]) -> None:
    """Read what is left behind the terminal frame, so that the connection can serve the next call."""
    try:
        async with asyncio.timeout(_AFTERMATH):
            async for _ in chunks:
                pass
    except (TimeoutError, UpstreamError):
        pass  # the answer is whole and settled; only the connection is lost


def _decoder(answer: Answer) -> Decoder | None:
    try:
        return decoder(answer.header(b"content-encoding"))
    except ValueError as error:
        raise BrokenError(f"the upstream's answer cannot be decompressed: {error}") from error


def _decoded(undo: Decoder | None, chunk: bytes) -> Iterator[bytes]:
    if undo is None:
        yield chunk
        return
    try:
        yield from undo.decode(chunk)
    except ValueError as error:
        raise BrokenError(f"the upstream's answer cannot be decompressed: {error}") from error


def response_headers(answer: Answer, *, changed: bool) -> Headers:
    """The provider's headers. A changed body has neither the length nor the encoding that they tell."""
    gone = {b"content-length", b"content-encoding"} if changed else set()
    return [each for each in answer.headers if each[0] not in HOP_BY_HOP and each[0] not in gone]
