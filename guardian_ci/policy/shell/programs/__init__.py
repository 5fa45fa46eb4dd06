"""What programs do with their arguments: the files, the hosts, the commands that they name."""

import re
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final

from guardian_ci.policy.shell.arguments import name_set
from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Effects, Invocation
from guardian_ci.policy.shell.facts import TAME
from guardian_ci.policy.shell.hosts import contact_of_path
from guardian_ci.policy.shell.programs import (
    archives,
    cloud,
    containers,
    databases,
    editors,
    files,
    git,
    interpreters,
    network,
    packages,
    search,
    system,
    text,
    wrappers,
)
from guardian_ci.policy.shell.programs.table import TAME_LINE, Program

__all__ = ["contact_of_path", "effects_of"]

_FAMILIES: Final = (
    system,
    packages,
    cloud,
    databases,
    containers,
    network,
    archives,
    text,
    files,
    search,
    git,
    editors,
    interpreters,
    wrappers,
)
"""In the order of what they know: where two know a program, the later one does."""

_PROGRAMS: Final[Mapping[str, Program]] = MappingProxyType(
    {name: program for family in _FAMILIES for name, program in family.PROGRAMS.items()}
)
_VERSION: Final = re.compile(r"([A-Za-z+_-]{2,40}?)-?\d{1,3}(?:\.\d{1,3}){0,3}[a-z]{0,3}")
_GLOB: Final = re.compile(r"[*?\[]")
_MOST_MEANT: Final = 12
_SETS_UP_SHELLS: Final = name_set(
    "completion completions init hook shellenv env activate shell-init --bash --zsh --fish --completion-bash"
)


def effects_of(invocation: Invocation) -> Effects:
    """Return what a program does with its arguments; of one that nobody knows, every word may be a file.

    Where the program runs others (``runs``) and its own output is None, it prints what they print, in their order.
    """
    if not invocation.argv:
        return Effects()
    name = invocation.argv[0].replace("\\", "/").rpartition("/")[2]
    if _GLOB.search(name) and name not in _PROGRAMS:
        return _effects_of_glob(name, invocation)
    program = _program(name)
    effects = program(invocation) if program is not None else _unknown(name, invocation)
    # What sets a shell up is printed to be evaluated.
    sets_up = effects.output is None and not effects.runs and not _SETS_UP_SHELLS.isdisjoint(invocation.argv[1:3])
    return replace(effects, output=TAME_LINE) if sets_up else effects


def _program(name: str) -> Program | None:
    """Find a program by its name, however it is spelled: ``python3.12``, ``node.exe``, ``gsed``, ``CAT``."""
    for spelled in (name, name.lower().removesuffix(".exe")):
        if spelled in _PROGRAMS:
            return _PROGRAMS[spelled]
        if (version := _VERSION.fullmatch(spelled)) is not None and version[1] in _PROGRAMS:
            return _PROGRAMS[version[1]]
        if spelled.startswith("g") and spelled[1:] in text.PROGRAMS:
            return _PROGRAMS[spelled[1:]]
        if spelled.startswith("git-"):
            return git.by_name
    return None


def _effects_of_glob(name: str, invocation: Invocation) -> Effects:
    """``/bin/c?t`` is whatever it is expanded to: each program that it may mean counts."""
    collector = Collector(name, invocation.stdin)
    meant = [known for known in _PROGRAMS if fnmatchcase(known, name)]
    for known in meant[:_MOST_MEANT]:
        collector.add(_PROGRAMS[known](replace(invocation, argv=(known, *invocation.argv[1:]))))
    collector.maybe(*invocation.argv[1:])
    if len(meant) > _MOST_MEANT and name.strip("*?"):
        collector.opaque("runs a program that is not known", invocation.argv[0])
    return collector.effects()


def _unknown(name: str, invocation: Invocation) -> Effects:
    collector = Collector(name, invocation.stdin)
    collector.maybe(*invocation.argv[1:])
    tame = invocation.argv[1:2] in {("--version",), ("-V",), ("-v",), ("version",)}
    return collector.effects(TAME_LINE if tame and TAME not in name else None)
