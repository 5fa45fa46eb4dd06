"""Looks who is connected to a provider's address, and tells the proxy's own connections apart.

Nothing here decides, and nothing here waits: ``direct`` looks again and again, and says what it saw.
"""

import contextlib
import os
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from guardian_ci.proxy.direct_hosts import KnownAddresses
from guardian_ci.proxy.direct_process import Process, holders, own_inodes
from guardian_ci.proxy.direct_table import Connection, End, connections, end

PROC: Final = Path("/proc")
_TABLES: Final = ("net/tcp", "net/tcp6")
_PIECE: Final = 64 << 10
"""Bytes of a table that one look reads (about 430 connections); the next look goes on from there."""
_BASE: Final = 4 << 20
"""Bytes of a table that are read to know what was there before the run."""
_MOST_OWN: Final = 8192
_MOST_SIGHTINGS: Final = 200
_SHOWN_HOSTS: Final = 4


class OwnConnections:
    """The proxy's own ends of its connections, the newest ones: once closed, nothing else tells whose they were."""

    def __init__(self) -> None:
        self._ends: OrderedDict[End, None] = OrderedDict()

    def add(self, local: Sequence[Any]) -> None:
        """Remember a connection when it is made, by its own end as a socket tells it: address, port, maybe more."""
        self._ends[str(local[0]), int(local[1])] = None
        if len(self._ends) > _MOST_OWN:
            self._ends.popitem(last=False)

    def __contains__(self, local: object) -> bool:
        return local in self._ends


@dataclass(slots=True, kw_only=True)
class Sighting:
    """Connections of one program to the addresses of the same hosts."""

    process: Process | None
    """None where it cannot be seen: the connection was closed, or it is another user's."""
    uid: int | None
    """The user, where the process cannot be seen and the connection is open."""
    hosts: tuple[str, ...]
    remote: End
    first: datetime
    count: int = 1

    @property
    def who(self) -> str:
        """Name the process, without its arguments: they may hold secrets."""
        if self.process is not None:
            return f"{self.process.name or 'a program'} (pid {self.process.pid})"
        return "a process that had closed it" if self.uid is None else f"a process of user {self.uid}"

    @property
    def where(self) -> str:
        """Name the hosts whose address it is."""
        more = len(self.hosts) - _SHOWN_HOSTS
        return " and ".join(self.hosts[:_SHOWN_HOSTS]) + (f" and {more} more" if more > 0 else "")


class _Table:
    """One of the kernel's tables, and the connections in it that were dealt with."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDONLY)
        self._rest = b""
        self._sweep = 0
        self._seen: dict[tuple[bytes, End], int] = {}

    def close(self) -> None:
        os.close(self._fd)

    def is_new(self, connection: Connection) -> bool:
        """Whether this connection was not dealt with before."""
        ends = (connection.local, connection.remote)
        if ends in self._seen:
            self._seen[ends] = self._sweep
            return False
        return True

    def done_with(self, connection: Connection) -> None:
        self._seen[connection.local, connection.remote] = self._sweep

    def piece(self, most: int) -> list[bytes]:
        """The next lines; at the table's end, what has gone from it is forgotten. Raises ``OSError``."""
        data = self._rest
        while len(data) < most:
            part = os.read(self._fd, 1 << 16)
            if not part:
                os.lseek(self._fd, 0, os.SEEK_SET)
                self._rest = b""
                self._seen = {ends: sweep for ends, sweep in self._seen.items() if sweep >= self._sweep - 1}
                self._sweep += 1
                return data.splitlines()
            data += part
        whole, _, self._rest = data.rpartition(b"\n")
        return whole.splitlines()


class Lookout:
    """Looks at the tables. Blocks for some milliseconds, so it is not for the event loop."""

    def __init__(self, known: KnownAddresses, own: OwnConnections, proc: Path = PROC) -> None:
        """Open the tables and pass over what they hold already. Raises ``OSError`` where there are none."""
        self.sightings: dict[tuple[str, tuple[str, ...]], Sighting] = {}
        self._known = known
        self._own = own
        self._proc = proc
        self._tables: list[_Table] = []
        for name in _TABLES:
            with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6 has one of them only
                self._tables.append(_Table(proc / name))
        if not self._tables:
            raise FileNotFoundError(f"{proc / _TABLES[0]} is not there")
        for table in self._tables:
            for connection in connections(table.piece(_BASE), known.ports):
                table.done_with(connection)

    def close(self) -> None:
        """Close the tables."""
        for table in self._tables:
            table.close()

    def look(self) -> list[Sighting]:
        """Return what was not seen before: a program, or hosts that it had not talked to. Raises ``OSError``."""
        found: list[tuple[Connection, tuple[str, ...]]] = []
        for table in self._tables:
            for connection in connections(table.piece(_PIECE), self._known.ports):
                if table.is_new(connection) and (hosts := self._known.at(connection.remote)):
                    table.done_with(connection)
                    found.append((connection, hosts))
        # Behind the tables: what had connected then is now open still, or was told to ``own`` before it was closed.
        mine = own_inodes(self._proc) if any(connection.inode for connection, _ in found) else set()
        left = [(each, hosts) for each, hosts in found if each.inode not in mine]
        inodes = {connection.inode for connection, _ in left} - {0}
        held_by = holders(inodes, self._proc) if inodes else {}
        now = datetime.now(UTC)
        new = (
            self._count(each, hosts, held_by.get(each.inode), now)
            for each, hosts in left
            if each.inode in held_by or end(each.local) not in self._own
        )
        return [sighting for sighting in new if sighting is not None]

    def _count(
        self, connection: Connection, hosts: tuple[str, ...], process: Process | None, now: datetime
    ) -> Sighting | None:
        uid = connection.uid if connection.inode and process is None else None
        key = (process.name if process else f"user {uid}", hosts)
        known = self.sightings.get(key)
        if known is not None:
            known.count += 1
            return None
        if len(self.sightings) >= _MOST_SIGHTINGS:
            return None
        sighting = Sighting(process=process, uid=uid, hosts=hosts, remote=connection.remote, first=now)
        self.sightings[key] = sighting
        return sighting
