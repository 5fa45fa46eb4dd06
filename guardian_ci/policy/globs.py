"""How one name of a path fits one part of a pattern, where both may be globs.

A name that a shell or a search tool will expand can mean a blocked file without spelling it (``.e*``, ``id_?sa``), and
a part that nobody could resolve can mean anything. ``fit`` says how much a name tells: it compares letters with
letters, so that ``*.py`` is not taken for ``id_rsa*`` only because some name would suit both.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from fnmatch import translate
from functools import lru_cache, reduce
from operator import or_
from typing import Final

from guardian_ci.policy.shell.facts import UNKNOWN

WILD: Final = re.compile(f"[*?\\[{UNKNOWN}]")
"""What makes a name more than its letters."""

_MOST_TOKENS: Final = 64
_LONGEST_NAME: Final = 255
_LONGEST_GLOB: Final = 1024
_STARS: Final = re.compile(r"\*{3,}")
_NARROW: Final = 3
_POSIX_CLASS: Final = re.compile(r"\[:[a-z]{1,10}:\]|\[=.=\]|\[\..\.\]")
_ALIGNED_LETTER: Final = 1024


class Fit(IntEnum):
    """How a name fits a part of a pattern, from not at all to surely."""

    NONE = 0
    FAINT = 1
    """Some name would suit both; nothing says that it is meant."""
    WEAK = 2
    """The name is a mere wildcard, or unknown: it means this as it means all others."""
    MAY = 3
    LIKELY = 4
    """The name's letters are those of the part: whoever writes such a glob means it."""
    COVERED = 5
    """Whatever the name becomes, the part matches it."""


@dataclass(frozen=True, slots=True)
class _Class:
    """``[a-z]``: the characters that it holds and the ranges; all others where it is negated or holds a POSIX class."""

    singles: frozenset[str]
    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = False
    broad: bool = False

    def holds(self, character: str) -> bool:
        if self.broad:
            return True
        inside = character in self.singles or any(low <= character <= high for low, high in self.ranges)
        return inside is not self.negated

    @property
    def narrow(self) -> bool:
        """Whether it says as much as a letter does."""
        return not (self.negated or self.broad or self.ranges) and len(self.singles) <= _NARROW


class _Run:
    """``*``, or a gap that nobody could fill."""

    __slots__ = ()


class _One:
    """``?``."""

    __slots__ = ()


_RUN: Final = _Run()
_GAP: Final = _Run()
_ONE: Final = _One()
_Token = str | _Class | _Run | _One


def _tokens(text: str) -> tuple[_Token, ...]:
    tokens: list[_Token] = []
    position = 0
    while position < len(text):
        character = text[position]
        position += 1
        if character in {"*", UNKNOWN}:
            run = _GAP if character == UNKNOWN else _RUN
            if tokens and isinstance(tokens[-1], _Run):
                tokens[-1] = _GAP if _GAP in {run, tokens[-1]} else _RUN
            else:
                tokens.append(run)
        elif character == "?":
            tokens.append(_ONE)
        elif character == "[" and (read := _class(text, position)) is not None:
            found, position = read
            tokens.append(found)
        else:
            tokens.append(character)
    return tuple(tokens)


