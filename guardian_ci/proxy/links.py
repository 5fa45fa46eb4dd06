"""Where the paths of a tool call really lead, when the proxy runs where the agent works.

A name in the agent's folder may be a link to anywhere, so the rules judge both: what the call says and where that
leads. Nothing is opened or read here but folders and links, and never so much of them that it could be felt. What
cannot be looked up stays as it is: the rules judge its text all the same.
"""

import os
import pwd
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Final

from guardian_ci.model import ToolUse
from guardian_ci.policy.rules import view_of
from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.spelling import HOME_FOLDER, local_path

_MOST_PATHS: Final = 64
_MOST_ENTRIES: Final = 1024
_LONGEST_PATH: Final = 4096
_HOME: Final = re.compile(r"(?:~|\$HOME|\$\{HOME\})(?=/|$)")
_GLOB: Final = re.compile(r"[*?\[]")
_ALIVE: Final = ("/proc/", "/dev/", "/sys/")
"""Where a link means something else for every process that looks."""
_SYSTEM: Final = ("/usr", "/private")
_SYSTEM_LINKS: Final = ("/bin/", "/sbin/", "/lib/", "/lib64/", "/tmp/", "/var/", "/etc/")  # noqa: S108 - names, not used
"""Folders that the system itself keeps elsewhere: a path through them is no link of anybody's."""


def resolved(tool: ToolUse, folder: Path, *, cwd: str | None = None) -> ToolUse:
    """Return a tool call with its links: of its paths, and of the files that its command touches.

    ``folder`` is where the agent works, ``cwd`` the folder that its shell has changed to.
    """
    view = view_of(tool, cwd=cwd)
    touches = sorted(view.analysis.touches, key=lambda touch: not touch.sure)
    words = islice(dict.fromkeys((*tool.paths, *(touch.path for touch in touches))), _MOST_PATHS)
    look = _Look(folder, cwd)
    links = dict.fromkeys((word, place) for word in words for place in look.places(word))
    return replace(tool, links=tuple(islice(links, _MOST_PATHS)))


class _Look:
    """One look at the file system, from one folder; it ends when it has seen enough."""

    def __init__(self, folder: Path, cwd: str | None) -> None:
        self._folder = _real(str(folder))
        self._homes = tuple(dict.fromkeys(_homes(folder)))
        self._left = _MOST_ENTRIES
        self._from: tuple[str, ...] = (self._folder,)
        if cwd is not None and UNKNOWN not in cwd:
            self._from = (self._folder, *self._starts(cwd))

    def places(self, word: str) -> Iterator[str]:
        """Yield where a path leads, by other names than its own; none where it leads over no link."""
        if UNKNOWN in word or TAME in word or "\0" in word or not 0 < len(word) <= _LONGEST_PATH:
            return
        if "**" in word.split("/"):
            return  # what takes a folder with all below it leaves the links in it as they are
        for start in self._starts(local_path(word)):
            for path in self._expanded(start) if _GLOB.search(start) else (start,):
                yield from self._names(path, spelled=_HOME.match(word) is not None)

    def _starts(self, word: str) -> Iterator[str]:
        """Yield the absolute paths that a word may mean; ``..`` stays, since it leads back from where a link leads."""
        if (home := _HOME.match(word)) is not None:
            yield from (each + word[home.end() :] for each in self._homes)
        elif word.startswith("/"):
            yield word
        else:
            yield from (f"{folder}/{word}" for folder in self._from)

    def _names(self, path: str, *, spelled: bool) -> Iterator[str]:
        plain = os.path.normpath(path)
        if plain.startswith(_ALIVE):
            return
        real = _real(path)
        if real not in {plain, *(prefix + plain for prefix in _SYSTEM if plain.startswith(_SYSTEM_LINKS))}:
            inside = _below(real, self._folder)
            yield real if inside is None else inside
        elif spelled or HOME_FOLDER.match(real.lower()) is not None:
            return
        for home in self._homes:
            if (rest := _below(real, home)) is not None and _below(real, self._folder) is None:
                yield f"~/{rest}"

    def _expanded(self, pattern: str) -> Iterator[str]:
        """Yield the files that a glob means, level by level."""
        if os.path.lexists(pattern):
            yield pattern
        found = ["/"]
        for part in pattern.split("/"):
            if part in {"", "."}:
                continue
            if _GLOB.search(part):
                found = [each for folder in found for each in self._matching(folder, part)]
            else:
                found = [f"{folder.rstrip('/')}/{part}" for folder in found]
        yield from found

    def _matching(self, folder: str, part: str) -> Iterator[str]:
        glob = part.lower().replace("[^", "[!")
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in islice(entries, self._left):
                self._left -= 1
                if fnmatchcase(entry.name.lower(), glob):
                    yield f"{folder.rstrip('/')}/{entry.name}"


def _real(path: str) -> str:
    with suppress(OSError, ValueError):
        return os.path.realpath(path)
    return os.path.normpath(path)


def _below(path: str, folder: str) -> str | None:
    """Return a path as it reads from a folder; None where it is not in it."""
    if path == folder:
        return "."
    above = folder.rstrip("/") + "/"
    return path.removeprefix(above) if path.startswith(above) else None


def _homes(folder: Path) -> Iterator[str]:
    """Yield the home folders that the agent may have: this process's, and that of the folder's owner."""
    home = os.path.expanduser("~")  # noqa: PTH111 - pathlib raises where there is none
    if home != "~":
        yield _real(home)
    with suppress(OSError, KeyError):
        yield _real(pwd.getpwuid(folder.stat().st_uid).pw_dir)
