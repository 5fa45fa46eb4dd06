"""The agent's side of one request: its body, its going away, what it is sent."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from guardian_ci.errors import BadRequest
from guardian_ci.proxy.refusals import Refusal
from guardian_ci.wire.interface import Wire

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON: Final = (b"content-type", b"application/json")
_STREAM: Final = b"text/event-stream"
_HEARD_OUT: Final = 4
"""How often the limit a body may be, to be read to its end before it is refused."""


class ClientGone(Exception):  # noqa: N818 - not an error of ours: the agent hung up before it had asked
    """The agent went away while it was still sending."""


class Client:
    """One request's connection to the agent."""

    def __init__(self, request_id: str, receive: Receive, send: Send) -> None:
        self.request_id = request_id
        self.gone = False
        self.answered = False
        self._streaming = False
        self._receive = receive
        self._send = send
        self._watch: asyncio.Task[None] | None = None

    async def body(self, limit: int) -> bytes:
        """The request's body. Raises ``BadRequest`` above ``limit`` bytes, ``ClientGone``."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.gone = True
                raise ClientGone
            part = message.get("body", b"")
            size += len(part)
            if size <= limit:
                parts.append(part)
            else:
                parts.clear()
            ended = not message.get("more_body", False)
            # Who is still sending does not read our answer, and may lose it with the connection: hear it out.
            if size > limit and (ended or size > _HEARD_OUT * limit):
                raise BadRequest(f"the request's body is larger than {limit >> 20} MB (policy: max_request_mb)")
            if ended:
                return b"".join(parts)

    def watch(self, on_gone: Callable[[], None]) -> None:
        """Call ``on_gone`` when the agent hangs up."""

        async def until_gone() -> None:
            while (await self._receive())["type"] != "http.disconnect":
                pass
            if not self.gone:
                self.gone = True
                on_gone()

        self._watch = asyncio.create_task(until_gone())

    async def unwatch(self) -> None:
        """Stop watching."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch

    async def start(self, status: int, headers: Headers) -> None:
        """Send the status and headers, ours among them."""
        self.answered = True
        self._streaming = any(name == b"content-type" and _STREAM in value.lower() for name, value in headers)
        mine = (b"x-guardian-request-id", self.request_id.encode())
        await self._deliver({"type": "http.response.start", "status": status, "headers": [*headers, mine]})

    async def write(self, data: bytes) -> None:
        """Send a part of the body, unless the agent has gone."""
        if data:
            await self._deliver({"type": "http.response.body", "body": data, "more_body": True})

    async def finish(self, data: bytes = b"") -> None:
        """Send the last part of the body."""
        await self._deliver({"type": "http.response.body", "body": data, "more_body": False})

    async def break_off(self, error: bytes) -> None:
        """End an answer that has begun and cannot go on: a stream by an error, else by the end of the connection.

        Without an error a stream ends so too: some agents take every other end for a good one.
        """
        if self._streaming and error:
            await self.finish(error)
        # Else the server drops the connection: an answer that does not end as announced is no answer.

    async def refuse(self, refusal: Refusal, wire: Wire | None) -> None:
        """Answer with a refusal in the protocol's own shape."""
        headers: Headers = [JSON, (b"x-guardian-reason", refusal.reason.encode("ascii", "replace"))]
        if refusal.final:
            headers.append((b"x-should-retry", b"false"))
        if refusal.retry_after is not None:
            headers.append((b"retry-after", str(refusal.retry_after).encode()))
        if wire is None:
            body = _plain_refusal(refusal)
        else:
            body = wire.refusal(
                status=refusal.status, code=refusal.code, message=refusal.message, request_id=self.request_id
            )
        headers.append((b"content-length", str(len(body)).encode()))
        await self.start(refusal.status, headers)
        await self.finish(body)

    async def _deliver(self, message: Mapping[str, Any]) -> None:
        if self.gone:
            return
        try:
            await self._send(dict(message))
        except OSError:
            self.gone = True


def _plain_refusal(refusal: Refusal) -> bytes:

    return json.dumps({"error": {"type": refusal.code, "message": refusal.message}}).encode()
