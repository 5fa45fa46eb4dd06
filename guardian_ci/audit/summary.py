"""The summary of one or more logs: what every report, the verdict and the exit code are made of.

Nobody else reads logs. A finding counts once: by the record of its call, or, for a call that has none because its
proxy died, by the lines that came before.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from guardian_ci.audit import fields as read
from guardian_ci.audit.fields import Fields
from guardian_ci.audit.reader import Line, Log, Problem
from guardian_ci.audit.spend import SpendCurve, SpendPoint
from guardian_ci.audit.tally import (
    MAX_FINDINGS,
    MAX_NAMES,
    MAX_SESSIONS,
    OTHERS,
    RUN_INTEGRITY,
    FindingKind,
    FindingRow,
    Findings,
    ModelTally,
    Notice,
    OpenCall,
    RunTally,
    ScopeRow,
    SessionTally,
    Tokens,
    ToolTally,
    finding_kind,
    tokens_of,
    tool_name,
)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What happened in one or more runs. Made once and not changed afterwards."""

    runs: tuple[RunTally, ...]
    sessions: tuple[SessionTally, ...]
    """By name; the requests that belong to no session are the one with ``id`` None, which comes last."""
    scopes: tuple[ScopeRow, ...]
    tools: dict[str, ToolTally]
    models: dict[str, ModelTally]
    violations: Findings
    throttled: Findings
    warnings: Findings
    notices: tuple[Notice, ...]
    spend: tuple[SpendPoint, ...]
    calls: int
    approved: int
    rejected: int
    throttled_calls: int
    tokens: Tokens
    picodollars: int
    estimated_picodollars: int
    estimated_calls: int
    open_calls: int
    """Calls that were in flight when their proxy died."""
    open_picodollars: int
    """What those had reserved, at most: the ledger counts it as spent, ``picodollars`` does not."""

    @classmethod
    def of(cls, *logs: Log, problems: Sequence[Problem] = ()) -> "Summary":
        """Read logs to their end and sum them up. ``problems`` are integrity problems known beforehand."""
        tally = _Tally()
        for log in logs:
            for line in log:
                tally.take(line, str(log.path))
            tally.close(log.problems, log.more_problems)
        tally.close(problems)
        return tally.summary()

    @property
    def verdict(self) -> Literal["clean", "violation"]:
        """Whether the build may be green."""
        return "violation" if self.violations.total else "clean"

    @property
    def estimated_share(self) -> float:
        """The part of the cost that is an upper bound, not a provider's count (0 to 1)."""
        return self.estimated_picodollars / self.picodollars if self.picodollars else 0.0


