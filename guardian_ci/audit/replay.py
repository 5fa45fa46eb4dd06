"""Feeds a log's events to the same session again: the same decisions must come out, line by line.

The ledger's balances are the log's own, so each decision is checked on what was known when it was made. The chain
shows a changed line; a changed decision shows here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from guardian_ci import __version__
from guardian_ci.audit import facts
from guardian_ci.audit import fields as read
from guardian_ci.audit.reader import Line, Log
from guardian_ci.audit.records import RESTARTED
from guardian_ci.errors import GuardianError, LogError
from guardian_ci.model import Amount, Limit
from guardian_ci.policy import Policy, policy_from_document
from guardian_ci.policy.rules import secret_leak
from guardian_ci.pricing.table import digest
from guardian_ci.session import commands as do
from guardian_ci.session import events as on
from guardian_ci.session.guard import Guard
from guardian_ci.session.ledger import Ask, Balance, Denial, Grant, admit

Fields = Mapping[str, object]
_Told = Mapping[str, tuple[Balance, Limit]]

OWN_REFUSALS: Final = frozenset({"bad_request", "unmetered_endpoint", "store_failed", "internal_error"})
"""Reasons of refusals that the session did not decide."""


_DECIDING: Final = frozenset({"reservation_extended", "reservation_exceeded", secret_leak.ID})
"""Codes of the notices that tell a decision."""

_NOT_WHOLE: Final = frozenset({"torn_line", "unreadable_line", "no_start", "no_end"})

_UNREADABLE: Final = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What values of another kind than the proxy wrote make go wrong: a changed line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A decision that the log tells otherwise than the session makes it now."""

    line: int
    request_id: str
    logged: str
    replayed: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.request_id}: the log says {self.logged}, the policy says {self.replayed}"


@dataclass(slots=True)
class Replayed:
    """What a replay found: how many decisions it made again, and those that differ."""

    decisions: int
    differences: list[Difference]
    notes: list[str]


def replay(log: Log, policy: Policy | None = None) -> Replayed:
    """Make every decision of a log again, under its own policy or another.

    Raises ``LogError`` where the log is torn, foreign or not whole. A broken chain is left to ``log.problems``.
    """
    result = Replayed(0, [], [])
    runs: dict[str, _Run] = {}
    for line in log:
        if line.type == "run_started":
            counted_alike = _counted_by(line) == (__version__, digest())
            if not counted_alike:
                version = line.fields.get("guardian_version")
                result.notes.append(
                    f"{line.run_id} was counted by guardian-ci {version}, whose prices or estimates are not those of "
                    f"this one ({__version__}): its amounts are not compared, its decisions are"
                )
            folder = line.fields.get("folder")
            guard = Guard(policy or _policy_of(line), folder if isinstance(folder, str) else None)
            runs[line.run_id] = _Run(guard, str(log.path), own_policy=policy is None, own_money=counted_alike)
            continue
        run = runs.get(line.run_id)
        if run is None:
            raise LogError(f"{log.path}:{line.number}: the line belongs to a run that has not started in this log")
        for difference in run.take(line, result):
            result.differences.append(difference)
    for problem in log.problems:
        if problem.kind in _NOT_WHOLE:
            raise LogError(f"{problem}; a replay needs the whole log of a run that has ended (see: guardian-ci report)")
    return result


@dataclass(slots=True)
class Past:
    """What a run has done so far, as its last line counts it, and the calls that were in flight then."""

    calls: int = 0
    violations: int = 0
    in_flight: frozenset[str] = frozenset()


def relive(log: Log, guard: Guard) -> Past:
    """Bring a new guard to where the log of its run has come to; what was in flight then is abandoned.

    Raises ``LogError`` for a line that cannot be replayed.
    """
    run, past, result = _Run(guard, str(log.path), own_policy=True, own_money=False), Past(), Replayed(0, [], [])
    for line in log:
        past.calls += line.type == "call"
        if line.type in {"call", "notice"}:
            past.violations += sum(read.flag(found, "violation") for found in read.rows(line.fields, "findings"))
        result.differences.extend(run.take(line, result))
    past.in_flight = run.abandon()
    return past


def _counted_by(line: Line) -> tuple[object, object]:
    return line.fields.get("guardian_version"), line.fields.get("prices")


