"""``guardian-ci gate``: what one pull request has cost over all its runs, against a limit."""

import argparse
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from guardian_ci.audit.gate import gate
from guardian_ci.audit.sources import find_logs
from guardian_ci.cli.options import dollars_of, pull_request_of, tokens_of
from guardian_ci.errors import EXIT_CLEAN, EXIT_VIOLATION, UsageError
from guardian_ci.model import PICODOLLARS
from guardian_ci.reports import gate as reports
from guardian_ci.reports import write_text

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 -- argparse names it nowhere else

_EPILOG: Final = """\
PATH is a log, a folder (searched for *.ndjson and *.zip, in all folders below it) or a zipped artifact, which is read
where it lies. Name all that the pull request has produced so far: artifacts of earlier runs, of all jobs of a matrix,
and this job's own log. A run counts once however often its log is found; two that differ are an error.

A call belongs to the pull request that its proxy knew of ($GITHUB_REF, or --pull-request of serve and run). Where a
log names none (a workflow that a comment or a person started), whose it is is not known; --assume-pull-request counts
it for this one, --assume other leaves it out.

Not known is not zero: a log that is torn, changed or without its end, a call that was in flight when its proxy died
(its reservation is the most that it cost), a call without a price, a path that holds no log. What is known counts all
the same. By default the rest fails the gate; with --unknown warn it is only shown. Upper bounds (calls that the log
marks as estimated) count in full, and their share is told.

examples:
  guardian-ci gate --pull-request 7 --limit-usd 10 artifacts/       all artifacts in a folder, at most $10
  guardian-ci gate --limit-usd 0.50 old.zip guardian-report/        $GITHUB_REF names the pull request
  guardian-ci gate --limit-usd 10 --limit-tokens 2000000 --junit gate.xml --summary "$GITHUB_STEP_SUMMARY" artifacts/
  guardian-ci gate --limit-usd 10 --json artifacts/ | jq .spent     for programs

exit codes: 0 within the limit, 1 over it or not known, 2 wrong usage, no log, a hostile archive or link, two logs of
one run that differ, 3 could not write
"""
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}")


def add_parser(subparsers: "Subparsers") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "gate",
        help="add up what a pull request has cost and compare it with a limit",
        description="Add up the logs of one pull request, over all its runs and jobs, and compare with a limit.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="a log, a folder or a zipped artifact")
    parser.add_argument("--pull-request", metavar="N", help="whose calls count (default: from $GITHUB_REF)")
    parser.add_argument("--limit-usd", metavar="USD", help="the most dollars that it may have cost")
    parser.add_argument("--limit-tokens", metavar="N", help="the most tokens that it may have used")
    parser.add_argument(
        "--assume",
        choices=("this", "other", "unknown"),
        default="unknown",
        help="whose calls are those whose log names no pull request (default: %(default)s)",
    )
    parser.add_argument(
        "--assume-pull-request", action="store_const", dest="assume", const="this", help="short for --assume this"
    )
    parser.add_argument(
        "--unknown",
        choices=("fail", "warn"),
        default="fail",
        help="what follows where not everything is known (default: %(default)s)",
    )
    parser.add_argument("--junit", metavar="FILE", type=Path, help="write JUnit XML")
    parser.add_argument("--summary", metavar="FILE", type=Path, help="write a job summary in GitHub Markdown")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Add up and compare; 1 over the limit, or where not everything is known."""
    limit_usd, limit_tokens = dollars_of(args.limit_usd, "--limit-usd"), tokens_of(args.limit_tokens, "--limit-tokens")
    if limit_usd is None and limit_tokens is None:
        raise UsageError("a gate needs a limit: give --limit-usd, --limit-tokens or both")
    result = gate(
        find_logs(args.paths),
        _pull_request(args),
        limit_picodollars=None if limit_usd is None else int(limit_usd * PICODOLLARS),
        limit_tokens=limit_tokens,
        assume=args.assume,
    )
    unknown_fails = args.unknown == "fail"
    if args.junit:
        write_text(args.junit, reports.junit(result, unknown_fails=unknown_fails))
    if args.summary:
        write_text(args.summary, reports.markdown(result, unknown_fails=unknown_fails))
    shown = reports.document if args.json else reports.terminal
    sys.stdout.write(_printable(shown(result, unknown_fails=unknown_fails)))
    return EXIT_VIOLATION if result.failed(unknown_fails=unknown_fails) else EXIT_CLEAN


def _pull_request(args: argparse.Namespace) -> str:
    named = pull_request_of(args, os.environ)
    if named is None:
        raise UsageError("no pull request is named: give --pull-request N ($GITHUB_REF names none)")
    if not _NUMBER.fullmatch(named):
        raise UsageError(f"--pull-request {named!r} is no pull request; give its number, such as 7")
    return named


def _printable(text: str) -> str:
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
