"""Adds up what logs say that one pull request has cost. One pass; what is not known is told apart from nothing.

A call belongs to the pull request that its proxy knew of (the admission's ``caller.pull_request``, or a scope
``pull_request:N``). A line counts once, by its run and its number, however often and wherever it is found; two that
say different things are an error, since one of them is not true.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from guardian_ci.audit import fields as read
from guardian_ci.audit.fields import Fields
from guardian_ci.audit.reader import Line, Log, Problem
from guardian_ci.audit.records import RESTARTED
from guardian_ci.audit.sources import Found
from guardian_ci.audit.tally import tokens_of
from guardian_ci.errors import LogError
from guardian_ci.model import Amount

Assume = Literal["this", "other", "unknown"]
"""Whose a call is whose log names no pull request."""

MAX_UNKNOWN: Final = 100
"""More are counted, not kept."""
MAX_RECORDS: Final = 4_000_000
"""More cannot be compared: the digests of all lines stand in memory."""
_MAX_OPEN: Final = 100_000
_MAX_GAP: Final = 10_000
"""A line whose number is further ahead was changed; that it breaks the chain is said anyway."""
_CUT: Final = frozenset({"no_end", "torn_line"})
"""What a copy has that was taken while its run went on."""
_DIGEST: Final = 16
_SCOPE: Final = "pull_request:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Something that may have cost money, and nobody knows how much; ``most`` where there is an upper bound."""

    file: str
    line: int
    message: str
    most: Amount | None = None


@dataclass(slots=True, kw_only=True)
class GateRun:
    """One run that was counted."""

    run_id: str
    file: str
    calls: int = 0
    amount: Amount = field(default_factory=Amount)
    again: list[str] = field(default_factory=list)
    """Further files that hold the same run."""
    known: bool = True
    """Whether this is all that the run has cost."""
    digests: bytearray = field(default_factory=bytearray, repr=False)
    """A digest of each line, by its number."""


@dataclass(slots=True, kw_only=True)
class GateResult:
    """What one pull request has cost, as far as it is known."""

    pull_request: str
    assume: Assume
    limit_picodollars: int | None
    limit_tokens: int | None
    runs: dict[str, GateRun] = field(default_factory=dict)
    calls: int = 0
    spent: Amount = field(default_factory=Amount)
    estimated_calls: int = 0
    estimated: Amount = field(default_factory=Amount)
    assumed_calls: int = 0
    assumed: Amount = field(default_factory=Amount)
    other_calls: int = 0
    other: Amount = field(default_factory=Amount)
    recovered_calls: int = 0
    doubles: int = 0
    """Records that were found a second time, and were not counted again."""
    unknown: list[Unknown] = field(default_factory=list)
    more_unknown: int = 0
    most_open: Amount = field(default_factory=Amount)
    """The upper bound of all that is unknown and has one."""

    @property
    def over(self) -> tuple[str, ...]:
        """Which limits are passed: ``usd``, ``tokens``."""
        sums = (
            ("usd", self.spent.picodollars, self.limit_picodollars),
            ("tokens", self.spent.tokens, self.limit_tokens),
        )
        return tuple(name for name, spent, limit in sums if limit is not None and spent > limit)

    @property
    def verdict(self) -> Literal["within", "over", "unknown"]:
        """Whether the limit holds. What is over stays over, whatever is unknown beside it."""
        if self.over:
            return "over"
        return "unknown" if self.unknown or self.more_unknown else "within"

    def failed(self, *, unknown_fails: bool) -> bool:
        """Whether the build must be red."""
        return self.verdict == "over" or (self.verdict == "unknown" and unknown_fails)


@dataclass(frozen=True, slots=True)
class _Admitted:
    pull_request: str | None
    most: Amount
    file: str
    line: int


@dataclass(slots=True)
class _Nobodys:
    """The calls of a run of which nobody knows what pull request they belong to."""

    file: str
    line: int
    calls: int = 0
    most: Amount = field(default_factory=Amount)

    def add(self, amount: Amount) -> None:
        self.calls += 1
        self.most += amount


def gate(
    found: Found,
    pull_request: str,
    *,
    limit_picodollars: int | None = None,
    limit_tokens: int | None = None,
    assume: Assume = "unknown",
) -> GateResult:
    """Add up all calls of one pull request. Raises ``LogError`` where two logs of one run differ."""
    result = GateResult(
        pull_request=pull_request, assume=assume, limit_picodollars=limit_picodollars, limit_tokens=limit_tokens
    )
    adding = _Adding(result)
    for log in found.logs:
        adding.expect(log)
    for log in found.logs:
        adding.add(log)
    adding.end()
    for problem in found.problems:
        adding.not_known(problem.file, problem.line, f"no log: {problem.message}")
    return result


