"""Which paths a list of patterns means: as in .gitignore, with ``~`` for the home folder.

In a blocklist a pattern without a leading ``/`` or ``~`` matches at any depth, since nobody here knows the agent's
folder; what lies below a matched folder is matched too; a later pattern that begins with ``!`` takes out again what it
matches itself. Upper and lower case are the same, and so are two spellings of one letter, because on some machines they
are. A path is read as text: ``.`` and ``..`` are resolved by their letters, links are not followed.

A path may hold what a shell or a search tool expands (``.e*``, ``{a,b}``, ``**``) and parts that nobody could resolve
(``UNKNOWN``), so there are three answers: it surely is meant, it may be, it is not. ``**`` at a path's end says that a
folder is taken with all below it: that may be a blocked file in it where the folder is named for its sake (``~/**``),
and is nothing where it is any folder (``src/**``).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from typing import Final

from guardian_ci.policy.globs import WILD, Fit, Name, Part, fit, literal_part, name_of, part_of
from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.spelling import HOME_FOLDER, Path, Start, read_path, spellings

_HOMES: Final = frozenset({"home", "users"})
_QUIET: Final = re.compile(
    r"(?:tmp|dev|proc|sys|usr|bin|sbin|lib|lib64|opt|boot|nix|snap|library|applications"
    r"|(?:private/)?(?:tmp|var/folders)|var/(?:log|cache|tmp|lib))(?=/|$)"
)
"""Folders in which nobody keeps a key, so that a name there which is not known tells nothing."""
_DEVICES: Final = frozenset({"null", "zero", "full", "random", "urandom", "tty", "stdin", "stdout", "stderr", "fd"})
_LIKE_A_PATH: Final = ("./", "../", "~/", "$HOME/", "${HOME}/", "/root/", "/home/", "/Users/")
"""How a word begins that is a path rather than a regular expression."""
_TELLING: Final = tuple(
    part_of(name)
    for name in (
        *(
            "id_rsa*",
            "id_dsa*",
            "id_ecdsa*",
            "id_ed25519*",
            "authorized_keys",
            "credentials*",
            "*.pem",
            "*.key",
            "*.p12",
        ),
        *("*.pfx", ".env*", ".netrc", "*secret*", "*token*", "*passw*"),
    )
)
"""Names that tell what is sought in a folder whose files a pattern does not name one by one."""
_MOST_WILD: Final = 64
_MOST_REMEMBERED: Final = 2048
_LONGEST_REMEMBERED: Final = 255


@dataclass(frozen=True, slots=True)
class _Asked:
    """A path made ready to be held against patterns."""

    begins: Start
    names: tuple[Name, ...]
    in_home: tuple[Name, ...] | None
    """What lies below the home folder that the path names by its whole way."""
    dark: bool
    """Nobody knows where it begins."""

    @property
    def whole_gap(self) -> bool:
        """Whether nothing of it is known."""
        return self.dark and all(name.gap for name in self.names)


def _asked(path: Path) -> _Asked:
    names = tuple(map(name_of, path.parts))
    dark = path.begins is Start.HERE and bool(names) and names[0].gap
    return _Asked(path.begins, names, _in_home(path, names), dark)


def _in_home(path: Path, names: tuple[Name, ...]) -> tuple[Name, ...] | None:
    if path.begins is Start.HOME:
        return names
    if path.begins is Start.HERE:
        return None
    parts = ("home", *path.parts) if path.beside_home and path.ups == 1 else path.parts
    if path.begins is Start.ROOT:
        # "/**" and "/home/**" are all homes with all that is in them.
        for depth, _ in enumerate(parts[:2]):
            if parts[depth] == "**" and (depth == 0 or parts[0] in _HOMES):
                return names[depth:]
    if (home := HOME_FOLDER.match("/" + "/".join(parts[:6]))) is None:
        return None
    return names[max(0, home.group().count("/") - (len(parts) - len(names))) :]


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One pattern of a list.

    ``keeps``: it began with ``!``, and takes out what it matches itself; ``below``: what lies below is matched too.
    """

    keeps: bool
    begins: Start
    parts: tuple[Part, ...]
    ups: int = 0
    below: bool = True

    def fits(self, path: _Asked) -> Fit:
        """Return how a path fits, wherever the pattern may begin in it."""
        if self.begins is Start.HERE:
            return self.walk(path.names, anywhere=True)
        if self.begins is Start.ROOT:
            if path.begins is Start.HOME:
                return Fit.NONE
            if path.dark:
                return self._behind_gap(path)
            # "/*" and what lies below it mean nothing more than any folder does.
            tells = path.begins is Start.ROOT and bool(path.names) and (path.names[0].says or path.names[0].deep)
            return self.walk(path.names, rooted=tells)
        return self._fits_home(path)

    def _fits_home(self, path: _Asked) -> Fit:
        found = Fit.NONE
        if path.in_home is not None:
            found = self.walk(path.in_home, rooted=True)
        if path.begins is Start.HOME or found >= Fit.LIKELY:
            return found
        dotted = self.parts[0].text.startswith(".")
        if path.dark:
            return self._behind_gap(path) if dotted else Fit.NONE
        # ".ssh/…" says enough to be known in whatever folder is a home; "notes.txt" does not.
        if len(self.parts) > 1 and dotted:
            found = max(found, self.walk(path.names, anywhere=path.begins is not Start.HERE))
        return found

    def _behind_gap(self, path: _Asked) -> Fit:
        """Judge a path whose beginning nobody knows by what is told behind it; that alone proves nothing."""
        told = self.walk([name for name in path.names if not name.gap])
        if len(self.parts) > 1 and self.parts[0].text.startswith(".") and self.begins is Start.HOME:
            return told if told >= Fit.MAY else Fit.NONE
        return Fit.MAY if told >= Fit.MAY else Fit.NONE

    def walk(self, names: Sequence[Name], *, anywhere: bool = False, rooted: bool = False) -> Fit:
        """Follow all ways through the pattern at once: time grows with names x parts, whatever the pattern.

        ``rooted``: the names surely begin where the pattern does. A name that is not known may be anything where
        nothing before it is known either; in a folder that has a name it is just one of the files there.
        """
        end = len(self.parts)
        states = {0: Fit.COVERED}
        self._skip(states)
        best = Fit.NONE
        blind = True
        for name in names:
            blind = blind and name.gap
            following: dict[int, Fit] = {}
            for state, level in states.items():
                for place, reached in self._step(state, level, name, rooted=rooted or blind):
                    following[place] = max(following.get(place, Fit.NONE), reached)
            if anywhere:
                following[0] = Fit.COVERED
            self._skip(following)
            if self.below and (ended := following.get(end, Fit.NONE)) >= Fit.MAY:
                best = max(best, ended)  # what lies below a matched folder is matched too
            if best is Fit.COVERED or not following:
                return best
            states = following
        best = max(best, states.get(end, Fit.NONE))
        if names and self.below:
            folders = (level for state, level in states.items() if self._is_folder(state))
            best = max(best, *folders, Fit.NONE)
        return best

    def _step(self, state: int, level: Fit, name: Name, *, rooted: bool) -> Iterator[tuple[int, Fit]]:
        """Yield the places in the pattern that a name leads to, and how surely."""
        if state == len(self.parts):
            if self.below and level < Fit.MAY:  # below a folder that was not named: a name of its own tells of another
                yield state, level if name.gap or (rooted and not name.says) else Fit.FAINT
        elif name.deep or name.gap:
            yield from self._leap(state, level, name, rooted=rooted)
        elif (part := self.parts[state]).deep:
            yield state, Fit.FAINT if level < Fit.MAY and name.says and not _tells(name) else level
        elif (fitting := fit(name, part)) is not Fit.NONE:
            if fitting is Fit.WEAK and not rooted and not state:
                fitting = Fit.FAINT
            if level < Fit.MAY and part.letters and fitting >= Fit.LIKELY:
                level = Fit.MAY
            elif level < Fit.MAY and name.says and not part.letters:
                level = level if _tells(name) else Fit.FAINT
            yield state + 1, min(level, fitting)

    def _leap(self, state: int, level: Fit, name: Name, *, rooted: bool) -> Iterator[tuple[int, Fit]]:
        """Yield where a name leads to that stands for any number of folders."""
        yield state, level if name.deep else min(level, Fit.MAY)
        leap = Fit.WEAK if rooted or state else Fit.FAINT
        for place, part in enumerate(self.parts[state:], start=state + 1):
            level = level if part.all else min(level, leap)
            yield place, level

    def _skip(self, states: dict[int, Fit]) -> None:
        """Add the states that ``**`` reaches by standing for no folder at all."""
        for state in sorted(states):
            position = state
            while position < len(self.parts) and self.parts[position].deep:
                position += 1
                states[position] = max(states.get(position, Fit.NONE), states[state])

    def _is_folder(self, state: int) -> bool:
        """Whether only ``*`` is left: the path is the folder whose whole content the pattern means."""
        rest = self.parts[state:]
        return state > 0 and bool(rest) and all(part.all for part in rest)


