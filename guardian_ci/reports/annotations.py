"""Workflow annotations: ``::error …`` lines that GitHub shows beside the code and on the run's page.

A step may have ten of a type, of 4,096 characters each. They alone fail nothing: the exit code does.
"""

from typing import Final

from guardian_ci.audit.summary import Summary
from guardian_ci.audit.tally import FindingRow, Findings
from guardian_ci.reports.amounts import count, dollars
from guardian_ci.reports.headline import calls_line, headline
from guardian_ci.reports.interface import Report
from guardian_ci.reports.untrusted import defuse, one_line

MAX_A_TYPE: Final = 10
MAX_CHARACTERS: Final = 4_096
_TITLE: Final = 120
_FILE: Final = 300
_MESSAGE: Final = 1_500
"""Before the escape, which makes it three times as long at most; title and file have the rest."""


class AnnotationsReport(Report):
    """Errors for violations, warnings for warnings, one notice with the figures."""

    def render(self, summary: Summary) -> str:
        """Return one workflow command a line."""
        notice = f"{calls_line(summary)}, {dollars(summary.picodollars)}"
        said = [
            *_annotations("error", summary.violations, "violation"),
            *_annotations("warning", summary.warnings, "warning"),
            _command("notice", {"title": f"guardian-ci: {headline(summary)}"}, notice),
        ]
        return "\n".join(said) + "\n"


def _annotations(kind: str, findings: Findings, noun: str) -> list[str]:
    whole = findings.total <= MAX_A_TYPE
    shown = findings.kept[: MAX_A_TYPE if whole else MAX_A_TYPE - 1]
    said = [_annotation(kind, row) for row in shown]
    if findings.total > len(shown):
        rest = f"{count(findings.total - len(shown), f'more {noun}')}: see the job summary"
        said.append(_command(kind, {"title": f"guardian-ci: {count(findings.total, noun)}"}, rest))
    return said


def _annotation(kind: str, row: FindingRow) -> str:
    properties = {"title": f"guardian-ci: {row.rule}"}
    if row.file and row.line:
        properties |= {"file": row.file, "line": str(row.line)}
    session = f" (session {one_line(row.session, _TITLE)})" if row.session else ""
    return _command(kind, properties, one_line(row.message or row.reason or row.rule, _MESSAGE) + session)


def _command(kind: str, properties: dict[str, str], message: str) -> str:
    limits = {"title": _TITLE, "file": _FILE, "line": 10}
    written = ",".join(
        f"{name}={_property(defuse(one_line(value, limits[name])))}" for name, value in properties.items()
    )
    return _cut(f"::{kind} {written}::{_data(defuse(message))}")


def _cut(command: str) -> str:
    """Cut a command to the limit, but not inside an escape (``%0A``)."""
    if len(command) <= MAX_CHARACTERS:
        return command
    cut = command[: MAX_CHARACTERS - 1]
    percent = cut.rfind("%", len(cut) - 2)
    return (cut[:percent] if percent >= 0 else cut) + "…"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