class _Adding:
    """Adds log after log."""

    def __init__(self, result: GateResult) -> None:
        self._result = result
        self._records = 0
        self._recovered: dict[str, tuple[str, Fields]] = {}
        """What was found open of proxies that were killed, by the call's id, and the log that says so."""
        self._recorded: set[str] = set()
        """Those of them whose record was found after all."""
        self._left: dict[tuple[str, str], _Admitted] = {}
        """Calls whose log ends before their record, by run and id."""
        self._problems: list[tuple[str, list[Problem], int]] = []
        self._nobodys: dict[str, _Nobodys] = {}
        self._whole: set[str] = set()
        """The runs of which some file holds the whole log."""

    def expect(self, log: Log) -> None:
        """Note what a run found open when it began: it tells what a killed run's last calls count as."""
        for line in log:
            if line.type == "run_started":
                self._recover(line.fields, str(log.path))
            _bounded(len(self._recovered), str(log.path), line)
            return

    def add(self, log: Log) -> None:
        """Add the calls of one log."""
        name = str(log.path)
        admitted: dict[tuple[str, str], _Admitted] = {}
        runs: dict[str, GateRun] = {}
        for line in log:
            run = runs.get(line.run_id)
            if run is None:
                run = runs[line.run_id] = self._run(line, name)
            if not self._seen(run, line, name):
                self._take(line, name, run, admitted)
                _bounded(len(admitted) + len(self._left), name, line)
        first = next(iter(runs), "")
        if not log.problems:
            self._whole.add(first)
        self._problems.append((first, log.problems, log.more_problems))
        for call, told in admitted.items():
            self._left.setdefault(call, told)

    def _run(self, line: Line, file: str) -> GateRun:
        run = self._result.runs.setdefault(line.run_id, GateRun(run_id=line.run_id, file=file))
        if run.file != file:
            run.again.append(file)
        _bounded(len(self._result.runs), file, line)
        return run

    def _seen(self, run: GateRun, line: Line, file: str) -> bool:
        """Whether this line was counted before. Raises ``LogError`` where it says something else this time."""
        at, end = line.seq * _DIGEST, len(run.digests)
        if not 0 <= at <= end + _MAX_GAP * _DIGEST:
            return False
        digest = hashlib.blake2b(json.dumps(line.fields).encode(), digest_size=_DIGEST).digest()
        if at >= end:
            self._records += (at - end) // _DIGEST + 1
            if self._records > MAX_RECORDS:
                raise LogError(f"{file}: there are more than {MAX_RECORDS} records; gate fewer logs at once")
            run.digests += bytes(at - end) + digest
            return False
        before = run.digests[at : at + _DIGEST]
        if not any(before):
            run.digests[at : at + _DIGEST] = digest
            return False
        if before != digest:
            raise LogError(
                f"{file}:{line.number}: {run.file} holds the same run ({run.run_id!a:.100}) with another record in this"
                f" place ({line.seq}): one of the two is not true, so neither is counted"
            )
        self._result.doubles += 1
        return True

    def _take(self, line: Line, file: str, run: GateRun, admitted: dict[tuple[str, str], _Admitted]) -> None:
        call = (line.run_id, read.text(line.fields, "request_id") or "")
        if line.type == "call_admitted":
            admitted[call] = _Admitted(_of_admission(line.fields), _reserved(line.fields), file, line.number)
        elif line.type == "notice" and read.text(line.fields, "code") == "reservation_extended":
            told = admitted.get(call) or self._left.get(call)
            if told is not None:
                admitted[call] = replace(told, most=told.most + _extra(line.fields))
                self._left.pop(call, None)
        elif line.type == "notice" and read.text(line.fields, "code") == RESTARTED:
            self._recover(read.inner(line.fields, "facts"), file)
        elif line.type == "call":
            # Its admission may stand in a shorter copy of this log, which was read before.
            left = self._left.pop(call, None)
            told = admitted.pop(call, left)
            if call[1] in self._recovered:
                self._recorded.add(call[1])
            self._call(line, file, run, told)

    def _recover(self, told: Fields, file: str) -> None:
        """Note what a proxy found open when it began, or took a dead one's place."""
        for each in read.rows(told, "recovered"):
            self._recovered.setdefault(read.text(each, "call_id") or "", (file, each))

    def _call(self, line: Line, file: str, run: GateRun, told: _Admitted | None) -> None:
        record = line.fields
        owner = (told.pull_request if told else None) or _of_scopes(record)
        cost, tokens = read.picodollars(record, "cost"), tokens_of(record).total
        if record.get("decision") == "rejected" and not cost and not tokens:
            return  # it never left
        mine = self._is_mine(owner)
        if mine is None:
            if cost is None:
                self.not_known(file, line.number, "the call's record has no cost and no pull request", run=run)
            elif cost or tokens:
                self._nobodys.setdefault(run.run_id, _Nobodys(file, line.number)).add(_amount(cost, tokens))
            return
        amount = _amount(cost, tokens)
        if not mine:
            self._result.other_calls += 1
            self._result.other += amount
            return
        if cost is None:
            self.not_known(file, line.number, "the call's record has no cost", run=run)
        elif _has_no_price(record):
            message = f"no price is known for the model {read.text(record, 'model')!r}"
            self.not_known(file, line.number, message, run=run)
        self._count(run, amount, named=owner is not None, estimated=read.flag(record, "estimated"))

    def _count(self, run: GateRun | None, amount: Amount, *, named: bool, estimated: bool) -> None:
        result = self._result
        result.calls += 1
        result.spent += amount
        if run is not None:
            run.calls += 1
            run.amount += amount
        if estimated:
            result.estimated_calls += 1
            result.estimated += amount
        if not named:
            result.assumed_calls += 1
            result.assumed += amount

    def _is_mine(self, owner: str | None) -> bool | None:
        if owner is not None:
            return owner == self._result.pull_request
        return {"this": True, "other": False, "unknown": None}[self._result.assume]

    def not_known(
        self, file: str, line: int, message: str, most: Amount | None = None, *, run: GateRun | None = None
    ) -> None:
        """Note something that may have cost money."""
        if run is not None:
            run.known = False
        self._result.most_open += most or Amount()
        if len(self._result.unknown) < MAX_UNKNOWN:
            self._result.unknown.append(Unknown(file=file, line=line, message=message, most=most))
        else:
            self._result.more_unknown += 1

    def end(self) -> None:
        """Count what later runs found open of killed ones; what nobody found is unknown."""
        left = {call: (run_id, call) for run_id, call in self._left}
        for call, (file, found) in self._recovered.items():
            if call in self._recorded:
                continue
            told = self._left.pop(left[call]) if call in left else None
            owner = (told.pull_request if told else None) or _pull_request_in(read.texts(found, "scopes"))
            amount = _amount(read.picodollars(found, "cost"), read.whole(found, "tokens") or 0)
            mine = self._is_mine(owner)
            if mine:
                self._result.recovered_calls += 1
                self._count(None, amount, named=owner is not None, estimated=True)
            elif mine is None:
                self.not_known(file, 1, f"the call {call} of a killed run names no pull request", amount)
            else:
                self._result.other_calls += 1
                self._result.other += amount
        for run_id, nobodys in self._nobodys.items():
            message = f"calls of which the log names no pull request: {nobodys.calls} (see --assume-pull-request)"
            self.not_known(nobodys.file, nobodys.line, message, nobodys.most, run=self._result.runs[run_id])
        for run_id, problems, more in self._problems:
            self._damage(run_id, problems, more)
        for (run_id, call), open_call in self._left.items():
            if self._is_mine(open_call.pull_request) is not False:
                message = f"the call {call} was admitted and has no end: it was in flight when its proxy died"
                run = self._result.runs[run_id]
                self.not_known(open_call.file, open_call.line, message, open_call.most, run=run)

    def _damage(self, run_id: str, problems: list[Problem], more: int) -> None:
        if run_id in self._whole and not more and all(problem.kind in _CUT for problem in problems):
            return  # a copy that was taken while the run went on; another one tells it all
        for problem in problems:
            self.not_known(problem.file, problem.line, problem.message, run=self._result.runs.get(run_id))
        self._result.more_unknown += more


