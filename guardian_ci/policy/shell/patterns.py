"""Regular expressions of sed, grep and awk, matched in bounded work: their texts are hostile, and ``re`` backtracks.

A pattern is compiled to the instructions of a small machine that follows all ways through the text at once, as Pike's
does. What it cannot read (look-around, back-references) gives no pattern.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

_MOST_STEPS: Final = 60_000
_LARGEST_PROGRAM: Final = 1_500
_LONGEST_PATTERN: Final = 1_000
_DEEPEST: Final = 20
_MOST_REPEATS: Final = 200
_Test = Callable[[str], bool]

CLASSES: Final[Mapping[str, _Test]] = {
    "alpha": str.isalpha,
    "digit": str.isdigit,
    "alnum": str.isalnum,
    "upper": str.isupper,
    "lower": str.islower,
    "space": str.isspace,
    "blank": lambda character: character in " \t",
    "punct": lambda character: character.isprintable() and not character.isalnum() and not character.isspace(),
    "print": str.isprintable,
    "graph": lambda character: character.isprintable() and not character.isspace(),
    "xdigit": lambda character: character in "0123456789abcdefABCDEF",
    "word": lambda character: character.isalnum() or character == "_",
}
"""The named classes of characters, as a bracket of an expression or of a shell's pattern may hold them."""

_ESCAPED_CLASSES: Final[Mapping[str, _Test]] = {
    "d": CLASSES["digit"],
    "w": CLASSES["word"],
    "s": CLASSES["space"],
}
_ESCAPED_CHARACTERS: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b"}


class TooMuch(Exception):  # noqa: N818 - never leaves this package: what could not be finished is not known
    """A match took more steps than a match is worth."""


class _Unreadable(Exception):  # noqa: N818 - caught where it is raised: no pattern
    pass


class _Do(Enum):
    TAKE = auto()
    SPLIT = auto()
    JUMP = auto()
    SAVE = auto()
    BEGIN = auto()
    END = auto()
    EDGE = auto()
    MATCH = auto()


@dataclass(frozen=True, slots=True)
class _Step:
    do: _Do
    test: _Test | None = None
    first: int = 0
    second: int = 0


@dataclass(frozen=True, slots=True)
class Match:
    """The spans of a match and of its groups; None for a group that took no part."""

    spans: tuple[tuple[int, int] | None, ...]

    @property
    def start(self) -> int:
        """Where the match begins."""
        return self.spans[0][0] if self.spans[0] is not None else 0

    @property
    def end(self) -> int:
        """Where the match ends."""
        return self.spans[0][1] if self.spans[0] is not None else 0

    def group(self, text: str, number: int) -> str:
        """Return the text of a group; empty for one that took no part."""
        span = self.spans[number] if number < len(self.spans) else None
        return "" if span is None else text[span[0] : span[1]]


