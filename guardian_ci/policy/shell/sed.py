"""Programs of the stream editor: which files and commands they name, and what they make of a known text."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from guardian_ci.policy.shell.encodings import LONGEST, unescaped
from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.listings import is_listing, lines_of, narrowed
from guardian_ci.policy.shell.patterns import Match, Pattern, TooMuch, compile_pattern

_MOST_COMMANDS: Final = 200
_TEXT_COMMANDS: Final = frozenset("aic")
_FILE_COMMANDS: Final = frozenset("rRwW")
_BARE_COMMANDS: Final = frozenset("=dDgGhHlnNpPqQxzF}{")
_UNFOLLOWED: Final = -1
"""Stands for lines that are counted in a way nobody here follows: ``1~2``, ``,+3``, and ``0``, which is no line."""
_WHOLE_LINES: Final = frozenset({".*", "^.*", ".*$", "^.*$", ".+", "^.+$"})
_FLAGS: Final = frozenset("gpiImMe0123456789")


@dataclass(frozen=True, slots=True)
class _Address:
    """Which lines: a number, the last (``$``), or those that a pattern matches."""

    number: int | None = None
    source: str | None = None
    ignore_case: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: its letter, what it applies to, and its own text (a file, a replacement, a command line)."""

    name: str
    addresses: tuple[_Address, ...] = ()
    negated: bool = False
    pattern: str = ""
    text: str = ""
    flags: str = ""
    file: str = ""


class _Broken(Exception):  # noqa: N818 - caught where it is raised: no program
    pass


def commands_of(program: str) -> list[Command] | None:
    """Read a program; None for what is none."""
    try:
        return list(_Reader(program[:LONGEST]).commands())
    except (_Broken, IndexError):
        return None


