"""``guardian-ci report``: the reports of a log, and its verdict as the exit code."""

import argparse
import io
import os
import sys
from pathlib import Path
from typing import Final

from guardian_ci.audit.reader import Log, Problem, read_log
from guardian_ci.audit.summary import Summary
from guardian_ci.errors import EXIT_CLEAN, EXIT_VIOLATION, LogError, UsageError
from guardian_ci.reports import REPORTS, TerminalReport, fill_folder, write_text

_EPILOG: Final = """\
examples:
  guardian-ci report log.ndjson                                   a summary for people
  guardian-ci report log.ndjson --junit junit.xml --summary s.md  files for a CI system
  guardian-ci report log.ndjson --json                            all of it, for programs
  guardian-ci report log.ndjson --expect-log --annotations        at the end of a job: no log is a violation

exit codes: 0 no violation, 1 a violation (a log that is not whole is one), 2 no log of guardian-ci, 3 could not write
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "report",
        help="show what a log tells, as JUnit, Markdown, annotations or JSON",
        description="Sum up a log. Without --json or --annotations, the summary is printed for people.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("log", metavar="LOG", nargs="+", type=Path, help="a log that serve or run wrote (log.ndjson)")
    parser.add_argument("--junit", metavar="FILE", type=Path, help="write JUnit XML: a suite a session, a case a rule")
    parser.add_argument("--summary", metavar="FILE", type=Path, help="write a job summary in GitHub Markdown")
    parser.add_argument(
        "--report-dir", metavar="DIR", type=Path, help="write junit.xml, summary.md and log.ndjson into this folder"
    )
    printed = parser.add_mutually_exclusive_group()
    printed.add_argument("--json", action="store_true", help="print the summary as JSON")
    printed.add_argument("--annotations", action="store_true", help="print workflow commands that annotate a job")
    parser.add_argument(
        "--expect-log",
        action="store_true",
        help="a proxy should have written LOG: where it is missing, empty or foreign, the reports are written all the"
        " same and show a violation of run_integrity (exit 1 instead of 2)",
    )
    parser.add_argument("--reason", metavar="TEXT", help="with --expect-log: why there may be no log, for the reports")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write and print the reports; return 1 on a violation, 0 on none."""
    if args.reason is not None and not args.expect_log:
        raise UsageError("--reason says why a log is missing: give --expect-log with it")
    logs, problems = _logs(args.log, expected=args.expect_log, reason=args.reason)
    summary = Summary.of(*logs, problems=problems)
    if args.junit:
        write_text(args.junit, REPORTS["junit"].render(summary))
    if args.summary:
        write_text(args.summary, REPORTS["markdown"].render(summary))
    if args.report_dir:
        fill_folder(summary, args.report_dir, [log.path for log in logs])
    _print(_shown(summary, args))
    return EXIT_CLEAN if summary.verdict == "clean" else EXIT_VIOLATION


def in_colour() -> bool:
    """Return whether standard output is looked at by somebody who wants colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _shown(summary: Summary, args: argparse.Namespace) -> str:
    if args.json:
        return REPORTS["json"].render(summary)
    if args.annotations:
        return REPORTS["annotations"].render(summary)
    return TerminalReport(colour=in_colour()).render(summary)


def _print(text: str) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name in a log may hold what this terminal's encoding does not: that is no reason to end without a word.
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.stdout.write(text)
    sys.stdout.flush()


def _logs(paths: list[Path], *, expected: bool, reason: str | None) -> tuple[list[Log], list[Problem]]:
    logs: list[Log] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            logs.append(read_log(path))
        except LogError as error:
            if not expected:
                raise
            what = str(error).rsplit("; ", 1)[0]  # the way out is for whoever typed a wrong name: here nobody did
            message = f"{reason} ({what})" if reason else what
            problems.append(Problem(kind="no_log", file=str(path), line=0, message=message))
    return logs, problems