def _tells(name: Name) -> bool:
    return any(fit(name, part) >= Fit.LIKELY for part in _TELLING)


def _read_pattern(source: str) -> tuple[bool, Path]:
    """Return whether a pattern takes out, and its path. A backslash before ``!`` or ``#`` takes their meaning."""
    keeps = source.startswith("!")
    return keeps, read_path(source[1:] if keeps or source.startswith(("\\!", "\\#")) else source)


def _patterns(source: str) -> Iterator[_Pattern]:
    for spelling in spellings(source):
        keeps, path = _read_pattern(spelling)
        parts = tuple(map(part_of, path.parts))
        begins = Start.HERE if path.begins is Start.ABOVE else path.begins
        if parts:
            yield _Pattern(keeps, begins, parts, below=not keeps)
            yield from _in_any_home(keeps, path, parts, below=not keeps)


def _in_any_home(keeps: bool, path: Path, parts: tuple[Part, ...], *, below: bool) -> Iterator[_Pattern]:  # noqa: FBT001
    """Yield what a pattern that spells a home folder out means below ``~``."""
    home = HOME_FOLDER.match("/" + "/".join(path.parts)) if path.begins is Start.ROOT else None
    if home is not None and (rest := parts[home.group().count("/") :]):
        yield _Pattern(keeps, Start.HOME, rest, below=below)


