"""Watches for connections to providers that go past the proxy. What it sees is an observation, never a proof.

A proxy cannot see a call that is not made to it; on Linux the kernel tells who is connected to whom, and for a minute
who was, if this side closed the connection. It tells so of this network namespace only: what goes on in other
containers is not seen, nor what goes through another proxy.
"""

import asyncio
import contextlib
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from guardian_ci.errors import StoreError
from guardian_ci.model import Finding, Verdict
from guardian_ci.policy import Policy, Settings
from guardian_ci.policy.rules import judged
from guardian_ci.proxy.direct_hosts import KnownAddresses
from guardian_ci.proxy.direct_process import Process, holders, own_inodes
from guardian_ci.proxy.direct_table import Connection, End, connections, end

RULE: Final = "direct_connection"
PROC: Final = Path("/proc")
_TABLES: Final = ("net/tcp", "net/tcp6")
_PERIOD: Final = 0.25
"""Seconds. A connection that the other side closes sooner leaves no trace here; one closed on this side does."""
_SHARE: Final = 50
"""A look that took a second is followed by a pause of so many: it costs 2 % of a processor at most."""
_LONGEST_PAUSE: Final = 30.0
_PIECE: Final = 64 << 10
"""Bytes of a table that one look reads (about 430 connections); the next look goes on from there."""
_BASE: Final = 4 << 20
"""Bytes of a table that are read to know what was there before the run."""
_MOST_OWN: Final = 8192
_MOST_SIGHTINGS: Final = 200
_SHOWN_HOSTS: Final = 4
_HARDEST: Final = ("block", "warn", "off")


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
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
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
        open_now = own_inodes(self._proc) if any(connection.inode for connection, _ in found) else set()
        foreign = [(each, hosts) for each, hosts in found if not self._is_own(each, open_now)]
        inodes = {connection.inode for connection, _ in foreign} - {0}
        seen_by = holders(inodes, self._proc) if inodes else {}
        now = datetime.now(UTC)
        new = (self._count(each, hosts, seen_by.get(each.inode), now) for each, hosts in foreign)
        return [sighting for sighting in new if sighting is not None]

    def _is_own(self, connection: Connection, open_now: set[int]) -> bool:
        return connection.inode in open_now if connection.inode else end(connection.local) in self._own

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


class DirectWatch:
    """Looks some times a second, for as long as a run lasts. It never fails the proxy, nor keeps it waiting."""

    def __init__(
        self,
        lookout: Lookout,
        known: KnownAddresses,
        *,
        saw: Callable[[Sighting], None],
        notice: Callable[[str, str, str], None],
    ) -> None:
        """``saw`` is told each sighting when it is new; ``notice`` writes a line (level, code, message)."""
        self._lookout = lookout
        self._known = known
        self._saw = saw
        self._notice = notice
        self._end = asyncio.Event()
        self._failure = ""
        self._task: asyncio.Task[None] | None = None

    @property
    def unseen(self) -> str:
        """Why nothing could be seen; empty where something could."""
        if self._failure or self._known.found_providers:
            return self._failure
        return f"no provider's name could be resolved ({self._known.failure or 'in time'})"

    async def __aenter__(self) -> Self:
        """Begin to resolve names, and to look."""
        self._known.start()
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Look a last time, and say how often what was seen was seen."""
        self._known.stop()
        self._end.set()
        if self._task is not None:
            await self._task
        self._lookout.close()

    async def _run(self) -> None:
        try:
            while not self._end.is_set():
                began = time.monotonic()
                await self._look()
                pause = min(max(_PERIOD, _SHARE * (time.monotonic() - began)), _LONGEST_PAUSE)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._end.wait(), pause)
            await self._look()
            for each in self._lookout.sightings.values():
                if each.count > 1:
                    said = f"{each.who} opened {each.count} connections to addresses of {each.where} past the proxy"
                    self._notice("warning", "direct_connections", said)
        except StoreError:  # the log cannot be written: the keeper has said so, and no call passes any more
            return
        except OSError as error:
            self._failure = str(error)

    async def _look(self) -> None:
        for sighting in await asyncio.to_thread(self._lookout.look):
            self._saw(sighting)


def strictest(policy: Policy) -> Settings:
    """The settings that are hardest on direct connections: one belongs to no session, so any entry may mean it."""
    return min(policy.settings, key=lambda entry: _HARDEST.index(entry.action(RULE)))


def finding_of(sighting: Sighting, settings: Settings) -> Finding | None:
    """The finding of a sighting, with the policy's verdict; None where its rule is off."""
    address, port = sighting.remote
    # Of an upstream that the policy names by its address there is no more to say.
    named, shared = "", ""
    if sighting.hosts != (address,):
        named, shared = f", an address of {sighting.where},", " Other hosts may share the address."
    found = Finding(
        rule=RULE,
        verdict=Verdict.BLOCK,
        reason=RULE,
        message=(
            f"{sighting.who} opened a connection to {address} port {port}{named} past the proxy (first seen"
            f" {sighting.first:%H:%M:%S} UTC): what goes there is neither metered nor ruled.{shared}"
        ),
        subject=sighting.hosts[0],
        place=settings.place(f"rules.{RULE}"),
    )
    return judged(settings, found)