def _bounded(number: int, file: str, line: Line) -> None:
    if number > _MAX_OPEN:
        raise LogError(f"{file}:{line.number}: more than {_MAX_OPEN} calls are open at once; this is no true log")


def _of_admission(record: Fields) -> str | None:
    caller = read.inner(read.inner(record, "facts"), "caller")
    return read.text(caller, "pull_request") or _of_scopes(read.inner(record, "reservation"))


def _of_scopes(record: Fields) -> str | None:
    return _pull_request_in(read.text(scope, "scope") or "" for scope in read.rows(record, "scopes"))


def _pull_request_in(scopes: Iterable[str]) -> str | None:
    return next((scope.removeprefix(_SCOPE) for scope in scopes if scope.startswith(_SCOPE)), None)


def _reserved(record: Fields) -> Amount:
    reservation = read.inner(record, "reservation")
    return _amount(read.picodollars(reservation, "cost"), read.whole(reservation, "tokens") or 0)


def _extra(record: Fields) -> Amount:
    extra = read.inner(read.inner(record, "facts"), "extra")
    return _amount(read.whole(extra, "picodollars"), read.whole(extra, "tokens") or 0)


def _amount(cost: int | None, tokens: int) -> Amount:
    return Amount(picodollars=cost or 0, tokens=tokens)


def _has_no_price(record: Mapping[str, object]) -> bool:
    """Whether something was used and nothing says what it costs: that is no zero."""
    used = record.get("usage") is not None or tokens_of(record).total > 0
    forwarded = record.get("decision") == "approved" and record.get("operation") == "generate"
    return bool(forwarded and used and record.get("price") is None and not read.flag(record, "estimated"))
