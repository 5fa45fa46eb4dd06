"""What is raised on purpose, and the exit code that each error ends a command with.

GuardianError                      something named, its place and the way out
├── UsageError          exit 2     the user's: wrong words on the command line or in the environment
├── PolicyError         exit 2     the user's: a policy that cannot be obeyed (file, line, column, field)
├── LogError            exit 2     the user's: a log that cannot be read (file, line)
├── BadRequest                     the agent's: a call that is refused in its own protocol's shape
├── UpstreamError                  the provider's: down, reset, silent, or not speaking its protocol
├── StoreError          exit 3     the machine's: a ledger that cannot be read or written
└── StartError          exit 3     the machine's: a port taken, a folder that cannot be written

A command that finds a violation raises nothing: it returns ``EXIT_VIOLATION``.
"""

from typing import ClassVar, Final

EXIT_CLEAN: Final = 0
EXIT_VIOLATION: Final = 1
EXIT_USAGE: Final = 2
EXIT_UNABLE: Final = 3


class GuardianError(Exception):
    """An error made for a reader: one sentence that names the thing, its place and the way out."""

    exit_code: ClassVar[int] = EXIT_UNABLE


class UsageError(GuardianError):
    """Wrong words on the command line or in the environment."""

    exit_code = EXIT_USAGE


class PolicyError(GuardianError):
    """A policy that cannot be obeyed.

    ``problems`` holds each problem as ``file:line:column: field: what and how to mend it``.
    """

    exit_code = EXIT_USAGE

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class LogError(GuardianError):
    """A log that cannot be read: truncated, foreign, or not there."""

    exit_code = EXIT_USAGE


class BadRequest(GuardianError):  # noqa: N818 - the name that HTTP gives it
    """A request that cannot be understood; answered with status 400 in its protocol's own shape."""


class UpstreamError(GuardianError):
    """The upstream is down, resets, is silent for too long, or answers what its protocol does not know."""


class StoreError(GuardianError):
    """The ledger cannot be read or written; the call that needed it is refused."""


class StartError(GuardianError):
    """The proxy cannot start: the port is taken, a folder cannot be written."""