@dataclass(slots=True)
class Pattern:
    """A compiled pattern. Its matches together may take so many steps and no more."""

    _steps: tuple[_Step, ...]
    _groups: int
    _left: int = field(default=_MOST_STEPS)

    def search(self, text: str, start: int = 0) -> Match | None:
        """Return the first match from a place on; raise TooMuch when that takes too long."""
        threads: list[tuple[int, tuple[int, ...]]] = []
        found: tuple[int, ...] | None = None
        for position in range(start, len(text) + 1):
            following: list[tuple[int, tuple[int, ...]]] = []
            seen: set[int] = set()
            if found is None:
                threads.append((0, (-1,) * (2 * self._groups + 2)))
            character = text[position] if position < len(text) else None
            for entry in threads:
                if (matched := self._advance(entry, text, position, character, following, seen)) is not None:
                    found = matched
                    break  # threads behind this one have less priority
            threads = following
            if not threads and found is not None:
                break
        if found is None:
            return None
        spans = [(found[at], found[at + 1]) for at in range(0, len(found), 2)]
        return Match(tuple(span if span[0] >= 0 and span[1] >= 0 else None for span in spans))

    def _advance(  # noqa: C901 - one branch for each kind of step
        self,
        entry: tuple[int, tuple[int, ...]],
        text: str,
        position: int,
        character: str | None,
        following: list[tuple[int, tuple[int, ...]]],
        seen: set[int],
    ) -> tuple[int, ...] | None:
        """Follow one thread to where it needs a character; return its spans if it comes to the end."""
        stack = [entry]
        while stack:
            at, saved = stack.pop()
            if at in seen:
                continue
            seen.add(at)
            self._left -= 1
            if self._left < 0:
                raise TooMuch
            step = self._steps[at]
            match step.do:
                case _Do.TAKE:
                    if character is not None and step.test is not None and step.test(character):
                        following.append((at + 1, saved))
                case _Do.SPLIT:
                    stack += [(step.second, saved), (step.first, saved)]
                case _Do.JUMP:
                    stack.append((step.first, saved))
                case _Do.SAVE:
                    stack.append((at + 1, (*saved[: step.first], position, *saved[step.first + 1 :])))
                case _Do.MATCH:
                    return saved
                case _:
                    if _holds(step.do, text, position):
                        stack.append((at + 1, saved))
        return None

    def find_all(self, text: str) -> Iterator[Match]:
        """Yield the matches that do not overlap; where one ended, nothing is not matched once more."""
        position, previous = 0, -1
        while position <= len(text) and (match := self.search(text, position)) is not None:
            if match.end > match.start or match.start != previous:
                yield match
            previous = match.end
            position = match.end if match.end > match.start else match.end + 1


def _holds(condition: _Do, text: str, position: int) -> bool:
    if condition is _Do.BEGIN:
        return position == 0
    if condition is _Do.END:
        return position == len(text)
    word = _ESCAPED_CLASSES["w"]
    before = position > 0 and word(text[position - 1])
    return before != (position < len(text) and word(text[position]))


def compile_pattern(source: str, *, extended: bool, ignore_case: bool = False, fixed: bool = False) -> Pattern | None:
    """Compile a pattern: POSIX basic, or extended (and what Perl's has in common with it); None if it is neither."""
    if len(source) > _LONGEST_PATTERN:
        return None
    compiler = _Compiler(source, extended=extended, ignore_case=ignore_case)
    try:
        if fixed:
            for character in source:
                compiler.character(character)
        else:
            compiler.alternatives(0)
            if compiler.position < len(source):
                return None
    except (_Unreadable, IndexError):
        return None
    steps = (_Step(_Do.SAVE, first=0), *_moved(compiler.steps, 1), _Step(_Do.SAVE, first=1), _Step(_Do.MATCH))
    return Pattern(steps, compiler.groups)


def _moved(steps: list[_Step], by: int) -> list[_Step]:
    return [
        _Step(step.do, step.test, step.first + by, step.second + by) if step.do in {_Do.SPLIT, _Do.JUMP} else step
        for step in steps
    ]


