"""What one program does with its arguments: the words between the interpreter and the knowledge of programs.

A text here is a string in which ``UNKNOWN`` stands for a part that could be anything and ``TAME`` for one that is not
known but names no file that matters (a number, a date, a temporary file). An unquoted glob keeps its characters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from guardian_ci.policy.shell.facts import Contact, Opaque, Touch


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A program with its arguments, as the shell starts it.

    ``argv[0]`` is the program as written (``/bin/cat``, ``cat``); ``stdin`` what is piped or redirected into it, None
    where that is nothing that the command line tells; ``variables`` are the shell's whose values are known in part;
    ``files`` the texts of files that were written before, by the paths that the program is given.
    """

    argv: tuple[str, ...]
    stdin: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


class Language(StrEnum):
    """What a program text is written in."""

    SHELL = "shell"
    PYTHON = "python"
    PERL = "perl"
    RUBY = "ruby"
    NODE = "node"
    PHP = "php"
    AWK = "awk"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Something that a program runs in turn: another command (``argv``), or a text (``source`` in ``language``).

    ``arguments`` are the text's own (``$0``, ``$1``, …). ``stdin`` is what it reads; ``variables`` those that
    are set for it alone (``env A=b``). ``file`` names the script that is run, where its text is not in the command.
    """

    argv: tuple[str, ...] = ()
    source: str | None = None
    file: str | None = None
    language: Language = Language.SHELL
    arguments: tuple[str, ...] = ()
    stdin: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What a program does. ``output`` is what it prints, None where that is not known.

    Paths in ``touches`` are as the program was given them: the interpreter puts the folder before them.
    """

    touches: tuple[Touch, ...] = ()
    contacts: tuple[Contact, ...] = ()
    opaque: tuple[Opaque, ...] = ()
    runs: tuple[Runs, ...] = ()
    output: str | None = None
