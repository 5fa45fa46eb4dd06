"""A provider at an address of its own on this machine, and programs that go to it past the proxy."""

import subprocess
import sys
from typing import Self

from guardian_ci.proxy.direct_hosts import KnownAddresses

HOST = "provider.example"
ADDRESS = "127.0.0.2"


def known_of(*ports: int) -> KnownAddresses:
    known = KnownAddresses([(HOST, port) for port in ports], lambda _: [ADDRESS])
    known.learn()
    return known


class Program:
    """Another process that connects, says so, and closes when it is told."""

    def __init__(self, address: str, port: int, connections: int = 1) -> None:
        code = (
            "import socket, sys\n"
            f"held = [socket.create_connection(({address!r}, {port})) for _ in range({connections})]\n"
            "print('connected', flush=True)\n"
            "sys.stdin.read()\n"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, "--key=sk-secret"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"connected\n"
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=10)
