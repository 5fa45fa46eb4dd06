"""The HTTP server: an application on a socket, for as long as it is wanted."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from guardian_ci.errors import StartError
from guardian_ci.proxy.listener import BACKLOG

_KEEP_ALIVE: Final = 75
"""Seconds that a connection may be idle."""


class Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: the command decides what a signal means."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


@contextlib.asynccontextmanager
async def served(
    app: ASGIApp, listener: socket.socket, *, grace: int, largest_message: int | None = None
) -> AsyncIterator[Server]:
    """Serve inside; at the end the socket closes and open answers have ``grace`` seconds. Raises ``StartError``.

    ``largest_message``: the bytes of the largest WebSocket message; None, and no WebSocket is opened.
    """
    # Uvicorn's own lines tell nothing that the log does not; a torn answer is no error of the server.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    settings = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        ws="none" if largest_message is None else "websockets-sansio",
        ws_max_size=largest_message or 0,
        # Agents are near: to compress costs time and saves nothing, and one that is busy owes no pong.
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        backlog=BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=grace,
    )
    server = Server(settings)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        if task.done():
            task.result()
            raise StartError("the HTTP server ended before it had begun")
        await asyncio.sleep(0.005)
    try:
        yield server
    finally:
        server.should_exit = True
        await task
