"""Compressed bodies: what ``Content-Encoding`` names, undone piece by piece and within a limit."""

import zlib
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from guardian_ci.errors import BadRequest

_GZIP: Final = 16 + zlib.MAX_WBITS
_ZLIB_HEADER: Final = 2
_PIECE: Final = 1 << 20
_ZSTD_WINDOW: Final = 8 << 20
"""The most that ``Content-Encoding: zstd`` may ask for (RFC 9659)."""

_ZSTD_SLICE: Final = 256


class Decoder(Protocol):
    """Undoes one encoding."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what ``data`` adds in pieces of a few megabytes at most: two kilobytes may unfold to a gigabyte.

        Raises ``ValueError`` where it is not of that encoding.
        """


class _Zlib:
    def __init__(self, wbits: int) -> None:
        self._wbits = wbits
        self._inflate = zlib.decompressobj(wbits)
        self._begun = False
        self._first = b""

    def decode(self, data: bytes) -> Iterator[bytes]:
        if not self._begun:
            data = self._first = self._first + data
            if len(data) < _ZLIB_HEADER:
                return  # too little to tell what it is
        while data:
            out = self._some(data)
            self._begun = True
            if out:
                yield out
            data = self._inflate.unconsumed_tail
            if self._inflate.eof and self._wbits == _GZIP:
                data = self._inflate.unused_data  # gzip members may follow each other
                if data:
                    self._inflate = zlib.decompressobj(self._wbits)

    def _some(self, data: bytes) -> bytes:
        try:
            return self._inflate.decompress(data, _PIECE)
        except zlib.error as error:
            if self._begun or self._wbits != zlib.MAX_WBITS:
                raise ValueError(str(error)) from error
            # "deflate" is zlib by the standard and a raw stream by old habit.
            self._wbits = -zlib.MAX_WBITS
            self._inflate = zlib.decompressobj(self._wbits)
            return self._some(data)


def _brotli() -> Decoder:
    import brotli  # noqa: PLC0415 - an extra: only who sends br needs it

    class Brotli:
        def __init__(self) -> None:
            self._decompressor = brotli.Decompressor()

        def decode(self, data: bytes) -> Iterator[bytes]:
            try:
                yield bytes(self._decompressor.process(data, output_buffer_limit=_PIECE))
                while not self._decompressor.can_accept_more_data():
                    yield bytes(self._decompressor.process(b"", output_buffer_limit=_PIECE))
            except brotli.error as error:
                raise ValueError(str(error)) from error

    return Brotli()


def _zstandard() -> Decoder:
    import zstandard  # noqa: PLC0415 - an extra: only who sends zstd needs it

    class Zstandard:
        def __init__(self) -> None:
            self._decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()

        def decode(self, data: bytes) -> Iterator[bytes]:
            try:
                # It takes no bound for what comes out, so what goes in is bounded.
                for start in range(0, len(data), _ZSTD_SLICE):
                    yield self._decompressor.decompress(data[start : start + _ZSTD_SLICE])
            except zstandard.ZstdError as error:
                raise ValueError(str(error)) from error

    return Zstandard()


_DECODERS: Final[dict[str, Callable[[], Decoder]]] = {
    "gzip": lambda: _Zlib(_GZIP),
    "x-gzip": lambda: _Zlib(_GZIP),
    "deflate": lambda: _Zlib(zlib.MAX_WBITS),
    "br": _brotli,
    "zstd": _zstandard,
}


def decoder(encoding: str) -> Decoder | None:
    """The decoder of a ``Content-Encoding``; None for none. Raises ``ValueError`` for one that is not known here."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    make = _DECODERS.get(name)
    if make is None:
        raise ValueError(f"content-encoding {encoding!r} is not known here; send gzip, deflate or none")
    try:
        return make()
    except ImportError as error:
        raise ValueError(
            f"content-encoding {encoding!r} needs an extra: pip install 'guardian-ci[compression]'"
        ) from error


def accepted(header: str) -> str:
    """An agent's ``Accept-Encoding`` without what cannot be decoded here."""
    kept = [item for item in header.split(",") if _known(item.split(";")[0].strip().lower())]
    return ",".join(kept) or "identity"


def _known(name: str) -> bool:
    if name in ("identity", "gzip", "deflate", "x-gzip"):
        return True
    try:
        return name in _DECODERS and decoder(name) is not None
    except ValueError:
        return False


def decode_request(body: bytes, encoding: str, limit: int) -> bytes:
    """A request's body without its encoding. Raises ``BadRequest``, also where it grows beyond ``limit`` bytes."""
    try:
        undo = decoder(encoding)
        if undo is None:
            return body
        out = bytearray()
        for piece in undo.decode(body):
            out += piece
            if len(out) > limit:
                raise BadRequest(f"the request's body is larger than {limit >> 20} MB when it is decompressed")
    except ValueError as error:
        raise BadRequest(f"the request's body cannot be decompressed: {error}") from error
    return bytes(out)
