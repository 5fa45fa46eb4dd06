"""Reads paths as text: where a relative one leads from a folder, and what a link on the way makes of it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.marks import GIVEN, HERE, PRINTED, is_known

ANCHORED: Final = re.compile(r"[/~\\]|[A-Za-z]:[/\\]|\$|%|file:", re.IGNORECASE)
_PSEUDO: Final = re.compile(
    r"/dev/(?:null|zero|full|u?random|tty|std(?:in|out|err)|fd/\d+)|/proc/(?:self|thread-self|\d+)/fd/\d+"
)
_DESCRIPTOR: Final = re.compile(r"/(?:dev|proc/(?:self|thread-self))/fd/(\d+)")
_STANDARD: Final = {"/dev/stdin": "0", "/dev/stdout": "1", "/dev/stderr": "2"}
_MOST_WAYS: Final = 16
_MOST_STEPS: Final = 4


def is_pseudo(path: str) -> bool:
    """Whether a path is one of the system's own that holds nothing of anybody."""
    return _PSEUDO.fullmatch(path) is not None


def descriptor_of(path: str) -> str | None:
    """Return the number of the descriptor that a path stands for."""
    found = _DESCRIPTOR.fullmatch(path)
    return _STANDARD.get(path) if found is None else found.group(1)


def in_folder(folder: str | None, path: str) -> str:
    """Return a path as seen from where a folder's own path is seen."""
    if path.startswith(HERE):
        return normal(path[1:].lstrip("/") or ".")
    if folder is None or not path or ANCHORED.match(path) is not None or path.startswith((UNKNOWN, PRINTED, GIVEN)):
        return path
    return normal(f"{folder}/{path}")


def way_back(folder: str | None) -> str:
    """Return how a folder leads to where the command began; ``HERE`` where its name does not tell."""
    if folder is None:
        return "."
    parts = folder.split("/")
    if ANCHORED.match(folder) is not None or ".." in parts or not is_known(folder):
        return HERE
    return "/".join([".."] * len([part for part in parts if part not in {"", "."}])) or "."


def normal(path: str) -> str:
    """Return a path without ``.`` and, as far as letters tell, without ``..``."""
    if "/." not in path and "//" not in path and not path.startswith("./") and not path.endswith("/"):
        return path
    head = "/" if path.startswith("/") else ""
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and not (parts[-1] == ".." or parts[-1].startswith("~") or not is_known(parts[-1])):
            parts.pop()
        elif part == ".." and head and not parts:
            continue
        elif part not in {"", "."}:
            parts.append(part)
    return head + "/".join(parts) or "."


def parent(path: str) -> str:
    """Return the folder that a path lies in."""
    folder, slash, _ = path.rpartition("/")
    return folder or ("/" if slash else ".")


def name_of(path: str) -> str:
    """Return a path's last part."""
    return path.rstrip("/").rpartition("/")[2]


def followed(path: str, links: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return a path and what the links on its way make of it."""
    ways = [path]
    steps = [0]
    for place in range(_MOST_WAYS):
        if place == len(ways) or steps[place] == _MOST_STEPS:
            break
        further = [way for way in _one_link(normal(ways[place]), links) if way not in ways]
        ways += further
        steps += [steps[place] + 1] * len(further)
    return tuple(ways[:_MOST_WAYS])


def _one_link(path: str, links: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for link, targets in links.items():
        if path == link or path.startswith(link + "/"):
            yield from (normal(target + path[len(link) :]) for target in targets)


def found_as(path: str, paths: Iterable[str]) -> Iterator[str]:
    """Yield those among paths that may be the same file, though one is written from further above."""
    wanted = normal(path)
    for each in paths:
        below_it = not _is_rooted(wanted) and each.endswith("/" + wanted)
        above_it = not _is_rooted(each) and wanted.endswith("/" + each)
        if each == wanted or below_it or above_it:
            yield each


def _is_rooted(path: str) -> bool:
    return path.startswith(("/", "~", ".."))
