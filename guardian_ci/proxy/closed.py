"""What stands in the place of a proxy that cannot be brought back: every request is refused in its protocol's shape.

An agent that finds nobody on the socket tries again for minutes, some for ever. Here is no policy, no ledger and no
log, so nothing that ended the proxies can end this. The run's log has no end marker then, which is its violation.
"""

import asyncio
import contextlib
import re
import secrets
import socket
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from multiprocessing.connection import Connection
from typing import Any, Final

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from guardian_ci.errors import BadRequest
from guardian_ci.model import Finding, Verdict
from guardian_ci.proxy.app import Control
from guardian_ci.proxy.client import Client, ClientGone, Receive, Send
from guardian_ci.proxy.config import ProxyConfig
from guardian_ci.proxy.paths import ENDPOINTS
from guardian_ci.proxy.refusals import Refusal, of_finding
from guardian_ci.proxy.serving import served
from guardian_ci.wire import WIRES
from guardian_ci.wire.interface import Wire

_GRACE: Final = 1
_LARGEST: Final = 64 << 20
_PATHS: Final = tuple(
    (re.compile(re.escape(endpoint.path).replace("MODEL", "[^/]+") + "$"), endpoint.protocol) for endpoint in ENDPOINTS
)
_FINDING: Final = Finding(
    rule="run_integrity",
    verdict=Verdict.BLOCK,
    reason="proxy_lost",
    message="the proxy died too often and is not started again; no further call is forwarded",
)


async def refuse_all(
    config: ProxyConfig, listeners: Sequence[socket.socket], control: Connection, *, leaves: bool
) -> int:
    """Refuse until told to end, or (``leaves``) until the run is stopped over HTTP; the exit code."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(control.fileno(), ended.set)

    def stop(_: bytes) -> dict[str, object]:
        if leaves:
            ended.set()
        return {"status": "stopping"}

    app = Starlette(
        routes=[
            Route("/guardian/stop", Control(config.token, stop), methods=["POST"]),
            Mount("/", app=_Refuser(config)),
        ]
    )
    async with contextlib.AsyncExitStack() as stack:
        for each in listeners:
            await stack.enter_async_context(served(app, each, grace=_GRACE))
        await ended.wait()
        loop.remove_reader(control.fileno())
    return 0


class _Refuser:
    def __init__(self, config: ProxyConfig) -> None:
        self._settings = config.policy.fallback

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        protocol = next((protocol for path, protocol in _PATHS if path.search(scope["path"])), None)
        wire: Wire | None = WIRES[protocol] if protocol else None
        refusal = of_finding(_FINDING, self._settings, protocol, headers.get("user-agent", ""))
        if headers.get("upgrade", "").lower() == "websocket":
            # Makes Codex come back with a POST at once, which gets the refusal.
            refusal = Refusal(
                status=HTTPStatus.UPGRADE_REQUIRED, code=refusal.code, message=refusal.message, reason=refusal.reason
            )
        client = Client(f"req_{secrets.token_hex(12)}", receive, send)
        try:
            await client.body(_LARGEST)  # who is still sending does not read the answer
        except BadRequest:
            pass  # whatever it is: it is refused
        except ClientGone:
            return
        await client.refuse(refusal, wire)
