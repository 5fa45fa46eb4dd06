"""What a pull request has cost, as each reader takes it: JUnit, Markdown, JSON, text. A ``GateResult`` in, text out."""

import json
from collections.abc import Mapping
from typing import Final

from junit_xml import TestCase, TestSuite, to_xml_report_string

from guardian_ci.audit.gate import GateResult, Unknown
from guardian_ci.model import Amount
from guardian_ci.reports.amounts import count, decimal, dollars, limit, share
from guardian_ci.reports.markup import code, prose, section
from guardian_ci.reports.untrusted import defuse, one_line

SPENT: Final = "pull_request_budget"
KNOWN: Final = "pull_request_spend_known"
_MESSAGE: Final = 500
_ROWS: Final = 50
_LOGS: Final = 200
_BOUND: Final = "at an upper bound, since the provider did not tell their usage"
_NAME: Final = 200


def headline(result: GateResult) -> str:
    """Say the verdict in one line."""
    name = f"pull request {one_line(result.pull_request, 40)}"
    spent = ", ".join(f"{spent} of {most}" for spent, most in _against_limits(result))
    if result.verdict == "over":
        return f"{name} is over its limit: {spent}"
    if result.verdict == "unknown":
        unknown = count(len(result.unknown) + result.more_unknown, "thing")
        return f"{name}: {spent} are spent for certain, and {unknown} could not be counted"
    return f"{name} is within its limit: {spent}"


def terminal(result: GateResult, *, unknown_fails: bool) -> str:
    """Return the result for people at a terminal or in a job's log."""
    mark = "FAIL" if result.failed(unknown_fails=unknown_fails) else "WARN" if result.verdict == "unknown" else "PASS"
    lines = [f"guardian-ci {mark} {headline(result)}", *(f"  {line}" for line in _figures(result))]
    lines += [f"  not known: {_said(each)}" for each in result.unknown[:_ROWS]]
    if (left := len(result.unknown[_ROWS:]) + result.more_unknown) > 0:
        lines.append(f"  … and {left:,} more")
    return defuse("\n".join(lines)) + "\n"


