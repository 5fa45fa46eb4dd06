"""Expands braces (``{a,b}``, ``{1..9}``), which is done by the letters alone, before anything has a value."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final

from guardian_ci.policy.shell.facts import TAME
from guardian_ci.policy.shell.syntax import Literal, Parameter, Part

MOST_WORDS: Final = 256
"""How many words one word may become; of more, the first ones."""

_MOST_SIGNS: Final = 2_000
_MOST_BRACES: Final = 64
_DEEPEST: Final = 8
_NUMBERS: Final = re.compile(r"(-?[0-9]{1,9})\.\.(-?[0-9]{1,9})(?:\.\.(-?[0-9]{1,9}))?")
_LETTERS: Final = re.compile(r"([A-Za-z])\.\.([A-Za-z])(?:\.\.(-?[0-9]{1,3}))?")

_Item = str | Part  # an unquoted character, or a part that has nothing to do with braces


def expanded(parts: tuple[Part, ...]) -> list[tuple[Part, ...]]:
    """Return the words, as parts, that a word's braces make of it."""
    if not any(isinstance(part, Literal) and not part.quoted and "{" in part.text for part in parts):
        return [parts]
    items = list(_items(parts))
    if len(items) > _MOST_SIGNS or items.count("{") > _MOST_BRACES:
        return [parts]
    return [_parts(items) for items in _words(items, 0)]


def _items(parts: Iterable[Part]) -> Iterator[_Item]:
    for part in parts:
        if isinstance(part, Literal) and not part.quoted:
            yield from part.text
        else:
            yield part


def _parts(items: Iterable[_Item]) -> tuple[Part, ...]:
    parts: list[Part] = []
    for item in items:
        last = parts[-1] if parts else None
        if not isinstance(item, str):
            parts.append(item)
        elif isinstance(last, Parameter) and last.bare and (item.isalnum() or item == "_"):
            parts[-1] = replace(last, name=last.name + item)  # `$x{1,2}` is `$x1 $x2`
        elif isinstance(last, Literal) and not last.quoted:
            parts[-1] = Literal(last.text + item)
        else:
            parts.append(Literal(item))
    return tuple(parts)


def _words(items: list[_Item], depth: int) -> list[list[_Item]]:
    words: list[list[_Item]] = [[]]
    position = 0
    while position < len(items):
        choice = _choice(items, position, depth) if items[position] == "{" else None
        branches, position = choice if choice is not None else ([[items[position]]], position + 1)
        words = [word + branch for word in words for branch in branches][:MOST_WORDS]
    return words


def _choice(items: list[_Item], start: int, depth: int) -> tuple[list[list[_Item]], int] | None:
    """Return what the brace at a place offers, and the place behind it; None where it means itself."""
    commas, end = _extent(items, start)
    if end < 0 or depth == _DEEPEST:
        return None
    inner = items[start + 1 : end]
    if commas:
        edges = [start, *commas, end]
        branches = [word for left, right in pairwise(edges) for word in _words(items[left + 1 : right], depth + 1)]
        return branches[:MOST_WORDS], end + 1
    if all(isinstance(item, str) for item in inner):
        series = _series("".join(str(item) for item in inner))
        return None if series is None else ([list(text) for text in series], end + 1)
    return None


def _extent(items: list[_Item], start: int) -> tuple[list[int], int]:
    """Return the places of a brace's own commas and of its end; -1 where it has none."""
    commas: list[int] = []
    depth = 0
    for place in range(start, len(items)):
        item = items[place]
        if item == "{":
            depth += 1
        elif item == "}":
            depth -= 1
            if depth == 0:
                return commas, place
        elif item == "," and depth == 1:
            commas.append(place)
    return [], -1


def _series(text: str) -> list[str] | None:
    if (letters := _LETTERS.fullmatch(text)) is not None:
        first, last, step = letters.groups()
        return [chr(code) for code in _steps(ord(first), ord(last), step)]
    if (numbers := _NUMBERS.fullmatch(text)) is None:
        return None
    first, last, step = numbers.groups()
    padded = any(len(each) > 1 and each.lstrip("-").startswith("0") for each in (first, last))
    width = max(len(first), len(last)) if padded else 0
    steps = _steps(int(first), int(last), step)
    series = [f"{number:0{width}d}" for number in steps[:MOST_WORDS]]
    return [*series[: MOST_WORDS - 1], TAME] if len(steps) > MOST_WORDS else series


def _steps(first: int, last: int, step: str | None) -> range:
    stride = max(abs(int(step or 1)), 1)
    return range(first, last + 1, stride) if first <= last else range(first, last - 1, -stride)
