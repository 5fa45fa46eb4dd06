"""The values of a Python program that is followed: constants, paths, what files hold, and ``DARK`` for the rest."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from guardian_ci.policy.shell.encodings import (
    LONGEST,
    bytes_of,
    decompressed,
    from_base64,
    from_hex,
    text_of,
)
from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.listings import is_listing

MOST_ITEMS: Final = 512
_LARGEST_NUMBER: Final = 1 << 64
_WIDEST_FIELD: Final = 6
_DEEPEST: Final = 4


class _Mark(Enum):
    DARK = auto()


DARK: Final = _Mark.DARK
"""A value that is not known."""


@dataclass(frozen=True, slots=True)
class Named:
    """Something of a module, by its full name: ``os.path.join``."""

    name: str


@dataclass(frozen=True, slots=True)
class PathValue:
    """A ``pathlib.Path``."""

    text: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a file, or came from a host: None. ``packs``: it is an archive that files are added to."""

    path: str | None
    packs: bool = False


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a value."""

    owner: object
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Routine:
    """A function that the program defines."""

    arguments: ast.arguments
    body: Sequence[ast.stmt] | ast.expr


def as_text(value: object) -> str:
    """Return a value as text; ``UNKNOWN`` for what is not known of it."""
    match value:
        case str():
            return value
        case bytes():
            return text_of(value)
        case bool() | int() | float() | None:
            return str(value)
        case PathValue(text=text):
            return text
        case list() | tuple() if all(isinstance(item, str | int) for item in value):
            return str(value)
        case _:
            return UNKNOWN


def texts_in(value: object, depth: int = 0) -> list[str]:
    """Return the texts in a value."""
    match value:
        case str():
            return [value]
        case bytes():
            return [text_of(value)]
        case PathValue(text=text):
            return [text]
        case list() | tuple() if depth < 4:  # noqa: PLR2004 - texts lie no deeper
            return [text for item in value[:MOST_ITEMS] for text in texts_in(item, depth + 1)]
        case dict() if depth < 4:  # noqa: PLR2004
            return [text for item in value.values() for text in texts_in(item, depth + 1)]
        case _:
            return []


def is_small(value: object) -> bool:
    if isinstance(value, str | bytes | list | tuple | dict):
        return len(value) <= LONGEST
    return not isinstance(value, int) or abs(value) < _LARGEST_NUMBER << _LARGEST_NUMBER.bit_length()


def is_listed(value: object) -> bool:
    return is_listing(as_text(value)) if isinstance(value, str | PathValue) else False


def says_something(value: object) -> bool:
    return bool(as_text(value).rpartition("/")[2].strip("*.?"))


def either(left: object, right: object) -> object:
    return right if left is DARK or left is None else left


def added(left: object, right: object) -> object:
    for kind in (bytes, list, tuple):
        if isinstance(left, kind) and isinstance(right, kind):
            return left + right  # type: ignore[operator]
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    if isinstance(left, str) or isinstance(right, str):
        return as_text(left) + as_text(right)
    return DARK


def calculated(operator: ast.operator, left: int, right: int) -> object:
    match operator:
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.FloorDiv():
            return left // right
        case ast.Mod():
            return left % right
        case ast.BitXor():
            return left ^ right
        case ast.BitAnd():
            return left & right
        case ast.BitOr():
            return left | right
        case ast.LShift() if right < 128:  # noqa: PLR2004 - what is followed is no larger
            return left << right
        case ast.RShift():
            return left >> right
        case _:
            return DARK


def joined_path(left: str, right: str) -> PathValue:
    return PathValue(
        right if right.startswith("/") else f"{left.rstrip('/')}/{right}" if left not in {"", "."} else right
    )


def percent_filled(form: str, values: object) -> object:
    """Fill a ``%`` form piece by piece; what is not known leaves its gap."""
    left = list(reversed(values)) if isinstance(values, tuple) else [values]
    parts: list[str] = []
    pieces = form.split("%")
    parts.append(pieces[0])
    position = 1
    while position < len(pieces):
        piece = pieces[position]
        position += 1
        if not piece:
            parts.append("%" + (pieces[position] if position < len(pieces) else ""))
            position += 1
            continue
        width = len(piece) - len(piece.lstrip("0123456789.-+# "))
        letter, rest = piece[width : width + 1], piece[width + 1 :]
        if piece.startswith("(") or width > 6:  # noqa: PLR2004 - a wide field
            return DARK
        value = left.pop() if left else DARK
        if letter == "c":
            text = chr(value) if isinstance(value, int) else as_text(value)
        elif letter in "xXo" and isinstance(value, int):
            text = format(value, piece[:width].replace("-", "") + letter)
        else:
            text = as_text(value)
        parts += [text, rest]
    return "".join(parts)


def brace_filled(form: str, values: Sequence[object], named: Mapping[str, object]) -> str:
    """Fill a ``{}`` form; what is not known leaves its gap."""
    parts: list[str] = []
    position, number = 0, 0
    while position < len(form):
        character = form[position]
        if form.startswith(("{{", "}}"), position):
            parts.append(character)
            position += 2
        elif character == "{":
            end = form.find("}", position)
            end = len(form) if end < 0 else end
            name, _, spec = form[position + 1 : end].partition(":")
            name = name.partition("!")[0]
            key = name or str(number)
            number += not name
            value = values[int(key)] if key.isdigit() and int(key[:4]) < len(values) else named.get(key, DARK)
            parts.append(chr(value) if spec == "c" and isinstance(value, int) else as_text(value))
            position = end + 1
        else:
            parts.append(character)
            position += 1
    return "".join(parts)


def method_of_text(owner: str | bytes, name: str, values: list[object]) -> object:
    if (
        name in {"replace", "translate"}
        and sum(len(value) for value in values if isinstance(value, str | bytes)) * len(owner) > LONGEST
    ):
        return DARK
    if name == "decode" and isinstance(owner, bytes):
        codec = as_text(values[0]) if values else "utf-8"
        return (
            text_of(owner) if codec.lower().replace("-", "") in {"utf8", "ascii", "latin1"} else decoded(owner, codec)
        )
    if name == "encode" and isinstance(owner, str):
        return owner.encode("utf-8", "replace")
    if name in {"decode", "encode"} or any(value is DARK or isinstance(value, Named | Contents) for value in values):
        return DARK
    return getattr(owner, name)(*values)


def decoded(data: object, codec: str) -> object:
    text = as_text(data)
    match codec.lower().replace("-", "").replace("_", ""):
        case "rot13":
            return "".join(_rotated(character) for character in text)
        case "hex" | "hexcodec":
            found = from_hex(text)
        case "base64" | "base64codec":
            found = from_base64(text)
        case "zlib" | "zip" | "bz2" | "gzip":
            found = decompressed(text)
        case "utf8" | "ascii" | "latin1":
            return text
        case "unicodeescape" | "stringescape":
            from guardian_ci.policy.shell.encodings import unescaped  # noqa: PLC0415

            return unescaped(text)
        case "utf16" | "utf16le":
            return bytes_of(text).decode("utf-16-le", "replace")
        case _:
            return DARK
    return DARK if found is None else found


def _rotated(character: str) -> str:
    for first in "aA":
        if 0 <= ord(character) - ord(first) < 26:  # noqa: PLR2004 - letters of the alphabet
            return chr((ord(character) - ord(first) + 13) % 26 + ord(first))
    return character
