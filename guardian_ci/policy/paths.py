"""Which paths a list of patterns means: as in .gitignore, with ``~`` for the home folder.

A pattern without a leading ``/`` or ``~`` matches at any depth, since nobody here knows the agent's folder; what lies
below a matched folder is matched too; a later pattern that begins with ``!`` takes out again what it matches itself.
Upper and lower case are the same, because on some machines they are. A path is read as text: ``.`` and ``..`` are
resolved by their letters, links are not followed.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase, translate
from functools import lru_cache
from typing import Final

_HOME_WORD: Final = re.compile(
    r"(?:~[\w.-]*|\$\{?home\}?|\$\{?userprofile\}?|%userprofile%|%homepath%|\$env:(?:userprofile|home))(?=/|$)"
)
_HOME_FOLDER: Final = re.compile(
    r"(?:/github/home|/(?:var/)?root|(?:/mnt)?(?:/[a-z])?/users/[^/]+|/(?:export/|usr/|var/)?home/[^/]+)(?=/|$)"
)
_PROC_ROOT: Final = re.compile(r"/proc/(?:self|thread-self|\d+)/root(?=/|$)")
_PROC_CWD: Final = re.compile(r"/proc/(?:self|thread-self|\d+)/cwd(?=/|$)")
_DRIVE: Final = re.compile(r"(?://[?.]/)?[a-z]:(?=/)")
_GLOB: Final = re.compile(r"[*?\[]")
_LETTER: Final = re.compile(r"[^\W_]")
_LONGEST_NAME: Final = 255


class _From(Enum):
    """Where a path begins."""

    HERE = "the agent's folder"
    ABOVE = "somewhere above it"
    HOME = "a home folder"
    ROOT = "the root"


@dataclass(frozen=True, slots=True)
class _Path:
    begins: _From
    parts: tuple[str, ...]


def _path(text: str) -> _Path:
    """Read a path's letters: its beginning, and its parts without ``.`` and ``..``."""
    text = _DRIVE.sub("", text.strip().lower().replace("\\", "/"), count=1)
    text = _PROC_ROOT.sub("", text, count=1) if text.startswith("/proc/") else text
    begins, rest = _From.HERE, text
    if (home := _HOME_WORD.match(text)) is not None:
        begins, rest = _From.HOME, text[home.end() :]
    elif (here := _PROC_CWD.match(text)) is not None:
        rest = text[here.end() :]
    elif text.startswith("/"):
        begins = _From.ROOT
    parts: list[str] = []
    for part in rest.split("/"):
        if part == "..":
            if parts:
                parts.pop()
            elif begins is not _From.ROOT:
                begins = _From.ABOVE
        elif part not in {"", "."}:
            parts.append(part)
    return _Path(begins, tuple(parts))


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a pattern: a name, a glob, or ``**`` for any number of folders."""

    text: str
    glob: re.Pattern[str] | None
    deep: bool

    def matches(self, name: str) -> bool:
        if self.glob is None:
            return name == self.text or _glob_means(name, self.text)
        return self.glob.match(name) is not None


def _glob_means(word: str, name: str) -> bool:
    """Whether a glob that an agent wrote would be expanded to a name (``.e*`` to ``.env``).

    ``*`` alone, and what has no letter, means too much to mean this; a dot must be written, as in a shell.
    """
    if not _GLOB.search(word) or not _LETTER.search(word) or len(word) > _LONGEST_NAME:
        return False
    return (word[0] == ".") == (name[0] == ".") and fnmatchcase(name, word)


@dataclass(frozen=True, slots=True)
class _Pattern:
    source: str
    keeps: bool
    """The pattern began with ``!``: what it matches is not blocked."""
    begins: _From
    parts: tuple[_Part, ...]

    def matches(self, path: _Path) -> bool:
        if self.begins is _From.HERE:
            return self._walk(path.parts, anywhere=True)
        if self.begins is _From.ROOT:
            return path.begins is not _From.HOME and self._walk(path.parts, anywhere=False)
        return self._matches_in_home(path)

    def _matches_in_home(self, path: _Path) -> bool:
        if path.begins is _From.HOME:
            return self._walk(path.parts, anywhere=False)
        # ".ssh/…" says enough to be known in whatever folder is a home; "notes.txt" does not.
        telling = len(self.parts) > 1 and self.parts[0].text.startswith(".")
        if path.begins is _From.ROOT and (home := _HOME_FOLDER.match("/" + "/".join(path.parts))) is not None:
            skipped = home.group().count("/")
            if self._walk(path.parts[skipped:], anywhere=False):
                return True
        return telling and self._walk(path.parts, anywhere=path.begins is not _From.HERE)

    def _walk(self, names: Sequence[str], *, anywhere: bool) -> bool:
        """Follow all ways through the pattern at once: time grows with names x parts, whatever the pattern."""
        end = len(self.parts)
        states = self._with_skips({0})
        for name in names:
            following = {
                state if self.parts[state].deep else state + 1
                for state in states
                if state < end and (self.parts[state].deep or self.parts[state].matches(name))
            }
            states = self._with_skips(following | {0} if anywhere else following)
            if end in states and not self.keeps:
                return True  # what lies below a matched folder is matched too
            if not states:
                return False
        return end in states or (bool(names) and not self.keeps and any(self._is_folder(state) for state in states))

    def _with_skips(self, states: set[int]) -> set[int]:
        """Add the states that ``**`` reaches by standing for no folder at all."""
        for state in sorted(states):
            position = state
            while position < len(self.parts) and self.parts[position].deep:
                position += 1
                states.add(position)
        return states

    def _is_folder(self, state: int) -> bool:
        """Whether only ``*`` is left: the path is the folder whose whole content the pattern means."""
        rest = self.parts[state:]
        return state > 0 and bool(rest) and all(part.deep or part.text == "*" for part in rest)


def _pattern(source: str) -> list[_Pattern]:
    keeps = source.startswith("!")
    path = _path(source.removeprefix("!"))
    parts = tuple(_part(text) for text in path.parts)
    begins = _From.HERE if path.begins is _From.ABOVE else path.begins
    patterns = [_Pattern(source, keeps, begins, parts)] if parts else []
    home = _HOME_FOLDER.match("/" + "/".join(path.parts)) if begins is _From.ROOT else None
    if home is not None and (rest := parts[home.group().count("/") :]):
        patterns.append(_Pattern(source, keeps, _From.HOME, rest))
    return patterns


def _part(text: str) -> _Part:
    is_glob = _GLOB.search(text) is not None
    return _Part(text=text, glob=re.compile(translate(text)) if is_glob else None, deep=text == "**")


class Blocklist:
    """The patterns of one ``file_blocklist``, ready to be asked."""

    def __init__(self, sources: Iterable[str]) -> None:
        self._patterns = [(index, each) for index, source in enumerate(sources) for each in _pattern(source)]
        first = [pattern.parts[0] for _, pattern in self._patterns]
        self._names = frozenset(part.text for part in first if part.glob is None)
        globs = [translate(part.text) for part in first if part.glob is not None]
        self._globs = re.compile("|".join([*globs, r".*[*?\[].*"]), re.DOTALL)

    def match(self, path: str) -> int | None:
        """Return the index of the pattern that blocks a path; None where none does."""
        read = _path(path)
        return self._decide(read) if self._may_match(read) else None

    def match_word(self, word: str) -> int | None:
        """Return the index of the pattern that blocks a word of a command.

        A word is less surely a path than an argument that a tool calls one: ``.data.key`` (a jq filter) is not
        ``*.key``, and a bare word is not the folder that a pattern speaks of.
        """
        read = _path(word)
        if not self._may_match(read):
            return None
        bare = read.begins is _From.HERE and len(read.parts) == 1 and "/" not in word and "\\" not in word
        return self._decide(read, word=word.lower() if bare else "")

    def _may_match(self, path: _Path) -> bool:
        """Rule out most words at the cost of a look-up: a match needs the first part of some pattern."""
        return not self._names.isdisjoint(path.parts) or any(map(self._globs.match, path.parts))

    def _decide(self, path: _Path, word: str = "") -> int | None:
        blocked: int | None = None
        for index, pattern in self._patterns:
            if pattern.matches(path) and not (word and _too_little(pattern, word)):
                blocked = None if pattern.keeps else index
        return blocked


def _too_little(pattern: _Pattern, word: str) -> bool:
    if len(pattern.parts) == 1:
        return word.startswith(".") and pattern.parts[0].text.startswith("*.")
    return not word.startswith((".", "~"))


@lru_cache(maxsize=64)
def blocklist(sources: tuple[str, ...]) -> Blocklist:
    """Return the list's patterns, made ready once."""
    return Blocklist(sources)
