"""What is shown: a summary in, text out; one file a format."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from guardian_ci.audit.reader import Problem, read_log
from guardian_ci.audit.summary import Summary
from guardian_ci.errors import StartError
from guardian_ci.reports.annotations import AnnotationsReport
from guardian_ci.reports.interface import Report
from guardian_ci.reports.json_report import JsonReport
from guardian_ci.reports.junit import JunitReport
from guardian_ci.reports.markdown import MarkdownReport
from guardian_ci.reports.terminal import TerminalReport

REPORTS: Final[Mapping[str, Report]] = {
    "junit": JunitReport(),
    "markdown": MarkdownReport(),
    "annotations": AnnotationsReport(),
    "json": JsonReport(),
    "terminal": TerminalReport(),
}
"""Every format. A new one is a file here and a line in this list."""

FILES: Final[Mapping[str, str]] = {"junit.xml": "junit", "summary.md": "markdown"}
"""What a report folder holds beside ``log.ndjson``."""

__all__ = ["FILES", "REPORTS", "Report", "TerminalReport", "fill_folder", "write_reports", "write_text"]


def write_reports(log: Path, folder: Path, *, problems: Sequence[Problem] = ()) -> Summary:
    """Sum up a log and fill a report folder: ``junit.xml``, ``summary.md``, ``log.ndjson``.

    The log is copied unless it is there already. ``problems`` are integrity problems that the caller knows of
    (the proxy was killed); they count as violations. Raises LogError where there is no log of ours.
    """
    summary = Summary.of(read_log(log), problems=problems)
    fill_folder(summary, folder, [log])
    return summary


def fill_folder(summary: Summary, folder: Path, logs: Sequence[Path]) -> None:
    """Write the reports of a summary into a folder, and copies of the logs that it was made of."""
    for name, report in FILES.items():
        write_text(folder / name, REPORTS[report].render(summary))
    for number, log in enumerate(logs, start=1):
        copy = folder / ("log.ndjson" if number == 1 else f"log-{number}.ndjson")
        try:
            if not (copy.exists() and copy.samefile(log)):
                shutil.copy(log, copy)  # with its mode: what a run did is its user's matter
        except OSError as error:
            raise StartError(f"the log {log} cannot be copied to {copy}: {error.strerror or error}") from error


def write_text(path: Path, text: str) -> None:
    """Write a report whole or not at all, so that nobody reads half of one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8", newline="\n")  # a pipe or /dev/stdout: nothing to replace
            return
        # Not through a symbolic link's name: what it points at is meant.
        whole = path.resolve()
        part = whole.with_name(f".{whole.name}.{os.getpid()}.part")
        try:
            part.write_text(text, encoding="utf-8", newline="\n")
            part.replace(whole)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise StartError(
            f"the report {path} cannot be written: {error.strerror or error}; name another path"
        ) from error
