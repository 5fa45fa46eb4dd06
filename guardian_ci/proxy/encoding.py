"""Compressed bodies: what ``Content-Encoding`` names, undone piece by piece and within a limit."""

import zlib
from collections.abc import Callable
from typing import Final, Protocol

from guardian_ci.errors import BadRequest

_GZIP: Final = 16 + zlib.MAX_WBITS


class Decoder(Protocol):
    """Undoes one encoding."""

    def decode(self, data: bytes) -> bytes:
        """The bytes that ``data`` adds. Raises ``ValueError`` where it is not of that encoding."""


class _Zlib:
    def __init__(self, wbits: int) -> None:
        self._wbits = wbits
        self._inflate = zlib.decompressobj(wbits)
        self._begun = False

    def decode(self, data: bytes) -> bytes:
        try:
            out = self._inflate.decompress(data)
            while self._inflate.eof and self._inflate.unused_data and self._wbits == _GZIP:
                rest = self._inflate.unused_data  # gzip members may follow each other
                self._inflate = zlib.decompressobj(self._wbits)
                out += self._inflate.decompress(rest)
        except zlib.error as error:
            if self._begun or self._wbits != zlib.MAX_WBITS:
                raise ValueError(str(error)) from error
            # "deflate" is zlib by the standard and a raw stream by old habit.
            self._wbits = -zlib.MAX_WBITS
            self._inflate = zlib.decompressobj(self._wbits)
            return self.decode(data)
        self._begun = True
        return out


def _brotli() -> Decoder:
    import brotli  # noqa: PLC0415 - an extra: only who sends br needs it

    class Brotli:
        def __init__(self) -> None:
            self._decompressor = brotli.Decompressor()

        def decode(self, data: bytes) -> bytes:
            try:
                return bytes(self._decompressor.process(data))
            except brotli.error as error:
                raise ValueError(str(error)) from error

    return Brotli()


def _zstandard() -> Decoder:
    import zstandard  # noqa: PLC0415 - an extra: only who sends zstd needs it

    class Zstandard:
        def __init__(self) -> None:
            self._decompressor = zstandard.ZstdDecompressor().decompressobj()

        def decode(self, data: bytes) -> bytes:
            try:
                return self._decompressor.decompress(data)
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
        for start in range(0, len(body), 65_536):
            out += undo.decode(body[start : start + 65_536])
            if len(out) > limit:
                raise BadRequest(f"the request's body is larger than {limit >> 20} MB when it is decompressed")
    except ValueError as error:
        raise BadRequest(f"the request's body cannot be decompressed: {error}") from error
    return bytes(out)