class _Compiler:
    """Reads a pattern from left to right. Jumps are relative to the part that they belong to until it is placed."""

    def __init__(self, source: str, *, extended: bool, ignore_case: bool) -> None:
        self.source = source
        self.position = 0
        self.groups = 0
        self.steps: list[_Step] = []
        self._extended = extended
        self._ignore_case = ignore_case

    def alternatives(self, depth: int) -> None:
        """Compile ``a|b|c`` up to the group's end."""
        if depth > _DEEPEST:
            raise _Unreadable
        before, self.steps = self.steps, []
        branches: list[list[_Step]] = []
        while True:
            self._sequence(depth)
            branches.append(self.steps)
            self.steps = []
            if not self._special("|"):
                break
        steps = branches.pop()
        for branch in reversed(branches):
            head = [_Step(_Do.SPLIT, first=1, second=len(branch) + 2)]
            jump = [_Step(_Do.JUMP, first=len(branch) + 2 + len(steps))]
            steps = head + _moved(branch, 1) + jump + _moved(steps, len(branch) + 2)
        self.steps = before
        self._append(steps)

    def _sequence(self, depth: int) -> None:
        while self.position < len(self.source) and not self._at_special("|") and not self._at_special(")"):
            outer, self.steps = self.steps, []
            self._atom(depth, first=not outer)
            atom, self.steps = self._repeated(self.steps), outer
            self._append(atom)

    def _atom(self, depth: int, *, first: bool) -> None:
        character = self.source[self.position]
        if self._special("("):
            self._group(depth)
            return
        self.position += 1
        if character == "[":
            self._bracket()
        elif character == ".":
            self._take(lambda _: True)
        elif character == "^" and (first or self._extended):
            self.steps.append(_Step(_Do.BEGIN))
        elif character == "$" and (self._extended or self._at_end()):
            self.steps.append(_Step(_Do.END))
        elif character == "\\":
            self._escape()
        else:
            self.character(character)

    def _at_end(self) -> bool:
        return self.position == len(self.source) or self._at_special(")") or self._at_special("|")

    def _group(self, depth: int) -> None:
        if self.source.startswith("?:", self.position):
            self.position += 2
            self.alternatives(depth + 1)
        elif self.source.startswith("?", self.position):
            raise _Unreadable
        else:
            self.groups += 1
            number = 2 * self.groups
            self.steps.append(_Step(_Do.SAVE, first=number))
            self.alternatives(depth + 1)
            self.steps.append(_Step(_Do.SAVE, first=number + 1))
        if not self._special(")"):
            raise _Unreadable

    def _escape(self) -> None:
        character = self.source[self.position]
        self.position += 1
        if character in "b<>":
            self.steps.append(_Step(_Do.EDGE))
        elif character.lower() in _ESCAPED_CLASSES:
            test, wanted = _ESCAPED_CLASSES[character.lower()], character.islower()
            self._take(lambda each: test(each) is wanted)
        elif character.isdigit() or character in "BAZzGKQpPkgux":
            raise _Unreadable
        else:
            self.character(_ESCAPED_CHARACTERS.get(character, character))

    def character(self, character: str) -> None:
        """Compile a character that stands for itself."""
        if self._ignore_case:
            lower = character.lower()
            self._take(lambda each: each.lower() == lower)
        else:
            self._take(lambda each: each == character)

    def _bracket(self) -> None:
        negated = self.source.startswith("^", self.position)
        self.position += negated
        tests: list[_Test] = []
        begin = self.position
        while self.source[self.position] != "]" or self.position == begin:
            tests.append(self._bracket_item())
        self.position += 1
        ignore_case = self._ignore_case

        def test(each: str) -> bool:
            forms = {each, each.lower(), each.upper()} if ignore_case else {each}
            return any(item(form) for item in tests for form in forms) is not negated

        self._take(test)

    def _bracket_item(self) -> _Test:
        if self.source.startswith("[:", self.position):
            name, end, _ = self.source[self.position + 2 :].partition(":]")
            if not end or name not in CLASSES:
                raise _Unreadable
            self.position += len(name) + 4
            return CLASSES[name]
        low = self._bracket_character()
        if self.source[self.position] == "-" and self.source[self.position + 1] != "]":
            self.position += 1
            high = self._bracket_character()
            return lambda each: low <= each <= high
        return lambda each: each == low

    def _bracket_character(self) -> str:
        character = self.source[self.position]
        self.position += 1
        if character == "\\" and self._extended and self.source[self.position] in "\\]^-ntr.":
            character = self.source[self.position]
            self.position += 1
            return _ESCAPED_CHARACTERS.get(character, character)
        return character

    def _repeated(self, atom: list[_Step]) -> list[_Step]:
        while self.position < len(self.source):
            bounds = self._repetition()
            if bounds is None:
                break
            lazy = self._extended and self.source.startswith("?", self.position)
            self.position += lazy
            atom = _repeat(atom, *bounds, lazy=lazy)
        return atom

    def _repetition(self) -> tuple[int, int | None] | None:
        if self.source[self.position] == "*":
            self.position += 1
            return 0, None
        for sign, bounds in (("+", (1, None)), ("?", (0, 1))):
            if self._special(sign):
                return bounds
        if not self._at_special("{"):
            return None
        self._special("{")
        numbers, brace, _ = self.source[self.position :].partition("}" if self._extended else "\\}")
        low, comma, high = numbers.partition(",")
        if not brace or not (low or comma) or not (low + high).isdigit() or len(numbers) > 8:  # noqa: PLR2004
            raise _Unreadable
        self.position += len(numbers) + len(brace)
        most = None if comma and not high else int(high or low)
        if int(low or 0) > _MOST_REPEATS or (most or 0) > _MOST_REPEATS:
            raise _Unreadable
        return int(low or 0), most

    def _take(self, test: _Test) -> None:
        self.steps.append(_Step(_Do.TAKE, test=test))

    def _append(self, steps: list[_Step]) -> None:
        if len(self.steps) + len(steps) > _LARGEST_PROGRAM:
            raise _Unreadable
        self.steps += _moved(steps, len(self.steps))

    def _at_special(self, sign: str) -> bool:
        return self.source.startswith(sign if self._extended else "\\" + sign, self.position)

    def _special(self, sign: str) -> bool:
        """Step over a sign that is written bare in one syntax and with a backslash in the other."""
        if self._at_special(sign):
            self.position += 1 if self._extended else 2
            return True
        return False


