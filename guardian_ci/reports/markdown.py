"""The job summary: GitHub Markdown, the verdict first.

What a log holds gets in by the two doors of ``markup`` only. Each table has a bound in rows and in bytes, and
their sum is less than what a job summary may hold.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from guardian_ci.audit.summary import Summary
from guardian_ci.audit.tally import FindingRow, Findings, ScopeRow, SessionTally
from guardian_ci.model import PICODOLLARS
from guardian_ci.reports.amounts import bar, count, decimal, dollars, limit, share
from guardian_ci.reports.headline import calls_line, headline, open_line, tightest_first
from guardian_ci.reports.interface import Report
from guardian_ci.reports.markup import NOTHING, code, prose, section
from guardian_ci.reports.untrusted import one_line

MAX_BYTES: Final = 1024 * 1024
"""A larger job summary is dropped whole."""

_MESSAGE: Final = 600
# Mermaid's own first colour can hardly be seen on white.
_CHART_COLOURS: Final = '%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#2563eb, #dc2626"}}}}%%'
_UNITS: Final = (("minutes", 60_000), ("seconds", 1_000), ("milliseconds", 1))

_HOSTS: Final = 20
_WATCHED: Final = {
    "watched": "; connections past the proxy were watched for (not those of other containers)",
    "off": "; connections past the proxy were not watched for",
    "unsupported": "; connections past the proxy cannot be watched for on this system",
}


class MarkdownReport(Report):
    """Verdict, spend, sessions, violations, tools."""

    def render(self, summary: Summary) -> str:
        """Return the Markdown, less than 1 MiB of UTF-8."""
        parts = [
            _verdict(summary),
            _findings("Violations", summary.violations, rows=100, size=300_000),
            _spend(summary),
            _chart(summary),
            _sessions(summary.sessions),
            _agents(summary.sessions),
            _tools(summary),
            _models(summary),
            _findings("Warnings", summary.warnings, rows=40, size=100_000),
            _findings("Slowed down", summary.throttled, rows=20, size=60_000),
            _notices(summary),
            _runs(summary),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"


def _verdict(summary: Summary) -> str:
    mark = "✅" if summary.verdict == "clean" else "❌"
    figures = [f"{calls_line(summary)}: {dollars(summary.picodollars)}"]
    tokens = summary.tokens
    cached = f", {share(tokens.cache_read, tokens.input)} of it from cache" if tokens.cache_read else ""
    figures.append(f"{tokens.input:,} input tokens{cached}; {tokens.output:,} output tokens")
    if summary.estimated_picodollars:
        figures.append(
            f"{share(summary.estimated_picodollars, summary.picodollars)} of the cost is an upper bound"
            f" ({count(summary.estimated_calls, 'call')} whose usage the provider did not tell)"
        )
    if summary.open_calls:
        figures.append(open_line(summary))
    head = f"## {mark} guardian-ci: {prose(headline(summary), _MESSAGE)}"
    first = summary.violations.kept[0] if summary.violations.kept else None
    # The line begins with a code span, so that no message can begin a heading or a list in the quotation.
    why = f"\n\n> {code(first.rule)} {prose(first.message, _MESSAGE)}" if first else ""
    return f"{head}{why}\n\n" + "\n".join(f"- {prose(figure, _MESSAGE)}" for figure in figures)


def _spend(summary: Summary) -> str:
    cells = [cell for row in tightest_first(summary.scopes) for cell in _budget(row)]
    return section("Spend against budget", ("Scope", "Spent", "Budget", ""), cells, rows=40, size=60_000)


def _budget(row: ScopeRow) -> Iterable[Sequence[str]]:
    name = code(row.scope)
    for spent, most, shown, shown_most in (
        (row.picodollars, row.limit_picodollars, dollars(row.picodollars), limit(row.limit_picodollars or 0)),
        (row.tokens, row.limit_tokens, f"{row.tokens:,} tokens", f"{row.limit_tokens or 0:,} tokens"),
    ):
        if most is not None:
            yield name, shown, shown_most, f"`{bar(spent, most)}` {share(spent, most)}"


def _chart(summary: Summary) -> str:
    """Draw cumulative spend; the budget of the run as a second line once it is near enough to be seen with it."""
    if not summary.picodollars or not summary.spend:
        return ""
    step = summary.spend[0].milliseconds
    # Whole numbers a step: the chart adds them up, and rounding would lose the last point, which is the total.
    unit, length = next(unit for unit in _UNITS if step % unit[1] == 0)
    totals = [0, *(point.picodollars for point in summary.spend)]
    top = totals[-1]
    budget = next((row.limit_picodollars for row in summary.scopes if row.scope == "run"), None)
    drawn = budget is not None and budget <= 4 * top
    most = max(top, budget or 0) if drawn else top
    title = "Cumulative spend in US dollars" + (f", and the budget of {limit(budget or 0)}" if drawn else "")
    plotted = [f"    line [{', '.join(_plot(total) for total in totals)}]"]
    if drawn:
        plotted.append(f"    line [{', '.join([_plot(budget or 0)] * len(totals))}]")
    return "\n".join(
        [
            "```mermaid",
            _CHART_COLOURS,
            "xychart-beta",
            f'    title "{title}"',
            f'    x-axis "{unit} since the first call" 0 --> {(len(totals) - 1) * step // length}',
            f'    y-axis "US dollars" 0 --> {_plot(most + most // 10 or 1)}',
            *plotted,
            "```",
        ]
    )


def _plot(picodollars: int) -> str:
    """Write dollars as the chart's grammar has numbers: no exponent, no sign."""
    return (
        decimal(-(-picodollars // 10**4) * 10**4) if picodollars < PICODOLLARS else f"{picodollars / PICODOLLARS:.4f}"
    )


def _sessions(sessions: Sequence[SessionTally]) -> str:
    head = (
        "Session",
        "Calls",
        "Refused",
        "Input",
        "Output",
        "Cost",
        "Budget",
        "First call (UTC)",
        "Last call",
        "Files",
    )
    cells = [
        (
            code(session.id) if session.id is not None else "*(no session)*",
            f"{session.calls:,}",
            f"{session.rejected:,}",
            f"{session.tokens.input:,}",
            f"{session.tokens.output:,}",
            dollars(session.picodollars),
            _session_budget(session),
            _time(session.first_call),
            _time(session.last_call),
            _paths(session),
        )
        for session in sessions
    ]
    return section("Sessions", head, cells, rows=50, size=150_000, right=range(1, 6))


def _agents(sessions: Sequence[SessionTally]) -> str:
    head = ("Session", "Agent's own session", "Agent", "Calls", "Refused", "Input", "Output", "Cost")
    cells = [
        (
            code(session.id) if session.id is not None else "*(no session)*",
            code(agent.agent_session or ""),
            "*main agent*" if agent.subagent is None else _subagent(agent.subagent, agent.parent),
            f"{agent.calls:,}",
            f"{agent.refused:,}",
            f"{agent.tokens.input:,}",
            f"{agent.tokens.output:,}",
            dollars(agent.picodollars),
        )
        for session in sessions
        for agent in session.parts
    ]
    return section("Agents, as they name themselves", head, cells, rows=50, size=60_000, right=range(3, 8))


def _subagent(name: str, parent: str | None) -> str:
    return code(name) + (f", started by {code(parent)}" if parent else "")


def _session_budget(session: SessionTally) -> str:
    parts = []
    if session.budget_picodollars is not None:
        parts.append(limit(session.budget_picodollars))
    if session.token_budget is not None:
        parts.append(count(session.token_budget, "token"))
    return ", ".join(parts) or NOTHING


def _paths(session: SessionTally, most: int = 6) -> str:
    paths = list(session.paths)
    shown = ", ".join(code(path) for path in paths[:most])
    rest = len(paths) - most
    if session.more_paths:
        return f"{shown} and more than {max(rest, 0)} more"
    return f"{shown} and {rest} more" if rest > 0 else shown or NOTHING


def _findings(title: str, findings: Findings, *, rows: int, size: int) -> str:
    cells = [
        (code(row.rule), prose(row.message or row.reason, _MESSAGE), code(row.subject), *_where(row))
        for row in findings.kept[:rows]
    ]
    head = ("Rule", "What and why", "About", "Session", "Request", "Policy")
    return section(title, head, cells, rows=rows, size=size, total=findings.total)


def _where(row: FindingRow) -> tuple[str, str, str]:
    policy = f"{row.file}:{row.line}" if row.file and row.line else row.file or ""
    return code(row.session or ""), code(row.request_id or ""), code(policy)


def _tools(summary: Summary) -> str:
    cells = [
        (code(name), f"{tool.calls:,}", f"{tool.denied:,}", f"{tool.failed:,}") for name, tool in summary.tools.items()
    ]
    head = ("Tool", "Calls", "Denied", "Failed")
    return section("Tools", head, cells, rows=60, size=60_000, right=range(1, 4))


def _models(summary: Summary) -> str:
    cells = [
        (
            code(name),
            f"{model.calls:,}",
            f"{model.tokens.input:,}",
            f"{model.tokens.cache_read:,}",
            f"{model.tokens.cache_write:,}",
            f"{model.tokens.output:,}",
            dollars(model.picodollars),
        )
        for name, model in summary.models.items()
    ]
    head = ("Model", "Calls", "Input", "of it read from cache", "of it written to cache", "Output", "Cost")
    return section("Models", head, cells, rows=40, size=40_000, right=range(1, 7))


def _notices(summary: Summary) -> str:
    cells = [
        (notice.level if notice.level == "error" else "warning", prose(notice.message, _MESSAGE))
        for notice in summary.notices
    ]
    return section("Notices", ("Level", "What"), cells, rows=40, size=80_000)


def _runs(summary: Summary) -> str:
    said = []
    for run in summary.runs[:5]:
        policy = f"policy {code(run.policy_file)}" if run.policy_file else "no policy known"
        digest = f", digest {code(run.policy_digest[:12])}" if run.policy_digest else ""
        version = f", guardian-ci {code(run.version)}" if run.version else ""
        recovered = (
            f", {dollars(run.recovered_picodollars)} taken over from a run that was killed"
            if run.recovered_picodollars
            else ""
        )
        watched = _WATCHED.get(run.direct_connections or "", "")
        if run.direct_connections_unseen:
            watched = f"; connections past the proxy could not be seen: {prose(run.direct_connections_unseen, 300)}"
        hosts = _tunnelled(list(run.tunnelled))
        said.append(f"<sub>Run {code(run.run_id)}: {policy}{digest}{version}{recovered}{watched}{hosts}</sub>")
    return "<br>\n".join(said)


def _tunnelled(hosts: list[str]) -> str:
    """Say where the agent went through the forward proxy; nothing where it went nowhere."""
    shown, more = ", ".join(map(code, hosts[:_HOSTS])), len(hosts) - _HOSTS
    return f"; tunnelled unread: {shown}{f' and {more:,} more' if more > 0 else ''}" if hosts else ""


def _time(timestamp: str | None) -> str:
    shown = one_line(timestamp or "", 30)
    return prose(shown[:19].replace("T", " "), 30) if shown else NOTHING
