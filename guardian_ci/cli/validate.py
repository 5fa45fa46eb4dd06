"""``guardian-ci validate FILE``: what is wrong with a policy, or what it means.

Also the one place that reads a policy's file, for every command that takes ``--policy``.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from guardian_ci.errors import EXIT_CLEAN, EXIT_USAGE, PolicyError
from guardian_ci.policy import Policy, Problem, check_policy
from guardian_ci.policy.document import MAX_BYTES


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "validate",
        help="check a policy and say what it means",
        description="Check a policy: all problems with their line and column, or what the policy means.",
    )
    parser.add_argument("file", metavar="FILE", help="the policy; - reads standard input")
    parser.add_argument("--json", action="store_true", help='print {"valid": …, "problems": […]} instead')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check the file; 0 where it can be obeyed, else 2."""
    policy, problems = check_file(str(args.file))
    if args.json:
        print(
            json.dumps({"valid": policy is not None, "problems": [asdict(problem) for problem in problems]}, indent=2)
        )
    elif policy is not None:
        print("\n".join(policy.describe()))
    else:
        _print_problems(problems)
    return EXIT_CLEAN if policy is not None else EXIT_USAGE


def read_policy(path: str | Path) -> Policy:
    """Read a policy from a file; raise one PolicyError with all problems, an unreadable file among them."""
    policy, problems = check_file(str(path))
    if policy is None:
        raise PolicyError([str(problem) for problem in problems])
    return policy


def check_file(path: str) -> tuple[Policy | None, list[Problem]]:
    """Read a file and check it; return the policy, or all its problems."""
    data, problem = _read(path)
    if problem is None:
        try:
            return check_policy(data.decode(), path)
        except UnicodeDecodeError as error:
            problem = _not_utf8(path, data, error)
    return None, [problem]


def _read(path: str) -> tuple[bytes, Problem | None]:
    # A policy is a page or two: whatever is much larger (or never ends) is not read to its end.
    try:
        if path == "-":
            return sys.stdin.buffer.read(4 * MAX_BYTES), None
        with Path(path).open("rb") as file:
            return file.read(4 * MAX_BYTES), None
    except FileNotFoundError:
        return b"", _unreadable(
            path, "there is no such file", "check the path; a run without a policy uses a safe default"
        )
    except IsADirectoryError:
        return b"", _unreadable(path, "is a folder", "name the file in it")
    except PermissionError:
        return b"", _unreadable(path, "may not be read by this user", "change its permissions")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        return b"", _unreadable(path, f"cannot be read: {reason or error}", None)


def _unreadable(path: str, message: str, suggestion: str | None) -> Problem:
    shown = "".join(c if c.isprintable() else "?" for c in path)
    return Problem(file=shown, line=1, column=1, field="policy", message=message, suggestion=suggestion)


def _not_utf8(path: str, data: bytes, error: UnicodeDecodeError) -> Problem:
    before = data[: error.start]
    return Problem(
        file=path,
        line=before.count(b"\n") + 1,
        column=len(before) - before.rfind(b"\n"),
        field="policy",
        message=f"is not UTF-8: the byte 0x{data[error.start]:02x} cannot stand here",
        suggestion="save the file as UTF-8",
    )


def _print_problems(problems: list[Problem]) -> None:
    for problem in problems:
        print(problem, file=sys.stderr)
    count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
    print(f"guardian-ci: {count}; this policy cannot be obeyed", file=sys.stderr)
