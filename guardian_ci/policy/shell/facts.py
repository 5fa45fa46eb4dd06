"""What a shell command does, as far as its text tells: the files, the hosts, the commands, and what stays dark."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

UNKNOWN: Final = "\ufffc"
"""Stands in a path, a host or a word of a command for the part that could not be resolved."""

TAME: Final = "\ufff9"
"""Stands for a part that is not known and names no file that matters: a number, a date, a temporary file."""


class Access(StrEnum):
    """What happens to a file."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """A file that a command reads or writes (creates, changes, moves, deletes).

    ``path`` is text as the program gets it: variables, quotes and braces resolved, made absolute where the command
    has changed into another folder before; an unquoted glob keeps its characters; ``UNKNOWN`` stands for what is not
    known. ``word`` is what was written. Not ``sure``: a word that may be a path or may be something else.
    ``redirected``: the shell opens it (``> file``, ``< file``), whatever the program's arguments say.
    """

    path: str
    access: Access
    word: str
    sure: bool = True
    redirected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A host that a command talks to; None where it is not known. ``registry``: a package manager's usual one."""

    host: str | None
    program: str
    word: str
    registry: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """Something that a command does and nobody can know before. ``reason`` says why, in a few words."""

    reason: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """All that is known of a command.

    ``commands`` are the simple commands that it runs, as words, the wrapped ones (``sudo``, ``xargs``, ``sh -c``) too.
    ``cwd`` is the folder that a later command of the same shell begins in, where this one has changed it: as a path
    that is absolute, begins with ``~``, or is relative to the folder that it began in. ``assigned`` are the names
    of the variables that it sets, for itself or for one program (``PATH=. git diff``, ``export``, ``read``, ``env``).
    ``written`` are files that it leaves behind and whose contents it tells: paths and contents. A later command of
    the session that runs one of them (``scripts``) is judged by what it holds.
    """

    commands: tuple[tuple[str, ...], ...] = ()
    touches: tuple[Touch, ...] = ()
    contacts: tuple[Contact, ...] = ()
    opaque: tuple[Opaque, ...] = ()
    assigned: tuple[str, ...] = ()
    written: tuple[tuple[str, str], ...] = ()
    cwd: str | None = None


NOTHING: Final = Analysis()