class _Reader:
    """Reads a program from left to right."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._position = 0

    def commands(self) -> Iterator[Command]:
        for _ in range(_MOST_COMMANDS):
            self._skip(" \t\n;}")
            if self._position >= len(self._program):
                return
            if self._peek() == "#":
                self._line()
                continue
            yield self._command()
        raise _Broken

    def _command(self) -> Command:
        addresses = list(self._addresses())
        self._skip(" \t")
        negated = self._peek() == "!"
        self._skip("! \t")
        name = self._next()
        given = {"name": name, "addresses": tuple(addresses), "negated": negated}
        if name == "s":
            pattern, text = self._delimited(2)
            flags = self._flags()
            file = self._line().strip() if self._peek() in {"w", "W"} and self._next() else ""
            return Command(**given, pattern=pattern, text=text, flags=flags, file=file)  # type: ignore[arg-type]
        if name == "y":
            pattern, text = self._delimited(2)
            return Command(**given, pattern=pattern, text=text)  # type: ignore[arg-type]
        if name in _FILE_COMMANDS:
            return Command(**given, file=self._line().strip())  # type: ignore[arg-type]
        if name == "e" or name in _TEXT_COMMANDS or name in ":btT":
            return Command(**given, text=self._argument(name))  # type: ignore[arg-type]
        if name not in _BARE_COMMANDS:
            raise _Broken
        return Command(**given)  # type: ignore[arg-type]

    def _argument(self, name: str) -> str:
        text = self._line().strip()
        while name in _TEXT_COMMANDS and text.endswith("\\") and self._position < len(self._program):
            text = text[:-1] + "\n" + self._line()
        return text.removeprefix("\\").strip()

    def _addresses(self) -> Iterator[_Address]:
        while True:
            self._skip(" \t")
            character = self._peek()
            if character.isdigit() or character in {"+", "~"}:
                digits = self._while("0123456789+~")
                plain = digits.isdigit() and len(digits) < 8  # noqa: PLR2004 - no file has more lines
                yield _Address(number=(int(digits) or _UNFOLLOWED) if plain else _UNFOLLOWED)
            elif character == "$":
                self._next()
                yield _Address()
            elif character in {"/", "\\"}:
                if character == "\\":
                    self._next()
                (source,) = self._delimited(1)
                yield _Address(source=source, ignore_case="I" in self._while("IM"))
            else:
                return
            self._skip(" \t")
            if self._peek() != ",":
                return
            self._next()

    def _delimited(self, parts: int) -> list[str]:
        delimiter = self._next()
        found: list[str] = []
        begin = self._position
        in_class = False
        while len(found) < parts:
            character = self._next()
            if character == "\\":
                self._next()
            elif character == "[" and not in_class:
                in_class = "]" in self._program[self._position + 1 : self._position + 64]
            elif character == "]":
                in_class = False
            elif character == delimiter and not in_class:
                part = self._program[begin : self._position - 1]
                found.append(part.replace("\\" + delimiter, delimiter) if delimiter not in "|(){}+?.*" else part)
                begin = self._position
                in_class = False
        return found

    def _flags(self) -> str:
        begin = self._position
        while self._peek() in _FLAGS and self._peek():
            self._position += 1
        return self._program[begin : self._position]

    def _line(self) -> str:
        end = self._program.find("\n", self._position)
        end = len(self._program) if end < 0 else end
        text = self._program[self._position : end]
        self._position = end + 1
        return text

    def _while(self, characters: str) -> str:
        begin = self._position
        self._skip(characters)
        return self._program[begin : self._position]

    def _skip(self, characters: str) -> None:
        while self._position < len(self._program) and self._program[self._position] in characters:
            self._position += 1

    def _peek(self) -> str:
        return self._program[self._position : self._position + 1]

    def _next(self) -> str:
        character = self._program[self._position]
        self._position += 1
        return character


def edited(program: str, text: str, *, extended: bool = False, quiet: bool = False) -> str | None:
    """Return what a program makes of a text; None for one that does more than is followed here."""
    commands = commands_of(program)
    if commands is None:
        return None
    try:
        return _Editor(commands, extended=extended, quiet=quiet).run(text)
    except (_Broken, TooMuch, ValueError, IndexError):
        return None


@dataclass(slots=True)
class _Cycle:
    """What happens to one line."""

    line: str
    number: int
    is_last: bool
    kept: bool = True
    printed: list[str] = field(default_factory=list)
    ends: bool = False


class _Editor:
    """Runs a program over lines; each pattern keeps its own measure of work."""

    def __init__(self, commands: list[Command], *, extended: bool, quiet: bool) -> None:
        self._commands = commands
        self._extended = extended
        self._quiet = quiet or False
        self._patterns: dict[tuple[str, bool], Pattern] = {}
        self._open: set[int] = set()
        self._last_source = ""

    def run(self, text: str) -> str:
        lines = lines_of(text)
        printed: list[str] = []
        for number, line in enumerate(lines, 1):
            if not is_listing(line) and UNKNOWN in line and not self._replaces_all():
                printed.append(UNKNOWN)
                continue
            cycle = _Cycle(line, number, number == len(lines))
            self._cycle(cycle, listing=is_listing(line))
            printed += cycle.printed
            if cycle.ends:
                break
        return "".join(line + "\n" for line in printed)

    def _replaces_all(self) -> bool:
        """Whether the whole line is replaced, whatever it is."""
        return any(
            command.name == "s" and command.pattern in _WHOLE_LINES and not {"&", "\\"} & set(command.text)
            for command in self._commands
        )

    def _cycle(self, cycle: _Cycle, *, listing: bool) -> None:
        for index, command in enumerate(self._commands):
            if listing:
                self._apply_to_listing(command, cycle)
            elif self._selects(index, command, cycle) is not command.negated:
                self._apply(command, cycle)
            if not cycle.kept or cycle.ends:
                break
        if cycle.kept and not self._quiet:
            cycle.printed.append(cycle.line)

    def _apply_to_listing(self, command: Command, cycle: _Cycle) -> None:
        """Names that nobody knows: any number may be theirs, and a pattern says what they look like."""
        sources = [address.source for address in command.addresses if address.source is not None]
        if command.name == "p" or (command.name == "d" and command.negated):
            lines = narrowed(cycle.line, sources[0], extended=self._extended) if sources else [cycle.line]
            if lines is None:
                raise _Broken
            cycle.printed += lines
            cycle.kept = command.name == "p"
        elif command.name == "s":
            self._apply(command, cycle)
        elif command.name not in {"d", "q", "="}:
            raise _Broken

    def _selects(self, index: int, command: Command, cycle: _Cycle) -> bool:
        if not command.addresses:
            return True
        first, last = command.addresses[0], command.addresses[-1]
        if _UNFOLLOWED in {first.number, last.number}:
            raise _Broken
        if len(command.addresses) == 1:
            return self._hits(first, cycle)
        if index in self._open:
            if self._hits(last, cycle) or (last.number or cycle.number + 1) <= cycle.number:
                self._open.discard(index)
            return True
        if self._hits(first, cycle):
            if last.number is None or last.number > cycle.number:
                self._open.add(index)
            return True
        return False

    def _hits(self, address: _Address, cycle: _Cycle) -> bool:
        if address.source is not None:
            return self._search(address.source, cycle.line, ignore_case=address.ignore_case) is not None
        return cycle.is_last if address.number is None else address.number == cycle.number

    def _apply(self, command: Command, cycle: _Cycle) -> None:
        match command.name:
            case "s":
                self._substitute(command, cycle)
            case "y":
                cycle.line = cycle.line.translate(
                    {ord(old): new for old, new in zip(command.pattern, command.text, strict=True)}
                )
            case "p":
                cycle.printed.append(cycle.line)
            case "d":
                cycle.kept = False
            case "q":
                cycle.ends = True
            case "=":
                cycle.printed.append(str(cycle.number))
            case "c" if len(command.addresses) < 2:  # noqa: PLR2004 - in place of a range it is printed once
                cycle.printed.append(unescaped(command.text))
                cycle.kept = False
            case "i":
                cycle.printed.append(unescaped(command.text))
            case _:
                raise _Broken

    def _substitute(self, command: Command, cycle: _Cycle) -> None:
        if command.file or "e" in command.flags:
            raise _Broken
        counted = "".join(flag for flag in command.flags if flag.isdigit())
        which = int(counted[:4] or "1")
        pattern = self._pattern(command.pattern, ignore_case=not {"i", "I"}.isdisjoint(command.flags))
        parts: list[str] = []
        end = 0
        for number, match in enumerate(pattern.find_all(cycle.line), 1):
            if number >= which:
                parts += [cycle.line[end : match.start], _replacement(command.text, match, cycle.line)]
                end = match.end
                if "g" not in command.flags:
                    break
        changed = "".join(parts) + cycle.line[end:]
        if len(changed) > LONGEST:
            raise _Broken
        if parts and "p" in command.flags:
            cycle.printed.append(changed)
        cycle.line = changed

    def _search(self, source: str, line: str, *, ignore_case: bool) -> Match | None:
        return self._pattern(source, ignore_case=ignore_case).search(line)

    def _pattern(self, source: str, *, ignore_case: bool) -> Pattern:
        source = source or self._last_source
        self._last_source = source
        key = (source, ignore_case)
        if key not in self._patterns:
            pattern = compile_pattern(source, extended=self._extended, ignore_case=ignore_case)
            if pattern is None:
                raise _Broken
            self._patterns[key] = pattern
        return self._patterns[key]


def _replacement(text: str, match: Match, line: str) -> str:
    """Fill in a replacement what was matched and its groups, and undo its escapes."""
    filled: list[str] = []
    position = 0
    while position < len(text):
        character = text[position]
        following = text[position + 1 : position + 2]
        position += 2 if character == "\\" else 1
        if character == "&":
            filled.append(match.group(line, 0))
        elif character != "\\":
            filled.append(character)
        elif following.isdigit():
            filled.append(match.group(line, int(following)))
        elif following in "LUElu" and following:
            raise _Broken
        elif following == "x":
            filled.append(unescaped(text[position - 2 : position + 2]))
            position += 2
        elif following in {"o", "d"}:
            filled.append(chr(int(text[position : position + 3], 8 if following == "o" else 10)))
            position += 3
        else:
            filled.append({"n": "\n", "t": "\t"}.get(following, following))
    return "".join(filled)
