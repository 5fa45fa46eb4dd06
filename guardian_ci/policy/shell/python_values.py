"""The values of a Python program that is followed: constants, paths, what files hold, and ``DARK`` for the rest."""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from guardian_ci.policy.shell.encodings import (
    LONGEST,
    bytes_of,
    decompressed,
    from_base64,
    from_hex,
    joined_within,
    text_of,
    unescaped,
)
from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.listings import is_listing

MOST_ITEMS: Final = 512
LARGEST_NUMBER: Final = 1 << 64
_WIDEST_FIELD: Final = 4
_FARTHEST: Final = 128


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
        case list() | tuple() if len(value) < MOST_ITEMS and all(isinstance(item, str | int) for item in value):
            return str(value) if joined_within(map(str, value)) is not None else UNKNOWN
        case _:
            return UNKNOWN


def texts_in(value: object) -> list[str]:
    """Return the texts in a value, however deep they lie, up to a bound."""
    found: list[str] = []
    waiting = [value]
    for _ in range(2 * MOST_ITEMS):
        if not waiting:
            break
        match waiting.pop():
            case str() | bytes() | PathValue() as text:
                found.append(as_text(text))
            case list() | tuple() as items:
                waiting += reversed(items[:MOST_ITEMS])
            case dict() as items:
                waiting += reversed(list(items.values())[:MOST_ITEMS])
    return found


def is_small(value: object) -> bool:
    """Whether a value is followed further."""
    if isinstance(value, str | bytes | list | tuple | dict):
        return len(value) <= LONGEST
    return not isinstance(value, int) or abs(value) < LARGEST_NUMBER << LARGEST_NUMBER.bit_length()


def is_listed(value: object) -> bool:
    """Whether a value is a name of a listing, which stands for some names."""
    return is_listing(as_text(value)) if isinstance(value, str | PathValue) else False


def says_something(value: object) -> bool:
    """Whether a name of a listing says what it looks like."""
    return bool(as_text(value).rpartition("/")[2].strip("*.?"))


def either(left: object, right: object) -> object:
    """Return the one of two values that is known."""
    return right if left is DARK or left is None else left


def added(left: object, right: object) -> object:
    """Return a sum; of texts what is known of it."""
    match left, right:
        case (bytes(), bytes()) | (list(), list()) | (tuple(), tuple()) | (int(), int()):
            return operator.add(left, right)
        case (str(), _) | (_, str()):
            return as_text(left) + as_text(right)
        case _:
            return DARK


_OPERATORS: Final[Mapping[type[ast.operator], Callable[[int, int], int]]] = {
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitXor: operator.xor,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.RShift: operator.rshift,
    ast.LShift: operator.lshift,
}


def calculated(sign: ast.operator, left: int, right: int) -> object:
    """Return what two numbers give; those that grow too fast give nothing that is known."""
    known = _OPERATORS.get(type(sign))
    if (
        known is None
        or max(abs(left), abs(right)) > LARGEST_NUMBER
        or (isinstance(sign, ast.LShift) and right > _FARTHEST)
    ):
        return DARK
    return known(left, right)


_COMPARISONS: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda part, whole: part in whole,
    ast.NotIn: lambda part, whole: part not in whole,
}


def compared(sign: ast.cmpop, left: object, right: object) -> object:
    """Return whether a comparison holds, where both sides are constants."""
    known = _COMPARISONS.get(type(sign))
    plain = all(
        isinstance(value, str | bytes | int | list | tuple) and not is_listed(value) and UNKNOWN not in texts_in(value)
        for value in (left, right)
    )
    return known(left, right) if known is not None and plain and not any(map(_holds_dark, (left, right))) else DARK


def _holds_dark(value: object) -> bool:
    return isinstance(value, list | tuple) and any(item is DARK or is_listed(item) for item in value[:MOST_ITEMS])


def joined_path(left: str, right: str) -> PathValue:
    """Return a path below another, unless it begins at the root."""
    if right.startswith("/") or left in {"", "."}:
        return PathValue(right)
    return PathValue(f"{left.rstrip('/')}/{right}")


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
        if piece.startswith("(") or width > _WIDEST_FIELD:
            return DARK
        value = left.pop() if left else DARK
        if letter == "c":
            text = chr(value) if isinstance(value, int) else as_text(value)
        elif letter in "xXo" and isinstance(value, int):
            text = format(value, piece[:width].replace("-", "") + letter)
        else:
            text = as_text(value)
        parts += [text, rest]
    filled = joined_within(parts)
    return DARK if filled is None else filled


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
    filled = joined_within(parts)
    return UNKNOWN if filled is None else filled


def method_of_text(owner: str | bytes, name: str, values: list[object]) -> object:
    """Return what a method of a text gives, where that is bounded."""
    if name == "decode" and isinstance(owner, bytes):
        return decoded(owner, as_text(values[0]) if values else "utf-8")
    if name == "encode" and isinstance(owner, str):
        return owner.encode("utf-8", "replace")
    size = sum(len(value) for value in values if isinstance(value, str | bytes))
    grows = name in {"replace", "translate"} and size * len(owner) > LONGEST
    if grows or any(value is DARK or isinstance(value, Named | Contents) for value in values):
        return DARK
    return getattr(owner, name)(*values)


def decoded(data: object, codec: str) -> object:
    """Return a text that a codec has hidden."""
    text = as_text(data)
    found: str | None = None
    match codec.lower().replace("-", "").replace("_", ""):
        case "rot13":
            found = "".join(_rotated(character) for character in text)
        case "hex" | "hexcodec":
            found = from_hex(text)
        case "base64" | "base64codec":
            found = from_base64(text)
        case "zlib" | "zip" | "bz2" | "gzip":
            found = decompressed(text)
        case "utf8" | "ascii" | "latin1":
            found = text
        case "unicodeescape" | "stringescape":
            found = unescaped(text)
        case "utf16" | "utf16le":
            found = bytes_of(text).decode("utf-16-le", "replace")
    return DARK if found is None else found


def _rotated(character: str) -> str:
    for first in "aA":
        if 0 <= ord(character) - ord(first) < 26:  # noqa: PLR2004 - letters of the alphabet
            return chr((ord(character) - ord(first) + 13) % 26 + ord(first))
    return character
