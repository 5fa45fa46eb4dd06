"""``guardian-ci learn``: the tightest policy that would have allowed what logs show."""

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from guardian_ci.audit.learned import Learned, learn
from guardian_ci.audit.proposal import proposal
from guardian_ci.audit.redact import Redactor
from guardian_ci.audit.sources import find_logs
from guardian_ci.errors import EXIT_CLEAN, LogError, UsageError
from guardian_ci.policy import load_policy
from guardian_ci.reports import write_text
from guardian_ci.reports.untrusted import defuse, one_line

_EPILOG: Final = """\
LOG is a log, a folder (searched for *.ndjson and *.zip) or a zipped artifact, as for gate. The policy allows the
models, tools, commands, folders and hosts that were used, and twice what was spent or more. Commands are allowed by
program and subcommand, files by folder. What the logs show as denied is told, and nothing is allowed for it.

A log is what an agent did, not what it should do: read the proposal before you use it.

examples:
  guardian-ci learn guardian-report/log.ndjson              to standard output
  guardian-ci learn artifacts/ -o guardian.yml              from many runs, to a file
  guardian-ci replay log.ndjson --policy guardian.yml       what it would have decided otherwise

exit codes: 0 written, 2 no log, a hostile one, nothing to learn from, or a file that is there, 3 could not write
"""
_SHOWN: Final = 10
_WIDTH: Final = 100


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "learn",
        help="propose the tightest policy that would have allowed some logs",
        description="Propose the tightest policy that would have allowed what logs show as allowed.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("paths", metavar="LOG", nargs="+", type=Path, help="a log, a folder or a zipped artifact")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write it here instead of standard output")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read the logs, write the policy, tell what was denied."""
    if args.output is not None and not args.force and os.path.lexists(args.output):
        raise UsageError(f"{str(args.output)!r} is there already; name another file, or replace it with --force")
    found = find_logs(args.paths)
    learned = learn(found.logs)
    if not learned.calls and not learned.tool_calls:
        raise LogError("the logs hold no call that was allowed: there is nothing to learn from")
    text = proposal(learned, found.logs)
    load_policy(text, "(proposed)")  # what is proposed can be obeyed
    for problem in (*found.problems, *(problem for log in found.logs for problem in log.problems)):
        _say(f"warning: {problem}")
    _tell(learned)
    if args.output is None:
        sys.stdout.write(text)
    else:
        write_text(args.output, text)
        _say(f"{args.output} is written")
    return EXIT_CLEAN


def _tell(learned: Learned) -> None:
    redactor = Redactor()
    for why in learned.open_lists:
        _say(f"not narrow: {why}")
    for (rule, subject), count in learned.denied.most_common(_SHOWN):
        _say(f"denied in the logs ({count:,} x): {rule} {redactor.text(subject)}")
    if len(learned.denied) > _SHOWN:
        _say(f"… and {len(learned.denied) - _SHOWN:,} others")


def _say(text: str) -> None:
    print(f"guardian-ci: {defuse(one_line(text, _WIDTH * 4))}", file=sys.stderr)
