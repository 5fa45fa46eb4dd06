"""Proxies between those agents and that upstream: in this process on any store, or as a process that can be killed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from upstream import Bill

from guardian_ci.policy import load_policy
from guardian_ci.proxy.config import ProxyConfig
from guardian_ci.proxy.server import ProxyServer
from guardian_ci.session.store import Store
from guardian_ci.stores import SqliteStore

DOLLAR: Final = 10**12
_PATIENCE: Final = {"connect_seconds": 5, "silence_seconds": 0.6, "drain_seconds": 0.6, "call_seconds": 20}


def policy(budgets: Mapping[str, object], **more: object) -> dict[str, Any]:
    """A policy of budgets; nothing else in it refuses a call."""
    return {
        "name": "money",
        "budgets": dict(budgets),
        "rules": {"retry_loop": "off"},
        "reservation_wait_seconds": 0.3,
        "timeouts": _PATIENCE,
    } | more


def dollars(picodollars: int) -> float:
    """An amount as a policy writes it."""
    return picodollars / DOLLAR


@asynccontextmanager
async def in_process(
    document: Mapping[str, object], upstream: str, folder: Path, store: Store | None = None
) -> AsyncIterator[str]:
    """One run of a proxy in this process; its address."""
    told = load_policy(json.dumps(document), "guardian.yml").override(
        upstreams={"anthropic": upstream, "openai": upstream}
    )
    log = folder / f"log-{time.monotonic_ns()}.ndjson"
    own = store or SqliteStore(folder / "state")
    async with ProxyServer(ProxyConfig(policy=told, log=log, port=0), own) as server:
        yield server.url


class Process:
    """``guardian-ci serve`` as a process of its own, always on the same ledger."""

    def __init__(self, document: Mapping[str, object], upstream: str, folder: Path) -> None:
        self._folder = folder
        self._upstream = upstream
        self.runs = 0
        self.url = ""
        self._child: asyncio.subprocess.Process | None = None
        (folder / "guardian.yml").write_text(json.dumps(document), encoding="utf-8")

    @property
    def label(self) -> str:
        """What the agents call this run."""
        return f"run:{self.runs}"

    async def start(self) -> None:
        """Begin a run."""
        self.runs += 1
        command = [sys.executable, "-m", "guardian_ci", "serve", "--port", "0", "--json"]
        command += ["--policy", str(self._folder / "guardian.yml"), "--state", str(self._folder / "state")]
        command += ["--log", str(self._folder / f"log-{self.runs}.ndjson")]
        command += ["--report-dir", str(self._folder / f"report-{self.runs}")]
        command += ["--upstream", f"anthropic={self._upstream}", "--upstream", f"openai={self._upstream}"]
        hidden = ("_API_KEY", "GUARDIAN_TOKEN", "GITHUB_")
        environment = {name: value for name, value in os.environ.items() if not any(part in name for part in hidden)}
        errors = self._folder / f"stderr-{self.runs}.txt"
        with errors.open("wb") as stderr:
            self._child = await asyncio.create_subprocess_exec(
                *command, env=environment, stdout=subprocess.PIPE, stderr=stderr, start_new_session=True
            )
        assert self._child.stdout is not None
        line = await self._child.stdout.readline()
        assert line, errors.read_text(encoding="utf-8")
        self.url = json.loads(line)["url"]

    async def stop(self) -> None:
        """End the run as a job's end does."""
        assert self._child is not None
        self._child.terminate()
        await self._child.communicate()

    async def kill(self) -> None:
        """SIGKILL, to the proxy and to what would bring it back."""
        assert self._child is not None
        os.killpg(self._child.pid, signal.SIGKILL)
        await self._child.communicate()


def check(bill: Bill, budgets: Mapping[str, Mapping[str, float]], *, day: str) -> None:
    """The bill of every scope is within its budget, in dollars and in tokens."""
    for scope, limit in budgets.items():
        if scope == "day":
            if datetime.now(UTC).date().isoformat() != day:
                continue  # midnight came: the calls belong to two days
            parts = [bill]
        else:
            parts = [bill.of(label) for label in bill.labels if label.startswith(f"{scope}:")]
        for part in parts:
            if "usd" in limit:
                assert part.picodollars <= round(limit["usd"] * DOLLAR), (scope, part.picodollars / DOLLAR, limit)
            if "tokens" in limit:
                assert part.tokens <= limit["tokens"], (scope, part.tokens, limit)


def today() -> str:
    """The day by which a ledger counts."""
    return datetime.now(UTC).date().isoformat()
