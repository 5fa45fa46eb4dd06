"""The agent's side of a request, driven message by message."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import pytest

from guardian_ci.errors import BadRequest
from guardian_ci.proxy.client import Client, ClientGone
from guardian_ci.proxy.refusals import Refusal
from guardian_ci.wire import WIRES

pytestmark = pytest.mark.anyio

Message = dict[str, Any]
GONE: Message = {"type": "http.disconnect"}


def part(data: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": data, "more_body": more}


class Wire:
    """An ASGI server's two callables, with a transcript."""

    def __init__(self, messages: Iterable[Message] = (), *, broken: bool = False) -> None:
        self.left = list(messages)
        self.sent: list[Message] = []
        self.broken = broken
        self.client = Client("req_1", self.receive, self.send)

    async def receive(self) -> Message:
        if not self.left:
            await asyncio.Event().wait()
        return self.left.pop(0)

    async def send(self, message: Any) -> None:
        if self.broken:
            raise OSError
        self.sent.append(dict(message))


@pytest.mark.parametrize(
    ("messages", "body"),
    [
        ([part(b"whole")], b"whole"),
        ([part(b"in ", more=True), part(b"", more=True), part(b"parts")], b"in parts"),
        ([{"type": "http.request"}], b""),
        ([part(b"x" * 10)], b"x" * 10),
    ],
)
async def test_a_body_is_read_to_its_end(messages: list[Message], body: bytes) -> None:
    assert await Wire(messages).client.body(10) == body


async def test_a_body_above_the_limit_is_heard_out_and_refused() -> None:
    wire = Wire([part(b"x" * 8, more=True), part(b"x" * 8, more=True), part(b"x"), part(b"never read")])
    with pytest.raises(BadRequest, match="max_request_mb"):
        await wire.client.body(10)
    assert wire.left == [part(b"never read")]


async def test_a_body_without_an_end_is_not_heard_out() -> None:
    wire = Wire([part(b"x" * 30, more=True)] * 9)
    with pytest.raises(BadRequest, match="max_request_mb"):
        await wire.client.body(10)
    assert len(wire.left) == 7


async def test_an_agent_that_goes_while_it_is_sending_is_no_request() -> None:
    wire = Wire([part(b"half", more=True), GONE])
    with pytest.raises(ClientGone):
        await wire.client.body(10)
    assert wire.client.gone


async def test_a_hang_up_is_told_once_and_nothing_is_sent_any_more() -> None:
    told: list[str] = []
    wire = Wire([GONE])
    wire.client.watch(lambda: told.append("gone"))
    await asyncio.sleep(0)
    await wire.client.unwatch()
    assert told == ["gone"]
    await wire.client.start(200, [])
    await wire.client.write(b"text")
    await wire.client.finish()
    assert wire.sent == []


async def test_a_connection_that_breaks_while_it_is_written_to_counts_as_gone() -> None:
    wire = Wire(broken=True)
    await wire.client.start(200, [])
    assert wire.client.gone
    await wire.client.write(b"text")


async def test_who_is_not_watched_any_more_is_not_told_of() -> None:
    wire = Wire()
    wire.client.watch(lambda: pytest.fail("it was told of"))
    await wire.client.unwatch()
    wire.left.append(GONE)
    await asyncio.sleep(0)
    assert not wire.client.gone


@pytest.mark.parametrize(
    ("refusal", "headers"),
    [
        (
            Refusal(status=400, code="invalid_request_error", message="no", reason="bad_request"),
            {"x-should-retry": "false"},
        ),
        (
            Refusal(status=429, code="rate_limit_error", message="no", reason="slow", retry_after=7, final=False),
            {"retry-after": "7"},
        ),
        (Refusal(status=502, code="api_error", message="no", reason="upst\u00e9am", final=False), {}),
    ],
)
@pytest.mark.parametrize("wire", [None, *WIRES.values()], ids=lambda wire: wire.protocol if wire else "none")
async def test_a_refusal_has_the_protocols_shape_its_length_and_our_headers(
    refusal: Refusal, headers: dict[str, str], wire: Any
) -> None:
    asgi = Wire()
    await asgi.client.refuse(refusal, wire)
    start, body = asgi.sent
    told = {name.decode(): value.decode() for name, value in start["headers"]}
    assert start["status"] == refusal.status
    assert told == headers | {
        "content-type": "application/json",
        "content-length": str(len(body["body"])),
        "x-guardian-reason": refusal.reason.replace("\u00e9", "?"),
        "x-guardian-request-id": "req_1",
    }
    assert json.loads(body["body"])["error"]["message"] == "no"
    assert body["more_body"] is False
    assert asgi.client.answered