class _Tally:
    """Counts, one line after the other."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, str], RunTally] = {}
        self._sessions: dict[str | None, SessionTally] = {}
        self._scopes: dict[str, ScopeRow] = {}
        self._tools: dict[str, ToolTally] = {}
        self._models: dict[str, ModelTally] = {}
        self._found: dict[FindingKind, Findings] = {
            "violation": Findings(),
            "throttled": Findings(),
            "warning": Findings(),
        }
        self._notices: list[Notice] = []
        self._curve = SpendCurve()
        self._open: dict[tuple[str, str], OpenCall] = {}
        self._dead: list[OpenCall] = []

    def take(self, line: Line, file: str) -> None:
        run = self._runs.setdefault((file, line.run_id), RunTally(run_id=line.run_id, log=file))
        at = read.moment(line.fields, "timestamp")
        run.started = run.started or at
        run.last = at or run.last
        match line.type:
            case "run_started":
                _start(run, line.fields)
            case "call_admitted":
                self._admit(line, file)
            case "tool_call":
                self._judge(line, file)
            case "call":
                self._call(line, file)
            case "tool_result":
                self._result(line.fields)
            case "notice":
                self._notice(line, file, run)
            case "run_ended":
                run.ended = True
                run.end_reason = read.text(line.fields, "reason")
                run.direct_connections_unseen = read.text(line.fields, "direct_connections_unseen")
            case _:
                pass  # a later version's line says nothing that this version counts

    def close(self, problems: Iterable[Problem], more: int = 0) -> None:
        """End a log: calls still open stay so, and what is wrong with the log is a violation."""
        for call in self._open.values():
            for finding, row in call.findings:
                self._count(finding, row)
        self._dead += self._open.values()
        self._open.clear()
        for problem in problems:
            self._found["violation"].add(
                FindingRow(
                    kind="violation",
                    rule=RUN_INTEGRITY,
                    reason=problem.kind,
                    message=problem.message,
                    subject=problem.file,
                    log_file=problem.file,
                    log_line=problem.line,
                )
            )
        if more:
            self._found["violation"].counts[None, RUN_INTEGRITY] += more

    def _admit(self, line: Line, file: str) -> None:
        reserved = read.picodollars(read.inner(line.fields, "reservation"), "cost")
        call = self._opened(line)
        call.picodollars = reserved or 0
        self._hold(call, line, file)

    def _judge(self, line: Line, file: str) -> None:
        self._hold(self._opened(line), line, file)

    def _opened(self, line: Line) -> OpenCall:
        key = (line.run_id, read.text(line.fields, "request_id") or "")
        return self._open.setdefault(key, OpenCall(session=read.text(line.fields, "session_id")))

    @staticmethod
    def _hold(call: OpenCall, line: Line, file: str) -> None:
        if len(call.findings) < MAX_FINDINGS:
            call.findings += [(found, _row(found, line, file)) for found in read.rows(line.fields, "findings")]

    def _call(self, line: Line, file: str) -> None:
        record = line.fields
        self._open.pop((line.run_id, read.text(record, "request_id") or ""), None)
        session = self._session(read.text(record, "session_id"))
        session.count(record)
        kinds = {self._count(found, _row(found, line, file)) for found in read.rows(record, "findings")}
        if record.get("decision") == "rejected" and "throttled" in kinds and "violation" not in kinds:
            session.throttled += 1
        self._spend(record)
        for tool in read.rows(record, "tool_calls"):
            counted = _bounded(self._tools, tool_name(tool), ToolTally)
            counted.calls += 1
            counted.denied += tool.get("verdict") == "block"
            counted.failed += tool.get("result_status") == "error"

    def _session(self, name: str | None) -> SessionTally:
        if name not in self._sessions and name is not None and len(self._sessions) >= MAX_SESSIONS:
            name = OTHERS
        return self._sessions.setdefault(name, SessionTally(id=name))

    def _spend(self, record: Fields) -> None:
        cost = read.picodollars(record, "cost") or 0
        at = read.moment(record, "timestamp")
        if at is not None:
            self._curve.add(at, cost)
        if record.get("decision") == "approved":
            model = _bounded(self._models, read.text(record, "model") or "(none)", ModelTally)
            model.calls += 1
            model.tokens += tokens_of(record)
            model.picodollars += cost
        for scope in read.rows(record, "scopes"):
            name = read.text(scope, "scope") or "(unnamed)"
            if name in self._scopes or len(self._scopes) < MAX_NAMES:
                self._scopes[name] = ScopeRow(
                    scope=name,
                    picodollars=read.picodollars(scope, "spent") or 0,
                    tokens=read.whole(scope, "spent_tokens") or 0,
                    limit_picodollars=read.picodollars(scope, "limit"),
                    limit_tokens=read.whole(scope, "limit_tokens"),
                )

    def _count(self, finding: Fields, row: FindingRow) -> FindingKind | None:
        kind = finding_kind(finding)
        if kind is not None:
            # A session that has a finding is one of the sessions, also if its first call never came to its end.
            named = None if row.session is None else self._session(row.session).id
            self._found[kind].add(replace(row, session=named))
        return kind

    def _result(self, record: Fields) -> None:
        if record.get("status") == "error":
            _bounded(self._tools, tool_name(record), ToolTally).failed += 1

    def _notice(self, line: Line, file: str, run: RunTally) -> None:
        record = line.fields
        if (host := read.text(record, "host")) is not None and len(run.tunnelled) < MAX_NAMES:
            run.tunnelled[host] = None
        if found := read.rows(record, "findings"):
            for finding in found:
                self._count(finding, _row(finding, line, file))
            return  # a finding is said as such
        level = read.text(record, "level") or "info"
        if level in ("warning", "error") and len(self._notices) < MAX_NAMES:
            notice = Notice(
                level=level,
                code=read.text(record, "code") or "",
                message=read.text(record, "message") or "",
                request_id=read.text(record, "request_id"),
            )
            self._notices.append(notice)

    def summary(self) -> Summary:
        sessions = sorted(self._sessions.values(), key=lambda one: (one.id is None, one.id or ""))
        tokens = Tokens()
        for session in sessions:
            tokens += session.tokens
        warned = {row.message for row in self._found["warning"].kept}  # a warning is said once
        return Summary(
            runs=tuple(self._runs.values()),
            sessions=tuple(sessions),
            scopes=tuple(self._scopes[name] for name in sorted(self._scopes)),
            tools=dict(sorted(self._tools.items(), key=lambda item: (-item[1].calls, item[0]))),
            models=dict(sorted(self._models.items(), key=lambda item: (-item[1].picodollars, item[0]))),
            violations=self._found["violation"],
            throttled=self._found["throttled"],
            warnings=self._found["warning"],
            notices=tuple(notice for notice in self._notices if notice.message not in warned),
            spend=self._curve.points(),
            calls=sum(session.calls for session in sessions),
            approved=sum(session.approved for session in sessions),
            rejected=sum(session.rejected for session in sessions),
            throttled_calls=sum(session.throttled for session in sessions),
            tokens=tokens,
            picodollars=sum(session.picodollars for session in sessions),
            estimated_picodollars=sum(session.estimated_picodollars for session in sessions),
            estimated_calls=sum(session.estimated_calls for session in sessions),
            open_calls=len(self._dead),
            open_picodollars=sum(call.picodollars for call in self._dead),
        )


def _start(run: RunTally, record: Fields) -> None:
    policy = read.inner(record, "policy")
    run.version = read.text(record, "guardian_version")
    run.policy_name = read.text(policy, "name") or ", ".join(read.texts(policy, "names")) or None
    run.policy_file = read.text(policy, "file")
    run.policy_digest = read.text(policy, "digest")
    run.policy = read.inner(policy, "document")
    run.direct_connections = read.text(record, "direct_connections")
    recovered = read.rows(record, "recovered")
    run.recovered_calls = len(recovered)
    run.recovered_picodollars = sum(read.picodollars(one, "cost") or 0 for one in recovered)


def _row(finding: Fields, line: Line, file: str) -> FindingRow:
    return FindingRow(
        kind=finding_kind(finding) or "warning",
        rule=read.text(finding, "rule") or "(unnamed)",
        reason=read.text(finding, "reason") or "",
        message=read.text(finding, "message") or "",
        subject=read.text(finding, "subject") or "",
        session=read.text(line.fields, "session_id"),
        request_id=read.text(line.fields, "request_id"),
        file=read.text(finding, "file"),
        line=read.whole(finding, "line") or None,
        timestamp=read.text(line.fields, "timestamp"),
        log_file=file,
        log_line=line.number,
    )


def _bounded(tallies: dict[str, _T], name: str, make: Callable[[], _T]) -> _T:
    if name not in tallies and len(tallies) >= MAX_NAMES:
        name = OTHERS
    return tallies.setdefault(name, make())