@dataclass(frozen=True, slots=True)
class Match:
    """The pattern that a path matches, by its index; not ``certain`` where the path may as well be another file."""

    index: int
    certain: bool


class Blocklist:
    """The patterns of one ``file_blocklist``, ready to be asked."""

    def __init__(self, sources: Iterable[str]) -> None:
        self._patterns = [(index, each) for index, source in enumerate(sources) for each in _patterns(source)]
        first = [pattern.parts[0] for _, pattern in self._patterns]
        self._names = frozenset(part.text for part in first if part.glob is None)
        self._globs = _any_of(part for part in first if part.glob is not None)
        self._parts = {part.text: part for _, pattern in self._patterns for part in pattern.parts if not part.all}
        self._telling: dict[str, bool] = {}
        self._first = next((index for index, pattern in self._patterns if not pattern.keeps), None)

    def match(self, path: str) -> Match | None:
        """Return the pattern that blocks a path, or that may block it; None where none does."""
        return _best(self._match(spelling) for spelling in spellings(path))

    def match_word(self, word: str) -> Match | None:
        """Return the pattern that blocks a word of a command.

        A word is less surely a path than an argument that a tool calls one: ``.data.key`` (a jq filter) is not
        ``*.key``, a bare word is not the folder that a pattern speaks of, and a word that is not known is no file.
        """
        return _best(self._match_word(spelling) for spelling in spellings(word))

    def _match(self, path: str) -> Match | None:
        read = read_path(path)
        return self._decide(read) if self._may_match(read) else None

    def _match_word(self, word: str) -> Match | None:
        read = read_path(word)
        if not self._may_match(read):
            return None
        path_like = "/" in word or "\\" in word
        bare = read.begins is Start.HERE and len(read.parts) == 1 and not path_like
        found = self._decide(read, word=word.lower() if bare else "")
        return found if found is None or found.certain or word.startswith(_LIKE_A_PATH) else None

    def _may_match(self, path: Path) -> bool:
        """Rule out most words at the cost of a look-up: a match needs the first part of some pattern."""
        if not self._names.isdisjoint(path.parts) or any(map(self._globs.match, path.parts)):
            return True
        wild = [part for part in path.parts if WILD.search(part) is not None]
        if not wild:
            return False
        rooted = path.begins in {Start.HOME, Start.ROOT}
        return (
            any(not (name := name_of(part)).says and (name.gap or rooted) for part in wild)
            or not self._parts.keys().isdisjoint(path.parts)
            or any(map(self._tells, path.parts))
            or any(self._tells(UNKNOWN + part.rpartition(UNKNOWN)[2]) for part in wild if UNKNOWN in part)
        )

    def _tells(self, name: str) -> bool:
        """Whether a name says something of some part of a pattern."""
        if len(name) > _LONGEST_REMEMBERED:
            return True
        if (known := self._telling.get(name)) is None:
            read = name_of(name)
            known = any(fit(read, part) >= Fit.MAY for part in self._parts.values())
            if len(self._telling) >= _MOST_REMEMBERED:
                self._telling.clear()
            self._telling[name] = known
        return known

    def _decide(self, path: Path, word: str = "") -> Match | None:
        asked = _asked(path)
        if asked.whole_gap or sum(name.tokens is not None for name in asked.names) > _MOST_WILD:
            return Match(self._first, certain=False) if self._first is not None and not word else None
        quiet = path.begins is Start.ROOT and _QUIET.match("/".join(path.parts[:3])) is not None
        found = self._found(asked, quiet=quiet, word=word)
        if (found is None or not found.certain) and (tail := _behind_last_gap(path)) is not None:
            behind = self._found(_asked(tail), quiet=False, word=word)
            found = found or (behind and Match(behind.index, certain=False))
        return found

    def _found(self, asked: _Asked, *, quiet: bool, word: str) -> Match | None:
        blocked: Match | None = None
        for index, pattern in self._patterns:
            found = pattern.fits(asked)
            if found < Fit.WEAK or (found is Fit.WEAK and quiet) or (word and _too_little(pattern, word)):
                continue
            if pattern.keeps:
                blocked = None if found is Fit.COVERED else blocked
            elif found >= Fit.LIKELY or blocked is None or not blocked.certain:
                blocked = Match(index, certain=found >= Fit.LIKELY)
        return blocked