def _repeat(atom: list[_Step], least: int, most: int | None, *, lazy: bool) -> list[_Step]:
    steps: list[_Step] = []
    size = len(atom)
    if size * max(least, most or 1) > _LARGEST_PROGRAM:
        raise _Unreadable
    for _ in range(least):
        steps += _moved(atom, len(steps))
    if most is None:
        begin = len(steps)
        end = begin + size + 2
        choice = (end, begin + 1) if lazy else (begin + 1, end)
        steps.append(_Step(_Do.SPLIT, first=choice[0], second=choice[1]))
        steps += _moved(atom, begin + 1)
        steps.append(_Step(_Do.JUMP, first=begin))
        return steps
    for _ in range(most - least):
        begin = len(steps)
        end = begin + size + 1
        choice = (end, begin + 1) if lazy else (begin + 1, end)
        steps.append(_Step(_Do.SPLIT, first=choice[0], second=choice[1]))
        steps += _moved(atom, begin + 1)
    return steps


def globs_of(source: str, *, extended: bool, fixed: bool = False, whole: bool = False) -> list[str] | None:
    """Return the shell globs of the names that a pattern lets pass; None where no glob says it.

    A name that begins with a dot must be said apart, as a shell's ``*`` does not mean it.
    """
    parts = _glob_parts(source, extended=extended, fixed=fixed)
    if parts is None:
        return None
    begins, text, ends = parts
    core = text + ("" if ends or whole else "*")
    if begins or whole:
        return [core]
    if core.startswith("*"):
        return [core]
    first = core.find("]", 2) + 1 if core.startswith("[") else 1
    return ["*" + core, ".*" + core, *(["." + core[first:]] if core.startswith((".", "?", "[")) else [])]


def _glob_parts(source: str, *, extended: bool, fixed: bool) -> tuple[bool, str, bool] | None:
    """Return a pattern as a glob, with whether it is bound to the beginning and to the end."""
    if len(source) > _LONGEST_PATTERN:
        return None
    if fixed:
        return False, "".join(f"[{character}]" if character in "*?[" else character for character in source), False
    begins = source.startswith("^")
    ends = source.endswith("$") and not source.endswith("\\$")
    body = source[begins : len(source) - ends]
    glob: list[str] = []
    position = 0
    while position < len(body):
        part = _glob_part(body, position, extended=extended)
        if part is None:
            return None
        text, position = part
        glob.append(text)
    return begins, "".join(glob), ends


def _glob_part(body: str, position: int, *, extended: bool) -> tuple[str, int] | None:
    """Return the glob of what stands at a place of a pattern, and the place behind it."""
    character, following = body[position], body[position + 1 : position + 2]
    if character == "\\":
        bare = following and not following.isalnum() and (extended or following not in "(){}|+?<>")
        return (following, position + 2) if bare else None
    if character == ".":
        many = following == "*" or (extended and following == "+")
        return ("*", position + 2) if many else ("?", position + 1)
    if character == "[":
        end = body.find("]", position + 2)
        return None if end < 0 else ("[" + body[position + 1 : end].replace("^", "!", 1) + "]", end + 1)
    if character == "*" or (extended and character in "+?(){}|^$"):
        return None
    return character, position + 1
