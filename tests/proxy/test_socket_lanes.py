"""Whose each message of the upstream is."""

import asyncio

import pytest

from guardian_ci.proxy.socket_lanes import Inbox, Lanes
from guardian_ci.proxy.upstream import BrokenError
from guardian_ci.wire.openai_responses_socket import told

pytestmark = pytest.mark.anyio


def event(kind: str, lane: str | None = None, response: str = "r") -> str:
    named = f',"stream_id":"{lane}"' if lane else ""
    return f'{{"type":"{kind}","response":{{"id":"{response}"}}{named}}}'


async def route(lanes: Lanes, text: str) -> bool:
    return await lanes.route(told(text), text)


async def test_each_lane_gets_its_own_messages_and_a_response_ends_with_its_last() -> None:
    lanes = Lanes()
    one = lanes.of("one")
    one.users = 1
    two = lanes.of("two")
    first, second = one.begin(), two.begin()
    assert await route(lanes, event("response.created", "two"))
    assert await route(lanes, event("response.completed", "one"))
    assert (first.ended, second.ended) == (True, False)
    assert b'"two"' in await second.get(1)
    assert lanes.steered("r") == ("two", two)


async def test_what_is_of_no_response_passes() -> None:
    assert not await route(Lanes(), '{"type":"codex.rate_limits"}')
    assert not await route(Lanes(), '{"type":"error","error":{"code":"websocket_connection_limit_reached"}}')


async def test_a_response_that_nobody_asked_for_is_an_error() -> None:
    with pytest.raises(BrokenError, match="nobody asked for"):
        await route(Lanes(), event("response.created"))


async def test_the_rest_of_a_response_that_was_given_up_is_dropped_before_the_next_begins() -> None:
    lanes = Lanes()
    lane = lanes.of(None)
    lane.users = 1
    lane.leave(lane.begin())
    inbox = lane.begin()
    assert await route(lanes, event("response.output_text.delta"))
    assert await route(lanes, event("response.completed"))
    assert await route(lanes, event("response.created", response="next"))
    assert b'"next"' in await inbox.get(1)


async def test_a_steer_becomes_the_response_that_follows() -> None:
    lanes = Lanes()
    lane = lanes.of(None)
    lane.users = 2
    first, steer = lane.begin(), lane.begin_steer()
    await route(lanes, event("response.created"))
    await route(lanes, '{"type":"response.steer.accepted","steer":{"previous_response_id":"r"}}')
    assert b"accepted" in await steer.get(1)
    await route(lanes, event("response.completed"))
    await route(lanes, event("response.created", response="s"))
    assert first.ended
    assert b'"s"' in await steer.get(1)


async def test_a_lost_connection_is_told_to_all_that_wait() -> None:
    lanes = Lanes()
    lane = lanes.of(None)
    inboxes = [lane.begin(), lane.begin_steer()]
    await lanes.fail(BrokenError("lost"))
    for inbox in inboxes:
        with pytest.raises(BrokenError, match="lost"):
            await inbox.get(1)


async def test_a_full_inbox_holds_the_upstream_until_it_is_read_or_left() -> None:
    inbox = Inbox()

    async def fill() -> None:
        for _ in range(200):
            await inbox.put(b"x", last=False)

    filling = asyncio.create_task(fill())
    await asyncio.sleep(0.01)
    assert not filling.done()
    inbox.leave()
    await asyncio.wait_for(filling, 1)


async def test_what_has_come_is_delivered_once_its_reader_asks_for_more_or_leaves() -> None:
    inbox = Inbox()
    await inbox.put(b"x", last=True)
    waiting = asyncio.create_task(inbox.delivered())
    await inbox.get(1)
    await asyncio.sleep(0.01)
    assert not waiting.done()
    inbox.leave()
    await asyncio.wait_for(waiting, 1)


async def test_a_silence_beyond_patience_is_an_error() -> None:
    with pytest.raises(BrokenError, match=r"nothing for 0\.01 s"):
        await Inbox().get(0.01)