def _policy_of(line: Line) -> Policy:
    told = line.fields.get("policy")
    document = told.get("document") if isinstance(told, Mapping) else None
    if not isinstance(told, Mapping) or not isinstance(document, Mapping):
        raise LogError(f"line {line.number}: the run's policy is not in the log")
    try:
        lines = told.get("lines")
        known = {str(name): int(number) for name, number in lines.items()} if isinstance(lines, Mapping) else None
        return policy_from_document(document, str(told.get("file", "")), known)
    except (GuardianError, TypeError, ValueError, ArithmeticError) as error:
        raise LogError(f"line {line.number}: the policy in the log cannot be read: {error}") from error


class _Run:
    """One run of a log, made again."""

    def __init__(self, guard: Guard, file: str, *, own_policy: bool, own_money: bool) -> None:
        self._guard = guard
        self._file = file
        self._own_policy = own_policy
        self._own_money = own_policy and own_money
        self._forwarded: set[str] = set()
        self._takers: Mapping[str, Callable[[Line], Iterator[Difference]]] = {
            "call_admitted": self._admitted,
            "tool_call": self._tool_call,
            "notice": self._notice,
            "call": self._call,
        }

    def take(self, line: Line, result: Replayed) -> Iterator[Difference]:
        """Make the line's decision again."""
        taker = self._takers.get(line.type)
        if taker is None:
            return
        try:
            yield from taker(line)
        except LogError as error:
            raise LogError(f"{self._file}:{line.number}: {error}") from error
        except _UNREADABLE as error:
            raise LogError(f"{self._file}:{line.number}: the line cannot be replayed: {error!r}") from error
        result.decisions += 1

    def abandon(self) -> frozenset[str]:
        """Forget what is in flight: the proxy has died, and its answers with it."""
        in_flight = frozenset(self._forwarded)
        for request in in_flight:
            self._guard.abandon(request)
        self._forwarded.clear()
        return in_flight

    def _admitted(self, line: Line) -> Iterator[Difference]:
        request = str(line.fields["request_id"])
        received = facts.received(request, _mapping(line.fields["facts"]))
        reservation = line.fields.get("reservation")
        told = {} if reservation is None else _told(_mapping(reservation)["scopes"])
        command = self._decide(received, told)
        if not isinstance(command, do.Forward):
            yield _difference(line, "admitted", _saying(command))
            return
        self._forwarded.add(request)
        if not self._own_money:
            return
        logged = _logged_edits(line.fields)
        again = _edits(command, received)
        if logged != again:
            yield _difference(line, f"admitted with {logged}", f"admitted with {again}")

    def _call(self, line: Line) -> Iterator[Difference]:
        request = str(line.fields["request_id"])
        told = line.fields.get("facts")
        if line.fields["decision"] == "rejected":
            if line.fields.get("reason") in OWN_REFUSALS:
                return
            if not isinstance(told, Mapping):
                yield _difference(line, f"rejected ({line.fields.get('reason')})", "nothing: its facts are missing")
                return
            received = facts.received(request, _mapping(told["received"]))
            command = self._decide(received, _told(line.fields.get("scopes")))
            logged = f"rejected ({line.fields.get('reason')})"
            again = _saying(command)
            if isinstance(command, do.Forward):
                self._settle_free(request, received.at)
            if logged != again and line.fields.get("reason") != "run_stopped":
                yield _difference(line, logged, again)
            return
        if request not in self._forwarded:
            return  # the difference was shown where the call was refused
        self._forwarded.discard(request)
        yield from self._ended(line, facts.ended(request, _mapping(_mapping(told)["ended"]), line.fields.get("usage")))

    def _ended(self, line: Line, event: on.Ended) -> Iterator[Difference]:
        settle = self._guard.handle(event)[0]
        if not isinstance(settle, do.Settle):
            raise TypeError(f"{settle!r} where a settlement was due")
        told = _told(line.fields.get("scopes"))
        balances = tuple(told.get(demand.scope, (Balance(), None))[0] for demand in settle.demands)
        self._guard.handle(on.Settled(request=event.request, at=event.at, balances=balances))
        charged = line.fields["cost_picodollars"]
        if self._own_money and charged != settle.charge.picodollars:
            yield _difference(line, f"charged {charged} picodollars", f"charged {settle.charge.picodollars}")

    def _settle_free(self, request: str, at: float) -> None:
        """A call that only the replay admits has no answer in the log: it ends at once."""
        settle = self._guard.handle(on.Ended(request=request, at=at, outcome=on.Outcome.UNREACHED))[0]
        demands = settle.demands if isinstance(settle, do.Settle) else ()
        empty = tuple(Balance() for _ in demands)
        self._guard.handle(on.Settled(request=request, at=at, balances=empty))

    def _tool_call(self, line: Line) -> Iterator[Difference]:
        request = str(line.fields["request_id"])
        if request not in self._forwarded:
            return
        at = float(cast("float", _mapping(line.fields["facts"])["at"]))
        command = self._guard.handle(facts.tool_called(request, at, _mapping(line.fields["tool"])))[0]
        again = "released" if isinstance(command, do.Release) else "blocked"
        logged = "blocked" if line.fields["verdict"] == "block" else "released"
        if logged != again:
            yield _difference(line, f"the tool call was {logged}", again)

    def _notice(self, line: Line) -> Iterator[Difference]:
        if line.fields["code"] == RESTARTED:
            self.abandon()
        if line.fields["code"] == "budget_lowered" and self._own_policy:
            document = _mapping(_mapping(line.fields["facts"])["document"])
            self._guard.change_policy(policy_from_document(document, self._guard.policy.file))
        request = str(line.fields["request_id"])
        if request not in self._forwarded or line.fields["code"] not in _DECIDING:
            return
        told = _mapping(line.fields["facts"])
        if line.fields["code"] == secret_leak.ID:
            yield from self._wrote(line, facts.wrote(request, told), str(told["verdict"]))
            return
        event = facts.progressed(request, told)
        commands = self._guard.handle(event)
        if not commands or not isinstance(commands[0], do.Reserve):
            yield _difference(line, str(line.fields["code"]), "it is within its reservation")
            return
        answer = _answer(commands[0].ask, _told(told["scopes"]))
        again = "reservation_extended" if isinstance(answer, Grant) else "reservation_exceeded"
        self._guard.handle(on.Reserved(request=request, at=event.at, answer=answer))
        if again != line.fields["code"]:
            yield _difference(line, str(line.fields["code"]), again)

    def _wrote(self, line: Line, event: on.Wrote, logged: str) -> Iterator[Difference]:
        commands = self._guard.handle(event)
        again = "block" if commands and isinstance(commands[0], do.Cut) else "warn" if commands else "allow"
        if again != logged:
            yield _difference(line, f"a secret in the answer: {logged}", again)

    def _decide(self, received: on.CallReceived, told: _Told) -> do.Command:
        command = self._guard.handle(received)[0]
        while isinstance(command, do.Reserve):
            answer = _answer(command.ask, told)
            event = on.Reserved(request=received.request, at=received.at, answer=answer)
            command = self._guard.handle(event)[0]
        return command


