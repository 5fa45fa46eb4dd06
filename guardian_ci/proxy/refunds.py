"""Calls that wait, in the order in which they came, until another call's refund makes room in a scope."""

import asyncio
from collections import deque
from collections.abc import Iterable


class Refunds:
    """One queue a scope. A refund wakes the first only; one that then finds room wakes the next."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    async def wait(self, scope: str, seconds: float, *, first: bool) -> None:
        """Wait for a refund in ``scope``, at most so long. ``first``: it has waited before, so it keeps its place."""
        queue = self._waiting.setdefault(scope, deque())
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if first:
            queue.appendleft(turn)
        else:
            queue.append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except TimeoutError:
            pass  # the caller looks once more and then gives up
        finally:
            if turn in queue:
                queue.remove(turn)
            if not queue and self._waiting.get(scope) is queue:
                del self._waiting[scope]

    def refunded(self, scopes: Iterable[str]) -> None:
        """Wake the first call that waits in each of the scopes."""
        for scope in scopes:
            queue = self._waiting.get(scope)
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)
                    break

    def wake(self) -> None:
        """Wake the first call of every queue; each that leaves wakes the next."""
        self.refunded(tuple(self._waiting))
