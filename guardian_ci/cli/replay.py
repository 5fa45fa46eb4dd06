"""``guardian-ci replay``: whether a log's decisions would be made the same again."""

import argparse
import json
from pathlib import Path
from typing import Final

from guardian_ci.audit.reader import read_log
from guardian_ci.audit.replay import replay
from guardian_ci.cli.launch import say
from guardian_ci.cli.validate import read_policy
from guardian_ci.errors import EXIT_CLEAN, EXIT_VIOLATION
from guardian_ci.reports import write_reports

_EPILOG: Final = """\
A replay needs no network: the log holds the facts of each call and the policy that it was decided by. With
--policy it shows which decisions another policy would change.

examples:
  guardian-ci replay guardian-report/log.ndjson
  guardian-ci replay log.ndjson --policy stricter.yml --json
  guardian-ci replay log.ndjson --report-dir again     and write the same reports

exit codes: 0 the same decisions, 1 a changed line or decision, 2 a log that cannot be read
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "replay",
        help="make a log's decisions again and show what differs",
        description="Make a log's decisions again, with no network, and show what differs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("log", type=Path, metavar="LOG", help="an audit log")
    parser.add_argument("--policy", type=Path, metavar="FILE", help="decide by this policy instead of the log's own")
    parser.add_argument("--report-dir", type=Path, metavar="DIR", help="write junit.xml, summary.md, log.ndjson here")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Replay; 1 where something differs."""
    policy = None if options.policy is None else read_policy(options.policy)
    log = read_log(options.log)
    result = replay(log, policy)
    changed = [str(problem) for problem in log.problems]
    different = [str(difference) for difference in result.differences]
    for note in result.notes:
        say(note)
    if options.report_dir is not None:
        write_reports(options.log, options.report_dir)
        say(f"reports in {options.report_dir}")
    if options.json:
        document = {
            "log": str(options.log),
            "decisions": result.decisions,
            "notes": result.notes,
            "changed_lines": changed,
            "differences": [
                {"line": each.line, "request_id": each.request_id, "logged": each.logged, "replayed": each.replayed}
                for each in result.differences
            ],
        }
        print(json.dumps(document, indent=2))
    else:
        for text in [*changed, *different]:
            print(text)
        outcome = f"{len(changed)} changed lines, {len(different)} changed decisions"
        print(f"{result.decisions} decisions replayed: {outcome if changed or different else 'all the same'}")
    return EXIT_VIOLATION if changed or different else EXIT_CLEAN
