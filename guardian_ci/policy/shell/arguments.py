"""How programs read their arguments: options with values, operands, and what each of them names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from guardian_ci.policy.shell.facts import UNKNOWN

_SHORTEST_ABBREVIATION: Final = 4
_LONGEST_CLUSTER: Final = 32
_PATH_SIGNS: Final = frozenset("/.~@=")


def name_set(text: str) -> frozenset[str]:
    """Return the names in a text: a long table in few lines."""
    return frozenset(text.split())


class Kind(StrEnum):
    """What a word is to the program that gets it."""

    TEXT = "text"
    """Neither a file nor a host: a pattern, a message, a number."""
    READ = "read"
    WRITE = "write"
    EDIT = "edit"
    """A file that is read and written."""
    MAYBE = "maybe"
    """A word that may be a file."""
    LIST = "list"
    """A file that names the files to read, one a line; ``-`` for standard input."""
    AT = "at"
    """Text, or a file to read when it begins with ``@``."""
    URL = "url"
    HOST = "host"
    """A host, perhaps with a user and a port."""
    REMOTE = "remote"
    """``host:path``, a URL, or a file to read."""
    SHELL = "runs"
    """A command line that is run."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Which words a program takes.

    ``options`` holds those that take a value. ``operands`` are the kinds of the first operands, ``rest`` of those that
    follow, ``last`` of the last where there is more than one. ``stops``: what follows the first operand is no option.
    """

    options: Mapping[str, Kind]
    operands: tuple[Kind, ...] = ()
    rest: Kind = Kind.MAYBE
    last: Kind | None = None
    stops: bool = False

    def kind_of(self, position: int, count: int) -> Kind:
        """Return the kind of one of ``count`` operands."""
        if self.last is not None and position == count - 1 and count > 1:
            return self.last
        return self.operands[position] if position < len(self.operands) else self.rest

    def with_operands(self, operands: str) -> "Usage":
        """Return the same options with other operands."""
        return usage(operands, stops=self.stops, options=self.options)


def usage(
    operands: str = "maybe*", *, stops: bool = False, options: Mapping[str, Kind] | None = None, **takes: str
) -> Usage:
    """Return a usage from its short form: ``usage("text read*", text="-e -m", read="-f --file")``.

    The operands are kinds in their order; ``*`` marks the one that repeats, and one behind it is the last operand.
    Each keyword is a kind with the options that take a value of it.
    """
    table = dict(options or {})
    for kind, names in takes.items():
        table |= dict.fromkeys(names.split(), Kind(kind))
    first: list[Kind] = []
    rest, last = Kind.MAYBE, None
    repeats = False
    for word in operands.split():
        if repeats:
            last = Kind(word)
        elif word.endswith("*"):
            rest, repeats = Kind(word.removesuffix("*")), True
        else:
            first.append(Kind(word))
    return Usage(options=table, operands=tuple(first), rest=rest, last=last, stops=stops)


@dataclass(frozen=True, slots=True)
class Option:
    """An option as given; ``kind`` is None where it takes no value that anybody knows of."""

    name: str
    value: str | None = None
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Arguments:
    """Arguments told apart."""

    options: tuple[Option, ...]
    operands: tuple[str, ...]

    def has(self, *names: str) -> bool:
        """Whether one of some options is given."""
        return any(option.name in names for option in self.options)

    def values(self, *names: str) -> list[str]:
        """Return the values of all of some options."""
        return [option.value for option in self.options if option.name in names and option.value is not None]

    def value(self, *names: str) -> str | None:
        """Return the value of the last of some options."""
        return next(reversed(self.values(*names)), None)


def read_arguments(words: Sequence[str], how: Usage) -> Arguments:
    """Tell a program's options, their values and its operands apart, as getopt does."""
    options: list[Option] = []
    operands: list[str] = []
    left = iter(words)
    for word in left:
        if word == "--":
            operands += left
        elif len(word) < 2 or word[0] != "-":  # noqa: PLR2004 - "-" alone is an operand
            operands.append(word)
            if how.stops:
                operands += left
        else:
            options += _options(word, left, how.options)
    return Arguments(tuple(options), tuple(operands))


def _options(word: str, left: Iterator[str], known: Mapping[str, Kind]) -> Iterator[Option]:
    name, equals, value = word.partition("=")
    full = name if name in known else _unabbreviated(name, known)
    if full in known:
        kind = known[full]
        given = value if equals else next(left, None)
        yield Option(full, given, kind)
    elif word.startswith("--"):
        yield Option(full, value if equals else None)
    else:
        yield from _cluster(word, left, known)


def _unabbreviated(name: str, known: Mapping[str, Kind]) -> str:
    if not name.startswith("--") or len(name) < _SHORTEST_ABBREVIATION or UNKNOWN in name:
        return name
    return next((full for full in known if full.startswith(name)), name)


def _cluster(word: str, left: Iterator[str], known: Mapping[str, Kind]) -> Iterator[Option]:
    """Read ``-xzf value`` and ``-xzfvalue``."""
    for position in range(1, min(len(word), _LONGEST_CLUSTER)):
        name, rest = "-" + word[position], word[position + 1 :]
        if name in known:
            yield Option(name, rest or next(left, None), known[name])
            return
        if rest and not word[position].isalnum():  # no cluster of letters
            yield Option(word, word[1:] if _PATH_SIGNS.intersection(word) else None)
            return
        if rest and rest[0] in "./~=@$" + UNKNOWN:
            yield Option(name, rest)
            return
        yield Option(name)
