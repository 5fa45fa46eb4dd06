"""Reads a command and says what it does."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from guardian_ci.policy.shell.facts import Access, Analysis, Touch
from guardian_ci.policy.shell.words import words

_NO_SCRIPTS: Final[Mapping[str, str]] = MappingProxyType({})


def analyse(command: str, *, cwd: str | None = None, scripts: Mapping[str, str] = _NO_SCRIPTS) -> Analysis:
    """Return what a command does.

    ``cwd`` is the folder that it begins in, where an earlier command of the session has changed it; ``scripts`` are
    the files that the session has written and that can be run, by the paths under which it wrote them.
    """
    return _analyse(command, cwd, tuple(scripts.items()))


@lru_cache(maxsize=256)
def _analyse(command: str, cwd: str | None, scripts: tuple[tuple[str, str], ...]) -> Analysis:  # noqa: ARG001
    touches = tuple(
        Touch(path=word, access=access, word=word, sure=False) for word in words(command) for access in Access
    )
    return Analysis(touches=touches)
