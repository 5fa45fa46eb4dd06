"""Which files a patch touches, and what it puts into them.

Read are the apply_patch form of Codex and cline (with or without its envelope), unified and context diffs, git's
extended headers (renames, copies, binary patches, modes) and the ``Index:`` lines of older tools. A line that
only looks like a header is taken for one: better a file too many than one too few.
"""

import re
from collections.abc import Iterator
from typing import Final

_ACTS: Final = r"(?:add|update|delete|create|rename|move|copy)[ \t]+file|(?:move|copy|rename)[ \t]+to"
_APPLY_PATCH: Final = re.compile(rf"[ \t]*\*\*\*[ \t]*(?:{_ACTS})[ \t]*:(.+)", re.IGNORECASE)
_GIT: Final = "diff --git "
_NAMED: Final = re.compile(r"(?:rename|copy) (?:from|to) (.+)|Index: (.+)|==== (//.+)#\d+.*")
_DIFF: Final = re.compile(r"(?:---|\+\+\+|\*\*\*) ([^\t]+)")
_DIFF_PAIRS: Final = {"---": "+++", "***": "---"}
_TIME: Final = re.compile(r" \d{4}-\d\d-\d\d[ T]\d\d:\d\d.{0,40}$")
_ESCAPE: Final = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_ESCAPED: Final = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*+)"')


def patch_paths(text: str) -> tuple[str, ...]:
    """Return the files that a patch names, each once: those of apply_patch first, then those of diffs."""
    lines = _lines(text)
    found = dict.fromkeys(path for line in lines if (path := _applied(line)))
    for at, line in enumerate(lines):
        found |= dict.fromkeys(_headed(line, lines[at + 1] if at + 1 < len(lines) else ""))
    return tuple(path for path in found if path)


def patch_additions(text: str) -> Iterator[tuple[str, str]]:
    """Yield what a patch adds, file by file: the lines that begin with ``+`` without it."""
    lines = _lines(text)
    path = ""
    added: list[str] = []
    for at, line in enumerate(lines):
        following = lines[at + 1] if at + 1 < len(lines) else ""
        names = [name for name in ((_applied(line) or ""), *_headed(line, following)) if name]
        if names:
            if path and added:
                yield path, "\n".join(added)
            path, added = names[-1], []
        elif line.startswith("+") and not line.startswith("+++ "):
            added.append(line[1:])
        elif line.startswith("+++ ") and (name := _bare(line[4:])):
            path = name
    if path and added:
        yield path, "\n".join(added)


def _lines(text: str) -> list[str]:
    return [line.rstrip("\r") for line in text.split("\n")]


def _applied(line: str) -> str | None:
    """Return the file that a line of an apply_patch names."""
    found = _APPLY_PATCH.match(line) if "***" in line else None
    return None if found is None else found[1].strip().strip('"')


def _headed(line: str, following: str) -> Iterator[str]:
    """Yield the files that a header of a diff names; a pair of ``---`` and ``+++`` is one only together."""
    if line.startswith(_GIT):
        yield from _git_names(line[len(_GIT) :])
    elif (named := _NAMED.match(line)) is not None:
        yield from (_bare(group) for group in named.groups() if group)
    elif (second := _DIFF_PAIRS.get(line[:3])) is not None and following.startswith(f"{second} "):
        for each in (line, following):
            if (header := _DIFF.match(each)) is not None:
                yield _bare(header[1])


def _git_names(rest: str) -> Iterator[str]:
    """Yield the two names of git's header; names with blanks in them are told apart by being the same twice."""
    if '"' in rest:
        quoted = [_unquoted(name) for name in _QUOTED.findall(rest)]
        plain = _QUOTED.sub(" ", rest).split()
        yield from map(_without_side, [*plain, *quoted] if rest.startswith('"') is False else [*quoted, *plain])
        return
    half = len(rest) // 2
    first, second = rest[:half], rest[half + 1 :]
    if rest[half : half + 1] != " " or first[2:] != second[2:]:
        first, found, second = rest.partition(" b/")
        first, second = (first, f"b/{second}") if found else rest.partition(" ")[::2]
    yield from map(_without_side, (first, second))


def _bare(path: str) -> str:
    """Drop the quotes, the time, and the ``a/`` or ``b/`` that diff tools put round a path."""
    path = path.strip()
    if path.startswith('"'):
        quoted = _QUOTED.match(path)
        return _without_side(_unquoted(quoted[1]) if quoted is not None else path.strip('"'))
    return _without_side(_TIME.sub("", path.partition("\t")[0]))


def _without_side(path: str) -> str:
    """Drop the ``a/`` or ``b/`` that diff tools put before a path; "" for the null device."""
    path = path.strip()
    if path == "/dev/null":
        return ""
    return path[2:] if path.startswith(("a/", "b/")) else path


def _unquoted(text: str) -> str:
    """Resolve the escapes of a name that git has put in quotes: bytes in octal, of UTF-8."""

    def resolved(escape: re.Match[bytes]) -> bytes:
        said = escape[1]
        return bytes([int(said, 8) & 0xFF]) if said[:1].isdigit() else _ESCAPED.get(said, said)

    return _ESCAPE.sub(resolved, text.encode("utf-8", "surrogateescape")).decode("utf-8", "replace")
