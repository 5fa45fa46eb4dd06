"""The command ``guardian-ci``: its parser, and the one place where an error becomes a line and an exit code."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Final

from guardian_ci import __version__
from guardian_ci.cli import commands
from guardian_ci.errors import EXIT_USAGE, GuardianError

_DESCRIPTION: Final = """\
A firewall and meter for AI coding agents: hard budgets, tool and file rules, an audit log, JUnit.
"""

_EPILOG: Final = """\
examples:
  guardian-ci demo                                     see it work: no key, no network
  guardian-ci run --budget 0.50 -- claude -p "…"       one agent, at most 50 cents
  guardian-ci serve --policy guardian.yml              a proxy on 127.0.0.1:8080 until Ctrl-C
  guardian-ci report guardian-report/log.ndjson        what a log says
  guardian-ci replay guardian-report/log.ndjson        whether it would be decided the same again

exit codes: 0 clean, 1 a violation, 2 wrong usage, policy or input, 3 could not run
"""


def make_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="guardian-ci",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"guardian-ci {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in commands.COMMANDS:
        command.add_parser(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    options = make_parser().parse_args(arguments)
    try:
        code = int(options.run(options))
        sys.stdout.flush()
    except GuardianError as error:
        for line in str(error).splitlines():
            print(f"guardian-ci: {line}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read our output has had enough (`| head`): no error of ours. Python's own flush must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_USAGE
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
