"""Undoes the encodings in which a command can hide a word: base 64, 32 and 16, escapes, compression.

Texts are characters; bytes that are no UTF-8 are one character each. Whatever is broken or too large gives None.
"""

import base64
import binascii
import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterable
from typing import Final

from guardian_ci.policy.shell.facts import TAME, UNKNOWN

LONGEST: Final = 65_536
"""No text that is followed is longer than this."""

_CODES: Final = (
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|(%s)|o\{([0-7]{1,6})\}"
    r"|x\{([0-9a-fA-F]{1,6})\}|u\{([0-9a-fA-F]{1,6})\}|(.))"
)
_ESCAPE: Final = re.compile(_CODES % "[0-7]{1,3}", re.DOTALL)
_ESCAPE_AFTER_ZERO: Final = re.compile(_CODES % "0[0-7]{1,3}|[0-7]{1,3}", re.DOTALL)
_LETTERS: Final = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "v": "\v",
}
_NOT_BASE64: Final = re.compile(r"[^A-Za-z0-9+/]")
_NOT_BASE32: Final = re.compile(r"[^A-Za-z2-7]")
_NOT_HEX: Final = re.compile(r"[^0-9a-fA-F]")
_LAST_CODE_POINT: Final = 0x10FFFF


def is_constant(text: str | None) -> bool:
    """Whether a text is known in all its parts."""
    return text is not None and UNKNOWN not in text and TAME not in text


def joined_within(parts: Iterable[str], glue: str = "") -> str | None:
    """Join texts; None where they are longer together than what is followed."""
    texts: list[str] = []
    size = 0
    for part in parts:
        texts.append(part)
        size += len(part) + len(glue)
        if size > LONGEST + len(glue):
            return None
    return glue.join(texts)


def text_of(data: bytes) -> str:
    """Return bytes as characters."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def bytes_of(text: str) -> bytes:
    """Return characters as the bytes that they were read from."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def from_base64(text: str) -> str | None:
    """Decode base 64, the URL's alphabet too; what does not belong is left out, as ``-i`` does."""
    letters = _NOT_BASE64.sub("", text.replace("-", "+").replace("_", "/"))
    if not is_constant(text) or len(letters) > LONGEST:
        return None
    spare = len(letters) % 4
    letters = letters[: len(letters) - 1] if spare == 1 else letters + "=" * (-len(letters) % 4)
    try:
        return text_of(base64.b64decode(letters))
    except (binascii.Error, ValueError):
        return None


def from_base32(text: str) -> str | None:
    """Decode base 32."""
    letters = _NOT_BASE32.sub("", text).upper()
    if not is_constant(text) or len(letters) > LONGEST:
        return None
    try:
        return text_of(base64.b32decode(letters + "=" * (-len(letters) % 8)))
    except (binascii.Error, ValueError):
        return None


def from_hex(text: str) -> str | None:
    """Decode hexadecimal digits; whatever stands between them is left out."""
    digits = _NOT_HEX.sub("", text)
    if not is_constant(text) or len(digits) > LONGEST:
        return None
    return text_of(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def decompressed(text: str) -> str | None:
    """Undo gzip, zlib, bzip2, xz or raw deflate, up to a bound."""
    if not is_constant(text):
        return None
    data = bytes_of(text)
    attempts: tuple[Callable[[], bytes], ...] = (
        lambda: zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(data, LONGEST),
        lambda: zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(data, LONGEST),
        lambda: bz2.BZ2Decompressor().decompress(data, LONGEST),
        lambda: lzma.LZMADecompressor(memlimit=1 << 26).decompress(data, LONGEST),
    )
    for attempt in attempts:
        try:
            plain = attempt()
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
            continue
        if plain:
            return text_of(plain)
    return None


def unescaped(text: str, *, after_zero: bool = False) -> str:
    """Undo backslash escapes: letters, octal, hexadecimal, Unicode; ``after_zero``: octal as ``echo -e`` has it."""
    if "\\" not in text:
        return text
    return (_ESCAPE_AFTER_ZERO if after_zero else _ESCAPE).sub(_unescape, text)


def _unescape(escape: re.Match[str]) -> str:
    two, four, eight, octal, braced_octal, braced, braced_unicode, letter = escape.groups()
    digits = two or four or eight or braced or braced_unicode
    if digits is not None or octal is not None or braced_octal is not None:
        code = int(digits, 16) if digits is not None else int(octal or braced_octal, 8) % (0x100 if octal else 0x110000)
        return chr(code) if code <= _LAST_CODE_POINT else ""
    if letter in _LETTERS:
        return _LETTERS[letter]
    return str(letter) if letter in "\\\"'`$/?" else escape[0]


def to_base64(text: str) -> str | None:
    """Encode as base 64."""
    return base64.b64encode(bytes_of(text)).decode() if is_constant(text) else None


def to_base32(text: str) -> str | None:
    """Encode as base 32."""
    return base64.b32encode(bytes_of(text)).decode() if is_constant(text) else None


def to_hex(text: str) -> str | None:
    """Encode as hexadecimal digits."""
    return bytes_of(text).hex() if is_constant(text) else None