def _class(text: str, start: int) -> tuple[_Class, int] | None:
    """Read a class behind its bracket; None where it is never closed and so means the bracket itself."""
    position = start
    negated = text[position : position + 1] in {"!", "^"}
    position += negated
    body_start = position
    if text[position : position + 1] == "]":
        position += 1
    broad = False
    limit = min(len(text), start + _LONGEST_GLOB)
    while position < limit and text[position] != "]":
        if (named := _POSIX_CLASS.match(text, position)) is not None:
            broad, position = True, named.end()
        else:
            position += 1
    if position >= limit:
        return None
    body, singles, ranges, index = text[body_start:position], set(), [], 0
    while index < len(body):
        if index + 2 < len(body) and body[index + 1] == "-":
            ranges.append((body[index], body[index + 2]))
            index += 3
        else:
            singles.add(body[index])
            index += 1
    return _Class(frozenset(singles), tuple(ranges), negated=negated, broad=broad), position + 1


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One part of a pattern: a name, a glob, or ``**`` for any number of folders."""

    text: str
    glob: re.Pattern[str] | None
    tokens: tuple[_Token, ...]
    letters: int
    """How many characters it says."""
    runs: int
    """The places of its ``*``, as bits."""
    characters: Mapping[str, int]
    """The places at which it takes a character, for those that it says itself."""

    @property
    def deep(self) -> bool:
        """Whether it stands for any number of folders."""
        return self.text == "**"

    @property
    def everything(self) -> int:
        """All places, the end included."""
        return (2 << len(self.tokens)) - 1

    def reach(self, states: int) -> int:
        """Add the places that a ``*`` leads to by standing for nothing."""
        return states | (states & self.runs) << 1

    def singles(self, token: _Token) -> int:
        """Return the places that take a character which this token may stand for."""
        if isinstance(token, str):
            return self.characters.get(token, self.characters[""])
        if isinstance(token, _Class):
            held = (places for character, places in self.characters.items() if character and token.holds(character))
            return reduce(or_, held, self.characters[""])
        return self.everything & ~self.runs

    @property
    def all(self) -> bool:
        """Whether it matches every name."""
        return self.text in {"*", "**"}

    def means(self, name: str) -> bool:
        """Whether it matches a name as it is written."""
        return name == self.text if self.glob is None else self.glob.match(name) is not None


def part_of(text: str) -> Part:
    """Make one part of a pattern ready to be asked."""
    tokens = _tokens(text)
    wild = any(not isinstance(token, str) for token in tokens)
    return _part(text, tokens, re.compile(translate(text.replace("[^", "[!"))) if wild else None)


def literal_part(name: str) -> Part:
    """Make a part that means one name, whatever characters are in it."""
    return _part(name, tuple(name), None)


def _part(text: str, tokens: tuple[_Token, ...], glob: re.Pattern[str] | None) -> Part:
    said = {token for token in tokens if isinstance(token, str)}
    said |= {character for token in tokens if isinstance(token, _Class) for character in token.singles}
    return Part(
        text=text,
        glob=glob,
        tokens=tokens,
        letters=sum(_says(token) for token in tokens),
        runs=sum(1 << place for place, token in enumerate(tokens) if isinstance(token, _Run)),
        characters={
            character: sum(1 << place for place, token in enumerate(tokens) if _takes(token, character))
            for character in ("", *said)
        },
    )


def _takes(token: _Token, character: str) -> bool:
    """Whether a token stands for a character; "" is any that is not said, which a range or a negation may mean."""
    if isinstance(token, str):
        return token == character
    if isinstance(token, _Class):
        return token.holds(character) if character else bool(token.ranges or token.negated or token.broad)
    return isinstance(token, _One)


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a path; ``tokens`` is None where it means just what it says."""

    text: str
    tokens: tuple[_Token, ...] | None
    letters: int

    @property
    def deep(self) -> bool:
        """Whether it stands for any number of folders (``**``)."""
        return self.text == "**"

    @property
    def gap(self) -> bool:
        """Whether nothing of it is known."""
        return self.tokens == (_GAP,)

    @property
    def says(self) -> bool:
        """Whether it has letters of its own."""
        return self.letters > 0


def name_of(text: str) -> Name:
    """Read one name of a path."""
    if WILD.search(text) is None:
        return Name(text, None, len(text))
    if len(text) > _LONGEST_NAME and len(text := _STARS.sub("*", text)) > _LONGEST_GLOB:
        return Name(UNKNOWN, (_GAP,), 0)  # longer than anybody writes: it may mean anything
    return _glob_name(text)


@lru_cache(maxsize=2048)
def _glob_name(text: str) -> Name:
    tokens = _tokens(text)
    if all(isinstance(token, str) for token in tokens):
        return Name(text, None, len(text))
    return Name(text, tokens, sum(_says(token) for token in tokens))


def _says(token: _Token) -> bool:
    return isinstance(token, str) or (isinstance(token, _Class) and token.narrow)