def _answer(ask: Ask, told: _Told) -> Grant | Denial:
    return admit(ask, [told.get(demand.scope, (Balance(), None))[0] for demand in ask.demands])


def _told(scopes: object) -> _Told:
    found: dict[str, tuple[Balance, Limit]] = {}
    for each in cast("Sequence[object]", scopes or []):
        scope = cast("Mapping[str, int]", _mapping(each))
        spent = Amount(picodollars=scope["spent_picodollars"], tokens=scope["spent_tokens"])
        reserved = Amount(picodollars=scope.get("reserved_picodollars", 0), tokens=scope.get("reserved_tokens", 0))
        limit = Limit(picodollars=scope.get("limit_picodollars"), tokens=scope.get("limit_tokens"))
        found[str(scope["scope"])] = (Balance(spent=spent, reserved=reserved), limit)
    return found


def _logged_edits(fields: Fields) -> dict[str, object]:
    reservation = fields.get("reservation")
    amount = None if reservation is None else _mapping(reservation)["cost_picodollars"]
    return {"reserved": amount} | dict(_mapping(fields["edits"]))


def _edits(command: do.Forward, received: on.CallReceived) -> dict[str, object]:
    edits: dict[str, object] = {"reserved": command.reserved.picodollars if command.balances else None}
    if command.max_output_tokens is not None:
        edits["max_output_tokens"] = command.max_output_tokens
    if command.remove_tools:
        edits["remove_tools"] = [received.call.tools[index].name for index in command.remove_tools]
    if command.model is not None:
        edits["model"] = command.model
    if command.notice is not None:
        edits["notice"] = command.notice
    if command.max_web_searches not in (None, received.call.max_web_searches):
        edits["max_web_searches"] = command.max_web_searches
    if command.redact:
        edits["redact"] = [origin.value for origin in command.redact]
    return edits


def _saying(command: do.Command) -> str:
    return f"rejected ({command.finding.reason})" if isinstance(command, do.Refuse) else "admitted"


def _difference(line: Line, logged: str, replayed: str) -> Difference:
    request = str(line.fields.get("request_id"))
    return Difference(line=line.number, request_id=request, logged=logged, replayed=replayed)


def _mapping(value: object) -> Fields:
    if not isinstance(value, Mapping):
        raise TypeError(f"{type(value).__name__} where an object was due")
    return value
