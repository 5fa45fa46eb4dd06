"""Watches for connections to providers that go past the proxy. What it sees is an observation, never a proof.

A proxy cannot see a call that is not made to it; on Linux the kernel tells who is connected to whom, and for a minute
who was, if this side closed the connection. It tells so of this network namespace only: what goes on in other
containers is not seen, nor what goes through another proxy.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final, Self

from guardian_ci.errors import StoreError
from guardian_ci.model import Finding, Verdict
from guardian_ci.policy import Policy, Settings
from guardian_ci.policy.rules import judged
from guardian_ci.proxy.direct_hosts import KnownAddresses
from guardian_ci.proxy.direct_lookout import Lookout, Sighting

RULE: Final = "direct_connection"
_PERIOD: Final = 0.25
"""Seconds. A connection that the other side closes sooner leaves no trace here; one closed on this side does."""
_SHARE: Final = 50
"""Seconds of pause for each second of a processor that a look took: it costs 2 % of one at most."""
_LONGEST_PAUSE: Final = 30.0
_HARDEST: Final = ("block", "warn", "off")


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
                cost = await self._look()
                pause = min(max(_PERIOD, _SHARE * cost), _LONGEST_PAUSE)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._end.wait(), pause)
            await self._look()
            for each in self._lookout.sightings.values():
                if each.count > 1:
                    said = f"{each.who} opened {each.count} connections to addresses of {each.where} past the proxy"
                    self._notice("warning", "direct_connections", said)
        except StoreError:  # the log cannot be written: the keeper has said so, and no call passes any more
            return
        except Exception as error:  # noqa: BLE001 - what fails in an onlooker ends no run; the log's last line tells
            self._failure = str(error) or type(error).__name__

    async def _look(self) -> float:
        """Look, say what is new, and return the seconds of a processor that it took."""
        found, cost = await asyncio.to_thread(self._timed)
        for sighting in found:
            self._saw(sighting)
        return cost

    def _timed(self) -> tuple[list[Sighting], float]:
        began = time.thread_time()  # not the clock's: on a busy machine a look waits, and the next one must not
        found = self._lookout.look()
        return found, time.thread_time() - began


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
