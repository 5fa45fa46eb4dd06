"""The socket that agents connect to. It may outlive the proxy that serves it."""

import contextlib
import os
import socket
import sys
from typing import Final

from guardian_ci.errors import StartError

BACKLOG: Final = 4096
"""Connections that wait to be accepted: a burst, or all that come while a dead proxy is brought back."""

_FILES: Final = 65_536


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address; port 0 takes any that is free. Raises ``StartError``."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise StartError(f"{host!r} is no address to listen on ({error}); name one with --host") from error
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        why = error.strerror or str(error)
        raise StartError(
            f"port {port} of {host} cannot be opened ({why}); name another with --port, 0 for any free one"
        ) from error
    listener.settimeout(0)
    return listener


def base_url(host: str, listener: socket.socket) -> str:
    """The address of a listener as an agent's base URL. ``host`` is what it was told to listen on."""
    reached = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared
    return f"http://{f'[{reached}]' if ':' in reached else reached}:{listener.getsockname()[1]}"


def allow_many_files() -> None:
    """Each open call holds two sockets; the usual soft limit of 1,024 files would end a large burst."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, _FILES) if hard != resource.RLIM_INFINITY else _FILES
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