def markdown(result: GateResult, *, unknown_fails: bool) -> str:
    """Return a job summary: the verdict first, then what is not known, then the table of logs."""
    mark = "❌" if result.failed(unknown_fails=unknown_fails) else "⚠️" if result.verdict == "unknown" else "✅"
    head = f"## {mark} guardian-ci gate: {prose(headline(result), _MESSAGE)}"
    figures = "\n".join(f"- {prose(line, _MESSAGE)}" for line in _figures(result))
    parts = [head, figures, _unknown_table(result), _runs_table(result)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _unknown_table(result: GateResult) -> str:
    cells = [(code(_place(each)), prose(each.message, _MESSAGE), _most(each)) for each in result.unknown]
    total = len(cells) + result.more_unknown
    return section("Not known", ("Where", "What", "At most"), cells, rows=_ROWS, size=100_000, total=total, rest="")


def _runs_table(result: GateResult) -> str:
    cells = [
        (
            code(run.run_id),
            code(run.file) + (f" and {count(len(run.again), 'copy', 'copies')}" if run.again else ""),
            f"{run.calls:,}",
            f"{run.amount.tokens:,}",
            dollars(run.amount.picodollars),
            "yes" if run.known else "**no**",
        )
        for run in result.runs.values()
    ]
    head = ("Run", "Log", "Calls", "Tokens", "Cost", "Known")
    return section("Logs", head, cells, rows=_LOGS, size=200_000, right=range(2, 5), rest="")


def junit(result: GateResult, *, unknown_fails: bool) -> str:
    """Return JUnit XML: one case for the limit, one for whether all is known."""
    name = f"guardian-ci gate: pull request {one_line(result.pull_request, 40)}"
    spent, known = TestCase(SPENT, classname=name), TestCase(KNOWN, classname=name)
    spent.stdout = "\n".join(_figures(result))
    if result.over:
        spent.add_failure_info(headline(result), spent.stdout, "over_limit")
    if result.unknown or result.more_unknown:
        said = "\n".join([_said(each) for each in result.unknown[:_ROWS]])
        if unknown_fails:
            known.add_failure_info(count(len(result.unknown) + result.more_unknown, "unknown"), said, "unknown")
        else:
            known.stdout = f"warning: not everything is known\n{said}"
    properties = {
        "pull_request": one_line(result.pull_request, 40),
        "cost_usd": decimal(result.spent.picodollars),
        "tokens": str(result.spent.tokens),
    }
    suite = TestSuite(name, [spent, known], properties=properties)
    text: str = to_xml_report_string([suite], prettyprint=True, encoding="utf-8")
    return text if text.endswith("\n") else text + "\n"


def document(result: GateResult, *, unknown_fails: bool) -> str:
    """Return JSON, for programs."""
    told: Mapping[str, object] = {
        "pull_request": result.pull_request,
        "verdict": result.verdict,
        "failed": result.failed(unknown_fails=unknown_fails),
        "over": list(result.over),
        "spent": _money(result.spent),
        "limit_usd": None if result.limit_picodollars is None else decimal(result.limit_picodollars),
        "limit_tokens": result.limit_tokens,
        "calls": result.calls,
        "estimated": {"calls": result.estimated_calls, **_money(result.estimated)},
        "assumed": {"calls": result.assumed_calls, "as": result.assume, **_money(result.assumed)},
        "recovered_calls": result.recovered_calls,
        "others": {"calls": result.other_calls, **_money(result.other)},
        "doubles": result.doubles,
        "at_most_unknown": _money(result.most_open),
        "unknown": [
            {
                "file": each.file,
                "line": each.line,
                "message": each.message,
                "at_most": None if each.most is None else _money(each.most),
            }
            for each in result.unknown
        ],
        "more_unknown": result.more_unknown,
        "runs": [
            {
                "run_id": run.run_id,
                "files": [run.file, *run.again],
                "calls": run.calls,
                "known": run.known,
                **_money(run.amount),
            }
            for run in result.runs.values()
        ],
    }
    return json.dumps(told, indent=2).replace("##[", "#\\u0023[") + "\n"


def _against_limits(result: GateResult) -> list[tuple[str, str]]:
    shown: list[tuple[str, str]] = []
    if result.limit_picodollars is not None:
        shown.append((dollars(result.spent.picodollars), limit(result.limit_picodollars)))
    if result.limit_tokens is not None:
        shown.append((f"{result.spent.tokens:,}", f"{result.limit_tokens:,} tokens"))
    return shown


def _figures(result: GateResult) -> list[str]:
    """Say what was added up; made of numbers and our own words only."""
    runs = sum(1 for run in result.runs.values() if run.calls)
    cost, tokens = dollars(result.spent.picodollars), count(result.spent.tokens, "token")
    figures = [f"{count(result.calls, 'call')} in {count(runs, 'run')}: {cost}, {tokens}"]
    if result.limit_picodollars is not None:
        figures.append(f"{share(result.spent.picodollars, result.limit_picodollars)} of the dollars")
    if result.limit_tokens is not None:
        figures.append(f"{share(result.spent.tokens, result.limit_tokens)} of the tokens")
    spent = result.spent.picodollars
    asides = (
        (_BOUND, result.estimated_calls, result.estimated),
        ("in flight when their proxy died, counted as reserved", result.recovered_calls, None),
        ("naming no pull request, counted for this one (--assume-pull-request)", result.assumed_calls, result.assumed),
        ("of other pull requests, not counted", result.other_calls, result.other),
    )
    for label, calls, amount in asides:
        if calls:
            cost = "" if amount is None else f", {dollars(amount.picodollars)}"
            of_it = f" ({share(amount.picodollars, spent)} of the cost)" if amount and label is _BOUND else ""
            figures.append(f"{label}: {count(calls, 'call')}{cost}{of_it}")
    if result.doubles:
        files = sum(len(run.again) for run in result.runs.values())
        records = count(result.doubles, "record")
        figures.append(f"found again, counted once: {records} in {count(files, 'further file')} of a run")
    if result.most_open != Amount():
        figures.append(f"up to {dollars(result.most_open.picodollars)} more may have been spent by what is not known")
    return figures


def _said(unknown: Unknown) -> str:
    most = "" if unknown.most is None else f" (at most {dollars(unknown.most.picodollars)})"
    return f"{one_line(_place(unknown), _NAME)}: {one_line(unknown.message, _MESSAGE)}{most}"


def _place(unknown: Unknown) -> str:
    return f"{unknown.file}:{unknown.line}" if unknown.line else unknown.file


def _most(unknown: Unknown) -> str:
    return "?" if unknown.most is None else dollars(unknown.most.picodollars)


def _money(amount: Amount) -> dict[str, object]:
    return {"usd": decimal(amount.picodollars), "picodollars": amount.picodollars, "tokens": amount.tokens}
