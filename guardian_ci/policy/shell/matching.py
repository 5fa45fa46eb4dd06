"""Matches the shell's patterns (``*``, ``?``, ``[a-z]``, ``@(a|b)``) against texts whose parts may not be known.

A pattern is text in which a backslash takes a character's meaning away. Matching follows all ways at once, so its work
is the pattern's length times the text's; beyond a limit, and for what cannot be decided, the answer is None.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from guardian_ci.policy.shell.marks import is_known
from guardian_ci.policy.shell.patterns import CLASSES

_MOST_WORK: Final = 100_000
_MOST_PATTERNS: Final = 32
_LONGEST_PATTERN: Final = 1_000
_GLOB_SIGNS: Final = frozenset("*?[")
_PLAIN: Final = re.compile(r"[^*?\[\\(]*+")
_GROUP: Final = re.compile(r"[?*+@!]\(")
_CHOICE: Final = re.compile(r"([?@*+!])\(([^()]*+)\)")

_Test = Callable[[str], bool] | None  # None: any number of characters


class _Undecided(Exception):  # noqa: N818 - caught in this module: not known
    pass


def escaped(text: str) -> str:
    """Return a text as a pattern that means nothing but it."""
    return re.sub(r"([*?\[\]\\()|+@!])", r"\\\1", text)


def matches(pattern: str, text: str) -> bool | None:
    """Whether a pattern means all of a text; None where that is not known."""
    try:
        return any(len(text) in _ends(steps, text) for steps in _compiled(pattern)) if is_known(text) else _any(pattern)
    except _Undecided:
        return None


def may_mean(pattern: str, text: str) -> bool | None:
    """Whether a pattern means a text, which may be a glob that stands for the names of files that it means."""
    found = matches(pattern, text)
    return None if found is False and not _GLOB_SIGNS.isdisjoint(text) else found


def _any(pattern: str) -> bool | None:
    """A pattern that means everything means also what is not known."""
    return True if pattern == "*" else None


def without_prefix(text: str, pattern: str, *, longest: bool) -> str | None:
    """Return a text without what a pattern means at its beginning; None where that is not known."""
    try:
        ends = set().union(*(_ends(steps, text) for steps in _compiled(pattern)))
    except _Undecided:
        return None
    return text[(max(ends) if longest else min(ends)) :] if ends else text


def without_suffix(text: str, pattern: str, *, longest: bool) -> str | None:
    """Return a text without what a pattern means at its end; None where that is not known."""
    try:
        ends = _suffixes(text, _compiled(pattern))
    except _Undecided:
        return None
    return text[: len(text) - (max(ends) if longest else min(ends))] if ends else text


def _suffixes(text: str, programs: tuple[tuple[_Test, ...], ...]) -> set[int]:
    """Return how many characters at a text's end a pattern may mean."""
    return set().union(*(_ends(steps[::-1], text[::-1]) for steps in programs))


def replaced(text: str, pattern: str, replacement: str, *, everywhere: bool = False, at: str = "") -> str | None:
    """Return a text in which a pattern's longest match is replaced: the first, or all; ``at`` ties it to an end."""
    if not pattern:
        return replacement + text if at == "#" else text + replacement if at == "%" else text
    if not is_known(text):
        return None
    try:
        programs = _compiled(pattern)
        if at == "%":
            ends = _suffixes(text, programs)
            return text[: len(text) - max(ends)] + replacement if ends else text
        return _replaced(text, programs, replacement, everywhere=everywhere, only_start=at == "#")
    except _Undecided:
        return None


def _replaced(
    text: str, programs: tuple[tuple[_Test, ...], ...], replacement: str, *, everywhere: bool, only_start: bool
) -> str:
    if len(text) * len(text) * len(programs) > _MOST_WORK * 40:
        raise _Undecided
    if not text and any(0 in _ends(steps, text) for steps in programs):
        return replacement
    done: list[str] = []
    position = 0
    while position < len(text):
        ends = set().union(*(_ends(steps, text, position) for steps in programs)) - {0}
        if ends:
            done.append(replacement)
            position += max(ends)
            if not everywhere:
                break
        else:
            done.append(text[position])
            position += 1
        if only_start:
            break
    return "".join(done) + text[position:]


