r"""Server-sent events, byte for byte: a stream cut into frames that keep their raw bytes.

A frame ends with an empty line; lines end with ``\n``, ``\r\n`` or ``\r``. Comments and frames without data are
frames too: they are relayed like all others.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from guardian_ci.errors import UpstreamError
from guardian_ci.wire.interface import MAX_FRAME_BYTES

# A lone \r may be half of a \r\n that is still to come, except where the line before ended with a lone \r too.
_END: Final = re.compile(rb"\n\n|\r\r|\n\r\n|\n\r(?=[^\n])")
_LONGEST_END: Final = 3
_LINE: Final = re.compile(rb"([^\r\n]*)(\r\n|\r|\n|\Z)")
_BOM: Final = b"\xef\xbb\xbf"
_FIELDS: Final = frozenset({b"", b"data", b"event", b"id", b"retry"})


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. ``data`` is None where it has no data line; ``odd``: it is nothing that the format knows."""

    raw: bytes
    event: str = ""
    data: str | None = None
    odd: bool = False

    def with_data(self, data: str) -> bytes:
        """Return the frame's bytes with other data, which must be JSON; its other lines keep theirs."""
        payload = data.replace("\r", " ").replace("\n", " ").encode("utf-8", "replace")
        parts: list[bytes] = []
        written = False
        for match in _LINE.finditer(self.raw):
            if _split(match[1])[0] != b"data":
                parts.append(match[0])
            elif not written:
                parts += (b"data: ", payload, match[2])
                written = True
        return b"".join(parts)


class Framer:
    """Cuts a stream into frames, wherever the network has cut it."""

    def __init__(self, limit: int = MAX_FRAME_BYTES) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._limit = limit
        self._first = True

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take the next bytes and yield the frames that they complete."""
        self._buffer += data
        while (end := _END.search(self._buffer, max(0, self._searched - _LONGEST_END))) is not None:
            yield self._take(end.end())
        self._searched = len(self._buffer)
        self._check(self._searched)

    def close(self) -> Iterator[Frame]:
        """Yield what stands behind the last empty line: some clients read it as a frame."""
        if self._buffer:
            yield self._take(len(self._buffer))

    def _take(self, end: int) -> Frame:
        self._check(end)
        raw = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._searched = 0
        text = raw.removeprefix(_BOM) if self._first else raw
        self._first = False
        return _frame(raw, text)

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise UpstreamError(f"the upstream sent a frame of more than {self._limit} bytes")


def _frame(raw: bytes, text: bytes) -> Frame:
    event = ""
    data: list[bytes] = []
    known = True
    for match in _LINE.finditer(text):
        name, value = _split(match[1])
        if name == b"data":
            data.append(value)
        elif name == b"event":
            event = value.decode("utf-8", "replace")
        elif name not in _FIELDS:
            known = False
    # Clients put U+FFFD in the place of bytes that are no UTF-8, and read on; so does this.
    joined = b"\n".join(data).decode("utf-8", "replace") if data else None
    return Frame(raw, event, joined, odd=not known and not data)


def _split(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name, value.removeprefix(b" ")


def data_frame(payload: object) -> bytes:
    """Write a frame without an event name."""
    return b"data: " + json.dumps(payload).encode() + b"\n\n"


def event_frame(event: str, payload: object) -> bytes:
    """Write a frame with its event name."""
    return b"event: " + event.encode() + b"\n" + data_frame(payload)