def fit(name: Name, part: Part) -> Fit:
    """Return how a name fits a part."""
    if part.means(name.text):
        return Fit.COVERED
    if name.tokens is None or not (name.gap or _meet(name.tokens, part)):
        return Fit.NONE
    if not name.letters:
        return Fit.WEAK
    if len(name.tokens) > _MOST_TOKENS or len(part.tokens) > _LONGEST_NAME:
        return Fit.MAY
    return _told(name, part, *divmod(_aligned(name.tokens, part.tokens), _ALIGNED_LETTER))


def _told(name: Name, part: Part, letters: int, aligned: int) -> Fit:
    """Judge by how many characters of the part the name says itself."""
    tokens = name.tokens or ()
    first = tokens[0]
    begins = _says(first) and _says(part.tokens[0])
    hidden = part.tokens[0] == "." and not begins and first is not _GAP  # a shell wants a leading dot to be written
    half, third = 2 * aligned >= part.letters, 3 * aligned >= part.letters
    if aligned and not begins and not any(isinstance(token, _Run) for token in tokens):
        return (
            Fit.LIKELY if aligned == part.letters and not hidden else Fit.MAY
        )  # it is as long, and where it speaks so
    if not aligned or (not begins and not letters):
        return Fit.FAINT
    if aligned < name.letters or hidden:
        return Fit.MAY if half else Fit.FAINT
    if begins:
        return Fit.LIKELY if half and letters and _GAP not in tokens else Fit.MAY
    if aligned == part.letters and _GAP not in tokens:
        return Fit.LIKELY
    return Fit.MAY if third else Fit.FAINT


def _suits(one: _Token, other: _Token) -> bool:
    """Whether two tokens for one character each may stand for the same."""
    if isinstance(one, str):
        return one == other if isinstance(other, str) else not isinstance(other, _Class) or other.holds(one)
    if isinstance(one, _Class) and isinstance(other, str):
        return one.holds(other)
    if isinstance(one, _Class) and isinstance(other, _Class) and other.narrow:
        return any(one.holds(character) for character in other.singles)
    return True


def _meet(name: tuple[_Token, ...], part: Part) -> bool:
    """Whether some name suits both: all places in the part that the name may have come to, as bits of a number."""
    states = part.reach(1)
    for token in name:
        if isinstance(token, _Run):
            states = part.everything & -(states & -states)  # whatever comes at or behind the first of them
        else:
            states = part.reach((states & part.singles(token)) << 1 | states & part.runs)
        if not states:
            return False
    return bool(states >> len(part.tokens))


def _aligned(name: tuple[_Token, ...], part: tuple[_Token, ...]) -> int:
    """Return how many characters both say in the same place, at best; -1 where no name suits both.

    Letters and digits count ``_ALIGNED_LETTER`` more than punctuation does. The table has name x part cells.
    """
    row = [0] + [-1] * len(part)
    _skip_runs(row, part)
    for token in name:
        below = [-1] * (len(part) + 1)
        run = isinstance(token, _Run)
        for position, score in enumerate(row):
            if score < 0:
                continue
            if run:
                below[position] = max(below[position], score)
            if position == len(part):
                continue
            other = part[position]
            if isinstance(other, _Run):
                below[position] = max(below[position], score)
            elif not run and _suits(token, other):
                below[position + 1] = max(below[position + 1], score + _weight(token, other))
        if run:
            best = -1
            for position, score in enumerate(below):
                below[position] = best = max(best, score)
        else:
            _skip_runs(below, part)
        row = below
    return row[-1]


def _skip_runs(row: list[int], part: tuple[_Token, ...]) -> None:
    for position, token in enumerate(part):
        if isinstance(token, _Run) and row[position] >= 0:
            row[position + 1] = max(row[position + 1], row[position])


def _weight(token: _Token, other: _Token) -> int:
    if not (_says(token) and _says(other)):
        return 0
    character = token if isinstance(token, str) else other if isinstance(other, str) else ""
    return 1 + (_ALIGNED_LETTER if character.isalnum() else 0)
