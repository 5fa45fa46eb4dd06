"""Reads a command and says what it does."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from guardian_ci.policy.shell.effects import Effects, Language
from guardian_ci.policy.shell.facts import Analysis
from guardian_ci.policy.shell.inline import effects_of_program
from guardian_ci.policy.shell.interpreter import Interpreter
from guardian_ci.policy.shell.launching import Knowledge
from guardian_ci.policy.shell.lexer import Bound
from guardian_ci.policy.shell.marks import without_marks
from guardian_ci.policy.shell.programs import effects_of

_NO_SCRIPTS: Final[Mapping[str, str]] = MappingProxyType({})
_LONGEST: Final = 1_000_000


def _effects_of_program(source: str, language: Language, arguments: Sequence[str], stdin: str | None) -> Effects:
    return effects_of_program(source, language, arguments, stdin=stdin)


_KNOWLEDGE: Final = Knowledge(effects_of, _effects_of_program)


def analyse(command: str, *, cwd: str | None = None, scripts: Mapping[str, str] = _NO_SCRIPTS) -> Analysis:
    """Return what a command does.

    ``cwd`` is the folder that it begins in, where an earlier command of the session has changed it; ``scripts`` are
    the files that the session has written and that can be run, by the paths under which it wrote them.
    """
    return _analyse(command, cwd, tuple(scripts.items()))


@lru_cache(maxsize=64)
def _analyse(command: str, cwd: str | None, scripts: tuple[tuple[str, str], ...]) -> Analysis:
    interpreter = Interpreter(_KNOWLEDGE, cwd, dict(scripts))
    text = without_marks(command[:_LONGEST])
    try:
        interpreter.follow(text)
    except Bound as bound:
        interpreter.give_up(str(bound), text)
    if len(command) > _LONGEST:
        interpreter.give_up("longer than what is read", text)
    return interpreter.record.analysis(interpreter.folder_after(cwd), tuple(interpreter.written()))
