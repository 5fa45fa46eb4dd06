"""The tree of a shell program: words in parts, commands, and the ways to join them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    """Characters that stand for themselves. Those that are ``quoted`` mean nothing else: no brace, no tilde."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """``$name`` or ``${name…}``.

    ``operator`` is ``:-``, ``##``, ``/``, ``:`` (a slice), ``@``, ``prefix`` (``${!name*}``) …; a leading ``#`` is
    ``length``, a leading ``!`` is ``indirect``; ``index`` is what stood between brackets. A ``bare`` name stood without
    braces: what follows it may still become a part of it.
    """

    name: str
    quoted: bool = False
    operator: str = ""
    first: "Word | None" = None
    second: "Word | None" = None
    index: "Word | None" = None
    length: bool = False
    indirect: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Substitution:
    """What a command prints, in its place."""

    body: "Sequence"
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``$((…))``: the value of an expression."""

    expression: "Word"
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class ProcessFile:
    """``<(…)`` and ``>(…)``: the name of a file that a command writes or reads."""

    body: "Sequence"
    reads: bool


Part: TypeAlias = Literal | Parameter | Substitution | Arithmetic | ProcessFile


@dataclass(frozen=True, slots=True)
class Word:
    """One word in its parts; ``source`` is what was written.

    ``constant`` is its text where it is the same whatever happens, None where something must be expanded.
    """

    parts: tuple[Part, ...]
    source: str = ""
    constant: str | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """One element of ``a=(…)``, perhaps with its key."""

    value: Word
    key: Word | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """``name=value``, ``name[index]+=value`` or ``name=(…)``."""

    name: str
    value: Word | tuple[Element, ...]
    index: Word | None = None
    append: bool = False
    source: str = ""


@dataclass(slots=True)
class HereDocument:
    """The text of a ``<<``. It comes after the line that asks for it, so it is put in when it has been read."""

    delimiter: str
    expands: bool
    strips_tabs: bool
    body: Word = Word(())


@dataclass(frozen=True, slots=True)
class Redirect:
    """One redirection. ``fd`` is the number, or the name of the variable for it, that stands before the sign."""

    operator: str
    target: Word | HereDocument
    fd: str = ""


@dataclass(frozen=True, slots=True)
class Simple:
    """A program or a builtin with its words. ``rest`` is the text behind the first word, for an alias."""

    assignments: tuple[Assignment, ...]
    words: tuple[Word | Assignment, ...]
    redirects: tuple[Redirect, ...]
    source: str
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Redirected:
    """A compound command with redirections."""

    body: "Node"
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands of which each reads what the one before prints."""

    commands: tuple["Node", ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class AndOr:
    """``a && b || c``: the first command, and each next one with what stands before it."""

    first: "Node"
    rest: tuple[tuple[str, "Node"], ...]


@dataclass(frozen=True, slots=True)
class Background:
    """A command that runs beside the shell."""

    body: "Node"


@dataclass(frozen=True, slots=True)
class Sequence:
    """One command after the other."""

    commands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Subshell:
    """``( … )``."""

    body: Sequence


@dataclass(frozen=True, slots=True)
class If:
    """``if``, with its conditions and what follows from each; ``otherwise`` is what ``else`` says."""

    branches: tuple[tuple[Sequence, Sequence], ...]
    otherwise: Sequence | None


@dataclass(frozen=True, slots=True)
class For:
    """``for name in words`` and ``select``; without words, the shell's own arguments."""

    name: str
    words: tuple[Word, ...] | None
    body: Sequence


@dataclass(frozen=True, slots=True)
class ForArithmetic:
    """``for ((begin; condition; step))``."""

    begin: Word
    condition: Word
    step: Word
    body: Sequence


@dataclass(frozen=True, slots=True)
class While:
    """``while`` and ``until``."""

    condition: Sequence
    body: Sequence
    until: bool = False


class After(StrEnum):
    """What comes after a branch of a ``case``."""

    END = ";;"
    NEXT = ";&"
    TEST = ";;&"


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch of a ``case``."""

    patterns: tuple[Word, ...]
    body: Sequence
    after: After


@dataclass(frozen=True, slots=True)
class Case:
    """``case word in …``."""

    subject: Word
    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """The definition of a function."""

    name: str
    body: "Node"


@dataclass(frozen=True, slots=True)
class Test:
    """``[[ … ]]``: words, and the signs between them as text."""

    tokens: tuple[Word | str, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """``(( … ))``."""

    expression: Word


@dataclass(frozen=True, slots=True)
class Coprocess:
    """``coproc``: a command whose ends are in an array."""

    name: str
    body: "Node"


@dataclass(frozen=True, slots=True)
class Broken:
    """Text that is no command of this shell, or (``bound``) that nests or goes on beyond what is followed."""

    source: str
    reason: str
    bound: bool = False


Node: TypeAlias = (
    Simple
    | Redirected
    | Pipeline
    | AndOr
    | Background
    | Sequence
    | Subshell
    | If
    | For
    | ForArithmetic
    | While
    | Case
    | Function
    | Test
    | Evaluation
    | Coprocess
    | Broken
)
