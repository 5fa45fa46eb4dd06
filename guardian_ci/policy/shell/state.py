"""What a shell holds while it runs: variables, functions, files, folders, each with the values that it may have.

A ``State`` never changes; a command makes another one. Where ways part, each goes on from the same state, and where
they meet again, ``joined`` keeps what either brought. How much is kept is bounded: a value that had too many readings
gets ``UNKNOWN`` for the rest of them, and a text that is too long ends in it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias, TypeVar

from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.shell.marks import GIVEN, PRINTED
from guardian_ci.policy.shell.syntax import Node

MOST_READINGS: Final = 32
"""How many values a variable, a word or a file may have at once."""

LONGEST_TEXT: Final = 65_536
"""How many characters of a value are kept."""

_ENDLESS: Final = frozenset({UNKNOWN, PRINTED, GIVEN})
"""What may be any number of lines."""

MOST_NAMES: Final = 400
"""How many variables, functions, files or elements there may be at once."""

Array: TypeAlias = Mapping[str, str]
"""An array's elements by their keys; an indexed one's are its numbers."""

Reading: TypeAlias = str | Array | None
"""One value that a variable may have; None: it is not set."""

Value: TypeAlias = tuple[Reading, ...]

_Entry = TypeVar("_Entry")


def clipped(text: str) -> str:
    """Return a text as far as it is kept."""
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + UNKNOWN


def one_of(readings: Iterable[_Entry], rest: _Entry) -> tuple[_Entry, ...]:
    """Return the different ones among many readings, and ``rest`` for those that are too many."""
    kept: list[_Entry] = []
    for reading in readings:
        if reading not in kept:
            if len(kept) == MOST_READINGS:
                return (*kept, rest)
            kept.append(reading)
    return tuple(kept)


def texts_of(readings: Iterable[str]) -> tuple[str, ...]:
    """Return the different ones among texts. Mere numbers beyond those that are kept name no file that matters."""
    kept: dict[str, None] = {}
    rest: str | None = None
    for reading in readings:
        if reading in kept:
            continue
        if len(kept) < MOST_READINGS:
            kept[clipped(reading)] = None
        else:
            rest = TAME if rest in {None, TAME} and reading.strip("-").isdigit() else UNKNOWN
    return tuple(kept) if rest is None else (*kept, rest)


@dataclass(slots=True)
class Stream:
    """What a descriptor is joined to. A stream that is read moves on, so this is the one thing here that changes.

    ``text`` is what it still has to give (None: nothing is told of it); ``path`` the file behind it; ``captured``:
    what is written to it is text that something reads.
    """

    text: str | None = None
    path: str | None = None
    captured: bool = False
    reads: bool = True

    def line(self, ends: str = "\n") -> str | None:
        """Take the next line; None at the end. What is not known gives one line that is not known, and no end."""
        if not self.text:
            return None
        line, end, rest = self.text.partition(ends)
        if not end and not _ENDLESS.isdisjoint(line):
            return line
        self.text = rest
        return line


NOTHING_TOLD: Final = Stream()


@dataclass(frozen=True, slots=True)
class State:
    """All that a shell holds at one point.

    ``arguments`` are the readings of ``$@``; ``folders`` those of the current folder (None: where it began);
    ``printed`` those of what has been printed since it is captured; ``streams`` the descriptors by number.
    """

    variables: Mapping[str, Value] = field(default_factory=dict)
    functions: Mapping[str, tuple[Node, ...]] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    arguments: tuple[tuple[str, ...], ...] = ((),)
    folders: tuple[str | None, ...] = (None,)
    stack: tuple[str | None, ...] = ()
    printed: tuple[str, ...] = ("",)
    streams: Mapping[str, Stream] = field(default_factory=dict)
    name: str = "bash"

    def with_variable(self, name: str, value: Value) -> "State":
        """Return the state with a variable set."""
        return replace(self, variables=with_entry(self.variables, name, value))

    def with_file(self, path: str, contents: tuple[str, ...]) -> "State":
        """Return the state with a file written."""
        return replace(self, files=with_entry(self.files, path, contents))

    def with_stream(self, descriptor: str, stream: Stream) -> "State":
        """Return the state with a descriptor joined to something else."""
        return replace(self, streams=with_entry(self.streams, descriptor, stream))

    def written(self, text: str, descriptor: str = "1") -> "State":
        """Return the state with a text written to a descriptor."""
        stream = self.streams.get(descriptor)
        if stream is None or not text:
            return self
        if stream.captured:
            return replace(self, printed=tuple(clipped(before + text) for before in self.printed))
        if stream.path is not None and stream.path in self.files:
            return self.with_file(stream.path, tuple(clipped(old + text) for old in self.files[stream.path]))
        return self


def with_entry(entries: Mapping[str, _Entry], name: str, entry: _Entry) -> Mapping[str, _Entry]:
    """Return a mapping with one more entry. What has been kept for longest goes when there are too many."""
    kept = {**entries, name: entry}
    if len(kept) > MOST_NAMES:
        del kept[next(iter(kept))]
    return kept


def without_entry(entries: Mapping[str, _Entry], name: str) -> Mapping[str, _Entry]:
    """Return a mapping without an entry."""
    return {key: entry for key, entry in entries.items() if key != name} if name in entries else entries


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: the states when it succeeded and when it failed.

    ``holds`` is whether it succeeded, where that is known. ``doubtful``: it is a condition, made to fail as often as
    not. ``leaves``: nothing behind it runs.
    """

    success: State
    failure: State
    holds: bool | None = None
    doubtful: bool = False
    leaves: bool = False

    def changed(self, change: Callable[[State], State]) -> "Outcome":
        """Return the outcome with its states changed."""
        success = change(self.success)
        failure = success if self.failure is self.success else change(self.failure)
        return replace(self, success=success, failure=failure)

    @property
    def after(self) -> State:
        """The state for what comes next, whatever the command's success.

        The folder is the one that it went to, and what it prints is all: who writes ``cd x; y`` means that y runs in x.
        """
        if self.success is self.failure or self.holds is True:
            return self.success
        if self.holds is False:
            return self.failure
        state = joined((self.success, self.failure))
        return state if self.doubtful else replace(state, folders=self.success.folders, printed=self.success.printed)


