"""Calls that wait for room: in order, one at a time, and not for ever."""

import asyncio

import pytest

from guardian_ci.proxy.refunds import Refunds

pytestmark = pytest.mark.anyio


class Queue:
    """Waiting calls, and the order in which they got their turn."""

    def __init__(self) -> None:
        self.refunds = Refunds()
        self.served: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def waits(self, name: str, scope: str = "run", seconds: float = 10, *, first: bool = False) -> None:
        async def wait() -> None:
            await self.refunds.wait(scope, seconds, first=first)
            self.served.append(name)

        self.tasks[name] = asyncio.create_task(wait())
        await settle()

    async def refunded(self, *scopes: str) -> None:
        self.refunds.refunded(scopes)
        await settle()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_refund_wakes_the_one_that_came_first_and_no_other() -> None:
    queue = Queue()
    for name in "abc":
        await queue.waits(name)
    await queue.refunded("run")
    assert queue.served == ["a"]
    await queue.refunded("run")
    await queue.refunded("run")
    assert queue.served == ["a", "b", "c"]
    await queue.refunded("run")


async def test_who_has_waited_before_keeps_its_place() -> None:
    queue = Queue()
    await queue.waits("b")
    await queue.waits("a", first=True)
    await queue.refunded("run")
    assert queue.served == ["a"]
    await queue.refunded("run")


async def test_each_scope_has_its_own_queue() -> None:
    queue = Queue()
    await queue.waits("a", "run")
    await queue.waits("b", "day")
    await queue.refunded("session", "day")
    assert queue.served == ["b"]
    await queue.refunded("run", "day")
    assert queue.served == ["b", "a"]


async def test_who_has_waited_too_long_goes_on_and_leaves_no_place_behind() -> None:
    queue = Queue()
    await queue.waits("a", seconds=0.01)
    await asyncio.wait_for(queue.tasks["a"], 5)
    await queue.waits("b")
    await queue.refunded("run")
    assert queue.served == ["a", "b"]


async def test_who_is_cancelled_gives_its_turn_to_the_next() -> None:
    queue = Queue()
    await queue.waits("a")
    await queue.waits("b")
    queue.tasks["a"].cancel()
    await settle()
    await queue.refunded("run")
    assert queue.served == ["b"]


async def test_a_queue_that_is_empty_is_forgotten() -> None:
    queue = Queue()
    await queue.waits("a")
    await queue.refunded("run")
    assert queue.refunds._waiting == {}


async def test_when_the_run_is_stopped_the_first_of_every_queue_looks_again() -> None:
    queue = Queue()
    for name, scope in (("a", "run"), ("b", "run"), ("c", "day")):
        await queue.waits(name, scope)
    queue.refunds.wake()
    await settle()
    assert queue.served == ["a", "c"]
    await queue.refunded("run")