def _any_of(parts: Iterable[Part]) -> re.Pattern[str]:
    """Return an expression for all names that one of these parts matches."""
    return re.compile("|".join(translate(part.text.replace("[^", "[!")) for part in parts) or r"(?!)", re.DOTALL)


def _behind_last_gap(path: Path) -> Path | None:
    """Return the rest of a path whose gap lies within a name and may hold a slash (``src<unknown>.env``)."""
    for position in reversed(range(len(path.parts))):
        before, gap, after = path.parts[position].rpartition(UNKNOWN)
        if gap:
            if not before or not after:
                return None
            return Path(Start.HERE, (UNKNOWN + after, *path.parts[position + 1 :]))
    return None


def _best(matches: Iterable[Match | None]) -> Match | None:
    best: Match | None = None
    for match in matches:
        if match is not None and match.certain:
            return match
        best = best or match
    return best


def _too_little(pattern: _Pattern, word: str) -> bool:
    if len(pattern.parts) == 1:
        return word.startswith(".") and pattern.parts[0].text.startswith("*.")
    return not word.startswith((".", "~"))


class Allowlist:
    """The patterns of one ``file_allowlist``, ready to be asked.

    A pattern without a leading ``/`` or ``~`` speaks of the agent's folder (``root``); where that is not known, only
    relative paths that do not leave it lie in it. One without any slash matches at any depth there.
    """

    def __init__(self, sources: Iterable[str], root: str | None = None) -> None:
        here = None if root is None else read_path(root)
        self._root = here.parts if here is not None and here.begins is Start.ROOT else None
        self._patterns = [each for source in sources for each in _allowing(source, self._root)]

    def allows(self, path: str) -> bool | None:
        """Whether a file may be touched; None where that depends on what nobody could resolve."""
        answers = {self._allows(read_path(spelling)) for spelling in spellings(path)}
        return False if False in answers else None if None in answers else True

    def _allows(self, path: Path) -> bool | None:
        if path.begins is Start.ROOT and path.parts[:1] == ("dev",) and path.parts[1:2] and path.parts[1] in _DEVICES:
            return True
        if path.begins is Start.HERE and path.parts[:1] == (TAME,):
            # A temporary file, or what a variable of the environment names.
            return self._allows(Path(Start.ROOT, ("tmp", *path.parts))) or (None if self._patterns else False)
        if path.begins is Start.HERE and path.parts[:1] and path.parts[0].startswith(UNKNOWN):
            return None if self._patterns else False
        asked = _asked(self._absolute(path) or path)
        if sum(name.tokens is not None for name in asked.names) > _MOST_WILD:
            return None
        allowed: bool | None = False
        for pattern in self._patterns:
            found = self._fits(pattern, asked, path)
            if pattern.keeps:
                allowed = False if found >= Fit.LIKELY else None if allowed and found else allowed
            elif found is Fit.COVERED:
                allowed = True
            elif found > Fit.NONE and allowed is False:
                allowed = None
        return allowed

    def _absolute(self, path: Path) -> Path | None:
        """Return a path from the root, where the agent's folder is known."""
        if self._root is None or path.begins not in {Start.HERE, Start.ABOVE} or path.beside_home:
            return None
        above = self._root[: max(0, len(self._root) - path.ups)]
        return Path(Start.ROOT, (*above, *path.parts))

    @staticmethod
    def _fits(pattern: _Pattern, asked: _Asked, path: Path) -> Fit:
        if pattern.begins is Start.HOME:
            return Fit.NONE if asked.in_home is None else pattern.walk(asked.in_home, rooted=True)
        if pattern.begins is Start.ROOT:
            return pattern.walk(asked.names, rooted=True) if asked.begins is Start.ROOT else Fit.NONE
        inside = asked.begins in {Start.HERE, Start.ABOVE} and path.ups == pattern.ups and not path.beside_home
        return pattern.walk(asked.names, rooted=True) if inside else Fit.NONE