def merged(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of which nobody knows which of these it is."""
    if len(outcomes) == 1:
        return outcomes[0]
    verdicts = {outcome.holds for outcome in outcomes}
    return Outcome(
        success=joined(outcome.success for outcome in outcomes),
        failure=joined(outcome.failure for outcome in outcomes),
        holds=verdicts.pop() if len(verdicts) == 1 else None,
        doubtful=any(outcome.doubtful for outcome in outcomes),
        leaves=all(outcome.leaves for outcome in outcomes),
    )


def joined(states: Iterable[State]) -> State:
    """Return the state of which nobody knows which of these it is."""
    result: State | None = None
    for state in states:
        result = state if result is None or result is state else _joined(result, state)
    return State() if result is None else result


def _joined(one: State, other: State) -> State:
    return State(
        variables=_joined_entries(one.variables, other.variables, (None,), UNKNOWN),
        functions=_joined_entries(one.functions, other.functions, (), None),
        aliases=_joined_entries(one.aliases, other.aliases, (), UNKNOWN),
        files=_joined_entries(one.files, other.files, (), UNKNOWN),
        links=_joined_entries(one.links, other.links, (), UNKNOWN),
        attributes=_joined_entries(one.attributes, other.attributes, (), UNKNOWN),
        arguments=_either(one.arguments, other.arguments, (UNKNOWN,)),
        folders=_either(one.folders, other.folders, UNKNOWN),
        stack=one.stack if len(one.stack) >= len(other.stack) else other.stack,
        printed=_either(one.printed, other.printed, UNKNOWN),
        streams=one.streams if one.streams is other.streams else {**one.streams, **other.streams},
        name=one.name,
    )


def _either(one: tuple[_Entry, ...], other: tuple[_Entry, ...], rest: _Entry) -> tuple[_Entry, ...]:
    return one if one is other or one == other else one_of((*one, *other), rest)


def _joined_entries(
    one: Mapping[str, tuple[Any, ...]], other: Mapping[str, tuple[Any, ...]], absent: tuple[Any, ...], rest: object
) -> Mapping[str, tuple[Any, ...]]:
    if one is other:
        return one
    entries: dict[str, tuple[Any, ...]] = {}
    for name in _names(one, other):
        left, right = one.get(name, absent), other.get(name, absent)
        entries[name] = left if left is right else _either(left, right, rest)
    return entries


def _names(one: Mapping[str, object], other: Mapping[str, object]) -> Iterator[str]:
    yield from one
    yield from (name for name in other if name not in one)
