"""Who holds a socket: the processes of this machine that may be looked at, by ``/proc``. Never their arguments."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Final, NamedTuple

_MOST: Final = 50_000
"""Descriptors that are looked at in one search."""


class Process(NamedTuple):
    """A process: its number, and the name that the kernel knows it by (15 bytes of its program's name)."""

    pid: int
    name: str


def own_inodes(proc: Path) -> set[int]:
    """The inodes of the sockets that this process itself holds."""
    return set(_sockets(proc / "self" / "fd", _MOST))


def holders(inodes: Collection[int], proc: Path) -> dict[int, Process]:
    """Who holds each of these sockets, as far as it can be seen: other users' processes show nothing."""
    found: dict[int, Process] = {}
    left = _MOST
    for folder in proc.iterdir():
        if not folder.name.isdecimal() or left <= 0 or len(found) == len(inodes):
            continue
        sockets = _sockets(folder / "fd", left)
        left -= len(sockets) + 1
        for inode in sockets:
            if inode in inodes and inode not in found:
                found[inode] = Process(int(folder.name), _name(folder))
    return found


def _sockets(folder: Path, most: int) -> list[int]:
    """The inodes of the sockets in a folder of descriptors; none where it may not be read or has gone."""
    inodes = []
    try:
        with os.scandir(folder) as entries:
            for _, entry in zip(range(most), entries, strict=False):
                target = _target(entry.path)
                if target.startswith("socket:["):
                    inodes.append(int(target[len("socket:[") : -1]))
    except OSError:
        pass
    return inodes


def _target(path: str) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115 - a Path for each of thousands costs more than the call
    except OSError:  # closed in the meantime
        return ""


def _name(folder: Path) -> str:
    try:
        return (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
