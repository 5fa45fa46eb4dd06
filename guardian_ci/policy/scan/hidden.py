"""Finds text that people do not see and a model reads: tags, turned directions, runs of what has no width.

What languages and emoji need passes: joiners between letters of scripts that join, sequences of emoji, balanced
directions, a byte order mark at the beginning.
"""

import re
from collections.abc import Iterator
from typing import Final

HIDDEN_UNICODE: Final = "hidden_unicode"

_WIDTHLESS: Final = "\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\u206a-\u206f\ufeff"
_SELECTORS: Final = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_TELLING: Final = re.compile(
    rf"[{_WIDTHLESS}]{{2}}|[{_SELECTORS}]{{2}}|[\U000e0000-\U000e007f\u202a-\u202e\u2066-\u2069]|[\U000e0100-\U000e01ef]"
)
"""What a text with something hidden holds, once its ASCII is taken out."""

_TAGS: Final = re.compile(r"(?:\U0001f3f4[\U000e0030-\U000e007a]{2,7}\U000e007f)|([\U000e0000-\U000e007f]+)")
_FLAG: Final = "\U0001f3f4"
_RUN: Final = re.compile(rf"[{_WIDTHLESS}]{{4,}}")
_STUDDED: Final = re.compile(rf"(?:[A-Za-z][{_WIDTHLESS}]{{1,3}}){{4,}}[A-Za-z]")
_SMUGGLED: Final = re.compile(rf"[{_SELECTORS}]{{3,}}|[\U000e0100-\U000e01ef]{{2,}}|[\x21-\x7e][\U000e0100-\U000e01ef]")
_DIRECTIONS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]+")
_LISTED: Final = 3
"""So many marks side by side turn nothing: they stand in a list of such marks."""
_OPEN: Final = {"\u202a": "\u202c", "\u202b": "\u202c", "\u202d": "\u202c", "\u202e": "\u202c"} | dict.fromkeys(
    "\u2066\u2067\u2068", "\u2069"
)
_OVERRIDES: Final = "\u202d\u202e"
_LATIN: Final = re.compile(r"[A-Za-z0-9]")
_DEEPEST: Final = 125
_LONGEST_LINE: Final = 10_000


def hidden(text: str, foreign: str) -> Iterator[tuple[int, int]]:
    """Yield where a text hides something. ``foreign`` is what of it is not ASCII, in its order."""
    if not _TELLING.search(foreign):
        return
    for pattern in (_RUN, _STUDDED, _SMUGGLED):
        for found in pattern.finditer(text):
            yield found.span()
    for found in _TAGS.finditer(text):
        if found[1] is not None:
            yield found.span()
    yield from _turned(text)


def _turned(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places where the direction is turned and not turned back on the same line, or Latin text is turned."""
    line = -1
    open_marks: list[tuple[str, int]] = []
    for run in _DIRECTIONS.finditer(text):
        start = max(text.rfind("\n", max(line, 0), run.start()), line)
        if start != line:
            yield from _left_open(open_marks)
            open_marks, line = [], start
        if len(run[0]) >= _LISTED:
            continue
        for at, mark in enumerate(run[0], run.start()):
            if mark in _OPEN:
                open_marks.append((mark, at))
            elif not open_marks or _OPEN[open_marks[-1][0]] != mark:
                yield at, at + 1
            else:
                opened, began = open_marks.pop()
                if opened in _OVERRIDES and _LATIN.search(text, began, min(at, began + _LONGEST_LINE)):
                    yield began, at + 1
        if len(open_marks) > _DEEPEST:
            yield open_marks[0][1], run.end()
            return
    yield from _left_open(open_marks)


def _left_open(marks: list[tuple[str, int]]) -> Iterator[tuple[int, int]]:
    if marks:
        yield marks[0][1], marks[-1][1] + 1
