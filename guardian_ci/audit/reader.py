"""Reads a log, line by line: a log of a million lines never stands in memory as a whole.

What makes a file no log of ours (missing, empty, foreign, a newer format) is a LogError. What is wrong inside a
log of ours is a ``Problem`` that goes with it: a report shows it as a violation, a replay refuses it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

from guardian_ci.audit.chain import VERSION, ChainCheck
from guardian_ci.errors import LogError

MAX_LINE: Final = 64 << 20
"""No record is longer: a longer line is no record."""

MAX_PROBLEMS: Final = 1_000
"""More are counted, not kept."""

ProblemKind = Literal[
    "no_log", "torn_line", "unreadable_line", "broken_chain", "no_start", "no_end", "after_end", "other_run"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One readable line: its number in the file (from 1) and its record."""

    number: int
    type: str
    seq: int
    run_id: str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that shows a log to be incomplete or changed. ``line`` counts from 1; 0 where no line is meant."""

    kind: ProblemKind
    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


class Lines(Protocol):
    """What a log is read from."""

    def readline(self, limit: int, /) -> bytes:
        """Return the next line with its end, at most ``limit`` bytes of it; nothing at the end."""


Opened = Callable[[], AbstractContextManager[Lines]]
"""Opens a log from its beginning, as often as it is read."""


class Log:
    """A log on disk, or wherever ``opened`` has it from.

    Iterating reads it; ``problems`` is complete once an iteration has come to its end. Of very many problems the
    first are kept, and ``more_problems`` counts the others.
    """

    def __init__(self, path: Path, opened: Opened | None = None) -> None:
        self.path = path
        self.opened: Opened = opened or (lambda: path.open("rb"))
        self.problems: list[Problem] = []
        self.more_problems = 0

    def __iter__(self) -> Iterator[Line]:
        self.problems, self.more_problems = [], 0
        try:
            with self.opened() as file:
                yield from _Reading(self).lines(file)
        except OSError as error:
            raise _unreadable(self.path, error) from error


def read_log(path: Path, opened: Opened | None = None) -> Log:
    """Return the log at ``path``, not yet read; raise LogError where there is none of ours.

    ``opened`` reads a log that is no file of its own; ``path`` is then only its name.
    """
    log = Log(path, opened)
    try:
        with log.opened() as file:
            first = file.readline(MAX_LINE)
    except OSError as error:
        raise _unreadable(path, error) from error
    if not first.strip():
        raise LogError(f"{path}:1: the log is empty: no proxy wrote to it; name the file that serve or run wrote")
    _require_ours(path, first)
    return log


def _unreadable(path: Path, error: OSError) -> LogError:
    if isinstance(error, FileNotFoundError):
        return LogError(f"{path}: there is no such log; name the file that serve or run wrote (their --log)")
    if isinstance(error, IsADirectoryError):
        return LogError(f"{path}: this is a folder; name the log inside it (log.ndjson)")
    return LogError(f"{path}: the log cannot be read: {error.strerror or error}")


def _require_ours(path: Path, first: bytes) -> None:
    record = _record(first)
    if record is None or not {"v", "seq", "type", "run_id"} <= record.keys():
        raise LogError(f"{path}:1: this is no log of guardian-ci: its first line is no record; name the log of a run")
    if record["v"] != VERSION:
        raise LogError(
            f"{path}:1: the log has format {json.dumps(record['v'])[:20]}, and this guardian-ci reads format {VERSION}:"
            " use the version of guardian-ci that wrote it"
        )


def _record(raw: bytes) -> dict[str, object] | None:
    try:
        record = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


class _Reading:
    """One pass over a file."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._chain = ChainCheck()
        self._run_id: str | None = None
        self._ended = False

    def lines(self, file: Lines) -> Iterator[Line]:
        number = 0
        while raw := file.readline(MAX_LINE):
            number += 1
            line = self._line(number, raw)
            if line is not None:
                yield line
        if not self._ended:
            self._say("no_end", number, "the log has no end marker (run_ended): its proxy was killed, or it was cut")

    def _say(self, kind: ProblemKind, line: int, message: str) -> None:
        if len(self._log.problems) < MAX_PROBLEMS or kind == "no_end":
            self._log.problems.append(Problem(kind=kind, file=str(self._log.path), line=line, message=message))
        else:
            self._log.more_problems += 1

    def _line(self, number: int, raw: bytes) -> Line | None:
        if not raw.endswith(b"\n"):
            self._say("torn_line", number, "the line is torn: its writer died in the middle of it, or the log was cut")
            return None
        line = _parsed(number, raw)
        if line is None:
            self._say("unreadable_line", number, "the line is no record: something else wrote here")
            self._chain.skip()
            return None
        self._check(line, raw)
        return line

    def _check(self, line: Line, raw: bytes) -> None:
        prev = line.fields.get("prev")
        broken = self._chain.check(raw[:-1], seq=line.seq, prev=prev if isinstance(prev, str) else "?")
        if broken:
            self._say("broken_chain", line.number, broken)
        if self._ended:
            self._say("after_end", line.number, "the log goes on behind its end marker (run_ended)")
        if self._run_id is None:
            self._run_id = line.run_id
            if line.type != "run_started":
                self._say("no_start", line.number, f"the log begins with {line.type}, not with run_started")
        elif line.run_id != self._run_id:
            self._say("other_run", line.number, "the line belongs to another run than the first line")
        self._ended = self._ended or line.type == "run_ended"


def _parsed(number: int, raw: bytes) -> Line | None:
    record = _record(raw)
    if record is None or record.get("v") != VERSION:
        return None
    kind, seq, run_id = record.get("type"), record.get("seq"), record.get("run_id")
    if not isinstance(kind, str) or not isinstance(seq, int) or isinstance(seq, bool) or not isinstance(run_id, str):
        return None
    return Line(number=number, type=kind, seq=seq, run_id=run_id, fields=record)
