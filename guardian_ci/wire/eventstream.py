"""AWS's event streams (``application/vnd.amazon.eventstream``): messages out of bytes, and bytes out of messages.

A message is a prelude (total length, length of the headers, checksum), headers, a payload, and a checksum of it all;
numbers are big-endian. Both checksums are held against the bytes: a stream that is torn in the middle of a message
or was changed on its way is an upstream's error and no answer.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from guardian_ci.errors import UpstreamError
from guardian_ci.wire.interface import MAX_FRAME_BYTES

CONTENT_TYPE: Final = "application/vnd.amazon.eventstream"

_PRELUDE: Final = struct.Struct(">III")
_SUM: Final = struct.Struct(">I")
_LENGTH: Final = struct.Struct(">H")
_LEAST: Final = _PRELUDE.size + _SUM.size
_MAX_HEADERS: Final = 128 * 1024
"""Bytes of headers that AWS allows a message."""
_TEXT: Final = 7
_FIXED: Final[Mapping[int, int]] = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of the values of header types that have one size."""
_SIZED: Final = frozenset({6, 7})
"""Header types whose value begins with its length: bytes and text."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message; of its headers those that are text."""

    headers: Mapping[str, str] = field(default_factory=dict)
    payload: bytes = b""

    def encoded(self) -> bytes:
        """Write the message."""
        headers = b"".join(_header(name, value) for name, value in self.headers.items())
        lengths = struct.pack(">II", _LEAST + len(headers) + len(self.payload), len(headers))
        head = lengths + _SUM.pack(zlib.crc32(lengths))
        whole = head + headers + self.payload
        return whole + _SUM.pack(zlib.crc32(whole))


def _header(name: str, value: str) -> bytes:
    raw = value.encode()
    return bytes([len(name.encode())]) + name.encode() + bytes([_TEXT]) + _LENGTH.pack(len(raw)) + raw


class Messages:
    """Cuts a stream into messages, wherever the network has cut it."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take the next bytes and yield the messages that they complete. Raises ``UpstreamError``."""
        self._buffer += data
        while len(self._buffer) >= _PRELUDE.size:
            total, headers, checksum = _PRELUDE.unpack_from(self._buffer)
            if zlib.crc32(self._buffer[: _PRELUDE.size - _SUM.size]) != checksum:
                raise UpstreamError("the upstream sent an event stream whose prelude has a wrong checksum")
            if total > MAX_FRAME_BYTES or headers > min(_MAX_HEADERS, total - _LEAST):
                raise UpstreamError(f"the upstream sent an event of {total} bytes with {headers} of headers")
            if len(self._buffer) < total:
                return
            raw = bytes(self._buffer[:total])
            del self._buffer[:total]
            yield _message(raw, headers)


def _message(raw: bytes, headers: int) -> Message:
    end = len(raw) - _SUM.size
    if zlib.crc32(raw[:end]) != _SUM.unpack_from(raw, end)[0]:
        raise UpstreamError("the upstream sent an event with a wrong checksum")
    start = _PRELUDE.size + headers
    return Message(_headers(raw[_PRELUDE.size : start]), raw[start:end])


def _headers(raw: bytes) -> dict[str, str]:
    try:
        return dict(_texts(raw))
    except (IndexError, KeyError, ValueError, struct.error) as error:
        raise UpstreamError(f"the upstream sent an event whose headers cannot be read: {error!r}") from error


def _texts(raw: bytes) -> Iterator[tuple[str, str]]:
    """Yield the headers that are text. Raises what reading past the end does."""
    at = 0
    while at < len(raw):
        name_end = at + 1 + raw[at]
        name, kind, at = raw[at + 1 : name_end].decode(), raw[name_end], name_end + 1
        if kind in _SIZED:
            (size,) = _LENGTH.unpack_from(raw, at)
            at += _LENGTH.size
        else:
            size = _FIXED[kind]
        value = raw[at : at + size]
        at += size
        if at > len(raw):
            raise ValueError("a value goes past the headers")
        if kind == _TEXT:
            yield name, value.decode()
