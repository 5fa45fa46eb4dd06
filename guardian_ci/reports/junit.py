"""JUnit XML in the dialect that dorny/test-reporter, publish-unit-test-result-action and action-junit-report read.

Flat suites that have names; a case a rule, its name the rule's id and its class the suite; one ``<failure>`` a
case at most; ``file`` and ``line`` of the policy where they are known; no character that XML forbids.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from junit_xml import TestCase, TestSuite, to_xml_report_string

from guardian_ci.audit.chain import rfc3339
from guardian_ci.audit.summary import Summary
from guardian_ci.audit.tally import FindingRow, SessionTally
from guardian_ci.reports.amounts import count, decimal, limit
from guardian_ci.reports.headline import open_line
from guardian_ci.reports.interface import Report
from guardian_ci.reports.rules import RUN_RULES, SESSION_RULES, RulesOff
from guardian_ci.reports.untrusted import lines, one_line

RUN_SUITE: Final = "guardian-ci run"
_NAME: Final = 200
_MESSAGE: Final = 500
_TEXT: Final = 2_000


class JunitReport(Report):
    """A suite a session, a case a rule."""

    def render(self, summary: Summary) -> str:
        """Return the XML document."""
        names = _Names()
        rules_off = RulesOff(summary)
        suites = [_run_suite(summary, names(RUN_SUITE), rules_off.of(None))]
        suites += [
            _session_suite(summary, session, names(one_line(session.id, _NAME) or "(blank)"), rules_off.of(session.id))
            for session in summary.sessions
            if session.id is not None
        ]
        text: str = to_xml_report_string(suites, prettyprint=True, encoding="utf-8")
        return text if text.endswith("\n") else text + "\n"


class _Names:
    """Makes names unique: readers take suites of one name for one suite."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def __call__(self, wanted: str) -> str:
        name, number = wanted, 2
        while name in self._taken:
            name, number = f"{wanted} #{number}", number + 1
        self._taken.add(name)
        return name


def _run_suite(summary: Summary, name: str, off: frozenset[str]) -> TestSuite:
    started = next((run.started for run in summary.runs if run.started), None)
    cases = _cases(summary, None, name, RUN_RULES, off)
    said = [f"{notice.level}: {notice.message}" for notice in summary.notices]
    said += filter(None, [open_line(summary)])
    if said:
        cases[0].stdout = "\n".join(filter(None, [cases[0].stdout, *_bounded(said)]))
    properties = {
        "verdict": summary.verdict,
        "calls": str(summary.calls),
        "cost_usd": decimal(summary.picodollars),
        "policy": one_line(", ".join(run.policy_file or "" for run in summary.runs), _NAME),
    }
    return TestSuite(name, cases, timestamp=rfc3339(started) if started else None, properties=properties)


def _session_suite(summary: Summary, session: SessionTally, name: str, off: frozenset[str]) -> TestSuite:
    properties = {
        "calls": str(session.calls),
        "refused": str(session.rejected),
        "tokens": str(session.tokens.total),
        "cost_usd": decimal(session.picodollars),
    }
    if session.budget_picodollars is not None:
        properties["budget"] = limit(session.budget_picodollars)
    if session.token_budget is not None:
        properties["token_budget"] = str(session.token_budget)
    subagents = [agent for agent in session.parts if agent.subagent is not None]
    if subagents:
        properties["subagents"] = str(len(subagents))
        properties["subagents_cost_usd"] = decimal(sum(agent.picodollars for agent in subagents))
    cases = _cases(summary, session.id, name, SESSION_RULES, off)
    return TestSuite(name, cases, timestamp=one_line(session.first_call or "", 40) or None, properties=properties)


def _cases(
    summary: Summary, session: str | None, suite: str, known: Sequence[str], off: frozenset[str]
) -> list[TestCase]:
    """Return a case for each known rule, and for each other one that something was found of."""
    found = (summary.violations, summary.throttled, summary.warnings)
    others = sorted({rule for kind in found for owner, rule in kind.counts if owner == session} - set(known))
    names = _Names()
    return [
        _case(summary, session, rule, TestCase(names(one_line(rule, _NAME)), classname=suite), off=rule in off)
        for rule in [*known, *others]
    ]


def _case(summary: Summary, session: str | None, rule: str, case: TestCase, *, off: bool) -> TestCase:
    rows = summary.violations.of(session, rule)
    number = summary.violations.counts[session, rule]
    if number:
        first = rows[0] if rows else None
        message = one_line(first.message, _MESSAGE) if first else ""
        if number > 1:
            message = f"{count(number, 'violation')}; the first: {message}" if message else count(number, "violation")
        case.add_failure_info(message or rule, _listed(rows, number), (first and one_line(first.reason, _NAME)) or rule)
        placed = next((row for row in rows if row.file and row.line), None)
        if placed:
            case.file, case.line = one_line(placed.file or "", _MESSAGE), placed.line
    elif off:
        case.add_skipped_info("the policy turns this rule off")
    softer: list[str] = []
    for word, kind in (("warning", summary.warnings), ("slowed down", summary.throttled)):
        if kind.counts[session, rule]:
            softer.append(f"{word}: {_listed(kind.of(session, rule), kind.counts[session, rule])}")
    case.stdout = "\n".join(softer) or None
    return case


def _listed(rows: Iterable[FindingRow], number: int) -> str:
    said = [_finding(row) for row in rows]
    if number > len(said):
        said.append(f"… and {number - len(said):,} more: see log.ndjson")
    return "\n".join(said)


def _finding(row: FindingRow) -> str:
    """Say what, where and why."""
    where = [
        f"{name} {one_line(value, _NAME)}"
        for name, value in (
            ("about", row.subject),
            ("request", row.request_id),
            ("at", row.timestamp),
            ("policy", f"{row.file}:{row.line}" if row.file and row.line else row.file),
            ("log line", str(row.log_line) if row.log_line else None),
        )
        if value
    ]
    return f"{lines(row.message, _TEXT)}\n    {one_line(row.reason, _NAME)}; {', '.join(where)}"


def _bounded(said: list[str], most: int = 50) -> list[str]:
    shown = [one_line(line, _MESSAGE) for line in said[:most]]
    return shown + ([f"… and {len(said) - most:,} more: see log.ndjson"] if len(said) > most else [])
