"""Processes that share a ledger."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start a process that runs a script with ``STATE`` and all of the ledger's names at hand."""
    started: list[subprocess.Popen[str]] = []

    def begin(script: str) -> subprocess.Popen[str]:
        head = (
            "import asyncio, sys\n"
            "from pathlib import Path\n"
            "from guardian_ci.model import Amount, Limit\n"
            "from guardian_ci.session.ledger import Ask, Demand, Grant\n"
            "from guardian_ci.stores import SqliteStore\n"
            f"STATE = Path({str(tmp_path / 'state')!r})\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", head + script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()
