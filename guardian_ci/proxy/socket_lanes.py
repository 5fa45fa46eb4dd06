"""Whose each message of the upstream is: lanes, one response after the other in each, and their inboxes."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from guardian_ci.errors import UpstreamError
from guardian_ci.model import Call
from guardian_ci.proxy.upstream import BrokenError
from guardian_ci.wire.openai_responses_socket import END, Told

_AHEAD: Final = 64
"""Messages that the upstream may be ahead of what the agent has taken; then the connection waits."""


class Inbox:
    """What the upstream says of one response, until it is taken."""

    def __init__(self) -> None:
        self.ended = False
        self._left = False
        self._reading = False
        self._queue: asyncio.Queue[bytes | UpstreamError] = asyncio.Queue(_AHEAD)

    async def put(self, message: bytes, *, last: bool) -> None:
        """Add a message; none comes behind the ``last``."""
        self.ended = self.ended or last
        if not self._left:
            await self._queue.put(message)

    async def fail(self, error: UpstreamError) -> None:
        """Say that no more will come."""
        if not self._left and not self.ended:
            await self._queue.put(error)

    async def get(self, patience: float | None) -> bytes:
        """Take the next message. Raises ``BrokenError`` where none comes within ``patience`` seconds."""
        self._read()
        try:
            async with asyncio.timeout(patience):
                message = await self._queue.get()
        except TimeoutError:
            raise BrokenError(f"the upstream sent nothing for {patience:g} s", 504) from None
        self._reading = True
        if isinstance(message, UpstreamError):
            raise message
        return message

    def _read(self) -> None:
        """Note that the message which was taken last has gone its way."""
        if self._reading:
            self._reading = False
            self._queue.task_done()

    async def delivered(self) -> None:
        """Wait until all that has come has gone its way."""
        await self._queue.join()

    @property
    def empty(self) -> bool:
        """Whether all has been taken."""
        return self.ended and self._queue.empty()

    def leave(self) -> None:
        """Take nothing any more, and let go whoever waits for room."""
        self._left = True
        self._read()
        while not self._queue.empty():
            self._queue.get_nowait()
            self._queue.task_done()


@dataclass(slots=True, eq=False)
class Lane:
    """One lane of a connection.

    ``turn`` is held by whoever asks: responses of a lane come one after the other; ``users`` counts those who ask or
    wait for it. ``inbox`` is that of the response that comes now, ``inboxes`` are all that somebody still takes from.
    ``response`` is its id, ``asked`` what it was asked with. ``steer`` is the inbox of a steer that has not become a
    response yet, ``steering`` those whose end the next turn waits for. ``dropping``: the rest of a response that
    nobody waits for any more is still to come. ``queued`` is what the upstream keeps of steers, to put it before the
    input of the next request that goes on from a response: its bytes, by the response.
    """

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    inbox: Inbox | None = None
    inboxes: set[Inbox] = field(default_factory=set)
    response: str | None = None
    asked: Call | None = None
    steer: Inbox | None = None
    steering: list[asyncio.Event] = field(default_factory=list)
    dropping: bool = False
    queued: dict[str, int] = field(default_factory=dict)

    @property
    def awaits_nothing(self) -> bool:
        """Whether no message of a response is due here."""
        return self.inbox is None and self.steer is None and not self.dropping

    def begin(self) -> Inbox:
        """Make the inbox of a response that is asked for now."""
        self.inbox = Inbox()
        self.inboxes.add(self.inbox)
        return self.inbox

    def begin_steer(self) -> Inbox:
        """Make the inbox of a steer that is sent now."""
        self.steer = Inbox()
        self.inboxes.add(self.steer)
        return self.steer

    def leave(self, inbox: Inbox, *, sent: bool = True) -> None:
        """Be done with a response; if that is before its end, what is still to come of it is dropped."""
        inbox.leave()
        self.inboxes.discard(inbox)
        if self.steer is inbox:
            self.steer = None
        if self.inbox is inbox:
            self.inbox = None
            self.dropping = sent

    def take(self, told: Told) -> Inbox | None:
        """Find whose a message is, and note what begins or ends with it."""
        if told.of_steer:
            inbox = self.steer
            if told.kind != "response.steer.accepted":
                self.steer = None
            return inbox
        if self.dropping:
            self.dropping = not told.last
            return None
        if self.inbox is None:
            self.inbox, self.steer = self.steer, None
        inbox = self.inbox
        if inbox is not None:
            self.response = told.response or self.response
        if told.last:
            self.inbox = None
        return inbox


class Lanes:
    """The lanes of one connection, by their names."""

    def __init__(self) -> None:
        self._lanes: dict[str | None, Lane] = {}

    def of(self, name: str | None) -> Lane:
        """The lane of a name; a new one where there is none yet."""
        for old in [old for old, lane in self._lanes.items() if old != name and _idle(lane)]:
            del self._lanes[old]
        return self._lanes.setdefault(name, Lane())

    def steered(self, response: str | None) -> tuple[str | None, Lane] | None:
        """The lane in which a response comes now."""
        found = ((name, lane) for name, lane in self._lanes.items() if lane.inbox is not None)
        return next((each for each in found if response is not None and each[1].response == response), None)

    async def route(self, told: Told, text: str) -> bool:
        """Hand a message to whom it belongs. False: it belongs to no response, and passes as it is.

        Raises ``BrokenError`` for a part of a response that nobody asked for.
        """
        if not (told.of_response or told.of_steer):
            return False
        lane = self._lanes.get(told.lane) or Lane()
        if told.lane is None and lane.awaits_nothing:
            # The server may not know whose it is, or know no lanes: a response that comes alone is the one.
            coming = [each for each in self._lanes.values() if each.inbox is not None]
            lane = coming[0] if len(coming) == 1 else lane
        dropping = lane.dropping
        inbox = lane.take(told)
        if inbox is not None:
            await inbox.put(text.encode() + END, last=told.last or (told.of_steer and lane.steer is None))
        elif told.kind.startswith("response.") and not told.of_steer and not dropping:
            raise BrokenError("the upstream began a response that nobody asked for")
        return inbox is not None or dropping

    async def delivered(self) -> None:
        """Wait until all that has come has gone its way, so that nothing overtakes it."""
        for inbox in [inbox for lane in self._lanes.values() for inbox in lane.inboxes]:
            await inbox.delivered()

    async def fail(self, error: UpstreamError) -> None:
        """Tell all that wait that the connection is lost."""
        for lane in self._lanes.values():
            for inbox in (lane.inbox, lane.steer):
                if inbox is not None:
                    await inbox.fail(error)


def _idle(lane: Lane) -> bool:
    return not (lane.users or lane.dropping or lane.queued)