def _allowing(source: str, root: tuple[str, ...] | None) -> Iterator[_Pattern]:
    for spelling in spellings(source):
        keeps, path = _read_pattern(spelling)
        parts = tuple(map(part_of, path.parts))
        begins = path.begins
        if begins in {Start.HERE, Start.ABOVE}:
            if "/" not in source.rstrip("/") and begins is Start.HERE:
                parts = (part_of("**"), *parts)
            begins = Start.HERE
            if root is not None and not path.beside_home:
                begins = Start.ROOT
                parts = (*map(literal_part, root[: max(0, len(root) - path.ups)]), *parts)
        yield _Pattern(keeps, begins, parts, ups=path.ups)
        yield from _in_any_home(keeps, path, parts, below=True)


def is_relative(path: str) -> bool:
    """Whether a path begins in the folder that somebody is in."""
    return read_path(path).begins in {Start.HERE, Start.ABOVE}


@lru_cache(maxsize=64)
def blocklist(sources: tuple[str, ...]) -> Blocklist:
    """Return the list's patterns, made ready once."""
    return Blocklist(sources)


@lru_cache(maxsize=64)
def allowlist(sources: tuple[str, ...], root: str | None = None) -> Allowlist:
    """Return the list's patterns, made ready once."""
    return Allowlist(sources, root)
