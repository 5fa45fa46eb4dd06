"""The desk, with a provider that takes no key but its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import KEY, Desk
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guardian_ci.demo.upstream import Bill, running


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    bill, heard = Bill(), bytearray()

    def listening(app: ASGIApp) -> ASGIApp:
        async def hear(scope: Scope, receive: Receive, send: Send) -> None:
            async def received() -> Message:
                message = await receive()
                heard.extend(message.get("body", b""))
                return message

            await app(scope, received, send)

        return hear

    with running(bill, key=KEY, around=listening) as url:
        yield Desk(folder=tmp_path, upstream=url, bill=bill, heard=heard)