def _ends(steps: tuple[_Test, ...], text: str, start: int = 0) -> set[int]:
    """Return how many characters from a place on a pattern may mean."""
    if len(steps) * (len(text) - start + 1) > _MOST_WORK:
        raise _Undecided
    ends: set[int] = set()
    states = _with_skips(steps, {0})
    for position in range(start, len(text) + 1):
        if len(steps) in states:
            ends.add(position - start)
        if position == len(text) or not states:
            break
        sign = text[position]
        following: set[int] = set()
        for state in states:
            if state < len(steps):
                test = steps[state]
                if test is None:
                    following.add(state)
                elif test(sign):
                    following.add(state + 1)
        states = _with_skips(steps, following)
    return ends


def _with_skips(steps: tuple[_Test, ...], states: set[int]) -> set[int]:
    """Add the states that ``*`` reaches by meaning nothing."""
    for state in tuple(states):
        place = state
        while place < len(steps) and steps[place] is None:
            place += 1
            states.add(place)
    return states


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> tuple[tuple[_Test, ...], ...]:
    if len(pattern) > _LONGEST_PATTERN:
        raise _Undecided
    choices = (pattern,) if _GROUP.search(pattern) is None else choices_of(pattern)
    if choices is None:
        raise _Undecided
    return tuple(_steps(choice) for choice in choices)


def choices_of(pattern: str) -> tuple[str, ...] | None:
    """Return the patterns without groups that one with ``@(a|b)`` and ``?(a)`` means; None if others are in it."""
    done: list[str] = []
    waiting = [pattern]
    while waiting:
        current = waiting.pop()
        group = _CHOICE.search(current)
        if group is None:
            done.append(current)
        elif group.group(1) not in "@?":
            return None
        else:
            branches = [*group.group(2).split("|"), *([""] if group.group(1) == "?" else [])]
            waiting += [current[: group.start()] + branch + current[group.end() :] for branch in branches]
        if len(done) + len(waiting) > _MOST_PATTERNS:
            return None
    return tuple(done)


def _steps(pattern: str) -> tuple[_Test, ...]:
    steps: list[_Test] = []
    position = 0
    while position < len(pattern):
        if (plain := _PLAIN.match(pattern, position)) is not None and plain.group():
            steps += [_is(sign) for sign in plain.group()]
            position = plain.end()
            continue
        sign = pattern[position]
        position += 1
        if sign == "*":
            steps.append(None)
        elif sign == "?":
            steps.append(lambda _: True)
        elif sign == "\\" and position < len(pattern):
            steps.append(_is(pattern[position]))
            position += 1
        elif sign == "[" and (found := _bracket(pattern, position)) is not None:
            test, position = found
            steps.append(test)
        else:
            steps.append(_is(sign))
    return tuple(steps)


def _is(sign: str) -> Callable[[str], bool]:
    return sign.__eq__


def _bracket(pattern: str, position: int) -> tuple[Callable[[str], bool], int] | None:
    """Read ``[…]`` behind its bracket; None where it is not closed and so means itself."""
    negated = pattern[position : position + 1] in {"!", "^"}
    position += negated
    start = position
    tests: list[Callable[[str], bool]] = []
    while position < len(pattern):
        if pattern[position] == "]" and position > start:
            return (lambda sign: any(test(sign) for test in tests) is not negated), position + 1
        if pattern.startswith("[:", position) and (end := pattern.find(":]", position)) > 0:
            tests.append(CLASSES.get(pattern[position + 2 : end], _is("")))
            position = end + 2
            continue
        position += pattern[position] == "\\" and position + 1 < len(pattern)
        low = high = pattern[position]
        position += 1
        if pattern[position : position + 1] == "-" and pattern[position + 1 : position + 2] not in {"]", ""}:
            high = pattern[position + 1]
            position += 2
        tests.append(_between(low, high))
    return None


def _between(low: str, high: str) -> Callable[[str], bool]:
    return lambda sign: low <= sign <= high
