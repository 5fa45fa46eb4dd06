"""The summary for a terminal: some lines, in colour where somebody looks at them."""

from typing import Final

from guardian_ci.audit.summary import Summary
from guardian_ci.audit.tally import Findings, ScopeRow, SessionTally
from guardian_ci.reports.amounts import bar, count, dollars, limit, share
from guardian_ci.reports.headline import calls_line, headline, open_line, tightest_first
from guardian_ci.reports.interface import Report
from guardian_ci.reports.untrusted import defuse, one_line

_RED: Final = "31;1"
_GREEN: Final = "32;1"
_YELLOW: Final = "33"
_DIM: Final = "2"
_NAME: Final = 60
_MESSAGE: Final = 300
_ROWS: Final = 10


class TerminalReport(Report):
    """Verdict, figures, budgets, tools, violations. Every line begins with our own words."""

    def __init__(self, *, colour: bool = False) -> None:
        self._colour = colour

    def render(self, summary: Summary) -> str:
        """Return the lines."""
        clean = summary.verdict == "clean"
        mark = self._paint("PASS" if clean else "FAIL", _GREEN if clean else _RED)
        lines = [
            f"guardian-ci {mark} {headline(summary)}",
            *self._findings("violation", summary.violations, _RED),
            *self._findings("warning", summary.warnings, _YELLOW),
            *self._facts(summary),
        ]
        return "\n".join(defuse(line) for line in lines) + "\n"

    def _paint(self, text: str, colour: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._colour else text

    def _findings(self, kind: str, findings: Findings, colour: str) -> list[str]:
        lines = []
        for row in findings.kept[:_ROWS]:
            where = f"{row.file}:{row.line}" if row.file and row.line else ""
            about = ", ".join(
                f"{name} {one_line(value, _NAME)}"
                for name, value in (("session", row.session), ("policy", where))
                if value
            )
            rule = self._paint(f"{kind} {one_line(row.rule, _NAME)}", colour)
            aside = self._paint(f" ({about})", _DIM) if about else ""
            lines.append(f"  {rule}: {one_line(row.message or row.reason, _MESSAGE)}{aside}")
        if findings.total > len(lines):
            lines.append(f"  … and {count(findings.total - len(lines), f'more {kind}')}")
        return lines

    def _facts(self, summary: Summary) -> list[str]:
        tokens = summary.tokens
        cached = f" ({tokens.cache_read:,} from cache)" if tokens.cache_read else ""
        cost = dollars(summary.picodollars)
        if summary.estimated_picodollars:
            cost += f", {share(summary.estimated_picodollars, summary.picodollars)} of it an upper bound"
        facts = [
            ("calls", calls_line(summary)),
            ("tokens", f"{tokens.input:,} in{cached}, {tokens.output:,} out"),
            ("cost", cost),
        ]
        facts += [("budget", line) for row in tightest_first(summary.scopes) for line in _budget(row)][:_ROWS]
        tools = [
            f"{one_line(name, _NAME)} {tool.calls:,}" + (f" ({tool.denied:,} denied)" if tool.denied else "")
            for name, tool in list(summary.tools.items())[:_ROWS]
        ]
        if tools:
            more = len(summary.tools) - len(tools)
            facts.append(("tools", ", ".join(tools) + (f" and {more:,} more" if more else "")))
        facts += [("agents", line) for line in map(_agents, summary.sessions) if line][:_ROWS]
        if summary.open_calls:
            facts.append(("open", open_line(summary)))
        if hosts := [host for run in summary.runs for host in run.tunnelled]:
            shown, more = ", ".join(one_line(host, _NAME) for host in hosts[:_ROWS]), len(hosts) - _ROWS
            facts.append(("hosts", f"{shown}{f' and {more:,} more' if more > 0 else ''} (tunnelled unread)"))
        facts += [("notice", one_line(notice.message, _MESSAGE)) for notice in summary.notices[:_ROWS]]
        sessions = sum(session.id is not None for session in summary.sessions)
        if sessions > 1:
            facts[0] = ("calls", f"{calls_line(summary)} in {count(sessions, 'session')}")
        return [f"  {self._paint(f'{name:<7}', _DIM)} {text}" for name, text in facts]


def _agents(session: SessionTally) -> str:
    """Say what each of a session's agents cost; nothing where it has only one."""
    said = []
    for agent in session.parts[:_ROWS]:
        name = "main agent" if agent.subagent is None else f"subagent {one_line(agent.subagent, _NAME)}"
        said.append(f"{name} {dollars(agent.picodollars)} ({count(agent.calls, 'call')})")
    more = len(session.parts) - len(said)
    whose = f"{one_line(session.id, _NAME)}: " if session.id is not None else ""
    return (whose + ", ".join(said) + (f" and {more:,} more" if more else "")) if said else ""


def _budget(row: ScopeRow) -> list[str]:
    name = one_line(row.scope, _NAME)
    lines = []
    if row.limit_picodollars is not None:
        drawn = bar(row.picodollars, row.limit_picodollars, full="#", empty="-")
        of = f"{dollars(row.picodollars)} of {limit(row.limit_picodollars)}"
        lines.append(f"[{drawn}] {share(row.picodollars, row.limit_picodollars):>5}  {of}  {name}")
    if row.limit_tokens is not None:
        drawn = bar(row.tokens, row.limit_tokens, full="#", empty="-")
        of = f"{row.tokens:,} of {count(row.limit_tokens, 'token')}"
        lines.append(f"[{drawn}] {share(row.tokens, row.limit_tokens):>5}  {of}  {name}")
    return lines
