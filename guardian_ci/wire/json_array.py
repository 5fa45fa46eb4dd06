"""A JSON array that comes in pieces: Google's streams without ``alt=sse``.

The stream is cut before each element, so that every frame keeps its raw bytes (the bracket, the commas and the
white space between included) and the frames together are the stream.
"""

import re
from collections.abc import Iterator
from typing import Final

from guardian_ci.errors import UpstreamError
from guardian_ci.wire.interface import MAX_FRAME_BYTES
from guardian_ci.wire.sse import Frame

_SIGN: Final = re.compile(rb'["\\\[\]{}]')
_INSIDE: Final = re.compile(rb'["\\]')


class ArrayFrame(Frame):
    """One element, with what stands before it in the array."""

    def with_data(self, data: str) -> bytes:
        """Return the frame's bytes with another element."""
        start, end = _element(self.raw)
        return self.raw[:start] + data.encode("utf-8", "replace") + self.raw[end:]


class ArrayFramer:
    """Cuts an array into frames, wherever the network has cut it."""

    def __init__(self, limit: int = MAX_FRAME_BYTES) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._depth = 0
        self._quoted = False
        self._limit = limit

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take the next bytes and yield the frames that they complete. Raises ``UpstreamError``."""
        self._buffer += data
        while (end := self._end_of_element()) is not None:
            yield self._take(end)
        if len(self._buffer) > self._limit:
            raise UpstreamError(f"the upstream sent an element of more than {self._limit} bytes")

    def close(self) -> Iterator[Frame]:
        """Yield what stands behind the last element: the closing bracket, or half an element."""
        if self._buffer:
            raw = bytes(self._buffer)
            self._buffer.clear()
            yield ArrayFrame(raw, data=None, odd=raw.strip() != b"]")

    def _end_of_element(self) -> int | None:
        """Search on for the brace that closes an element of the array."""
        position = self._searched
        while (sign := (_INSIDE if self._quoted else _SIGN).search(self._buffer, position)) is not None:
            position = sign.end()
            mark = sign[0]
            if mark == b"\\":
                if position == len(self._buffer):  # what it escapes is still to come
                    self._searched = sign.start()
                    return None
                position += 1
            elif mark == b'"':
                self._quoted = not self._quoted
            elif mark in b"[{":
                self._depth += 1
            else:
                self._depth -= 1
                if self._depth == 1 and mark == b"}":
                    return position
        self._searched = len(self._buffer)
        return None

    def _take(self, end: int) -> Frame:
        raw = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._searched = 0
        start, stop = _element(raw)
        return ArrayFrame(raw, data=raw[start:stop].decode("utf-8", "replace"))


def _element(raw: bytes) -> tuple[int, int]:
    """Where the element stands in its frame: from its first brace to its end."""
    return raw.index(b"{"), len(raw)
