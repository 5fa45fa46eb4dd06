"""A real proxy on a real socket, in this process, and what must hold of every run whatever was done to it."""

import asyncio
import json
import logging
import sqlite3
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import httpx
import jsonschema
import uvicorn
from scripted import LoopThread, Upstream
from speech import Speech

from guardian_ci.audit.reader import read_log
from guardian_ci.audit.replay import replay
from guardian_ci.policy import load_policy
from guardian_ci.proxy.config import ProxyConfig
from guardian_ci.proxy.server import ProxyServer
from guardian_ci.session.store import Store
from guardian_ci.stores import SqliteStore

ROOT: Final = Path(__file__).parents[2]
VALIDATOR: Final = jsonschema.Draft202012Validator(
    json.loads((ROOT / "schemas" / "record.schema.json").read_text(encoding="utf-8"))
)
KEY: Final = "sk-provider-key-0123456789abcdef"
TOKEN: Final = "gci-token-of-this-run-0123456789"
AGENT_KEY: Final = "sk-proj-key_of_the_agent-0123456789"
TIMEOUTS: Final = {"connect_seconds": 2, "silence_seconds": 0.4, "drain_seconds": 0.4, "call_seconds": 5}
NO_TLS: Final = ssl.create_default_context()
"""Made once: each client would load all certificates of this machine anew."""

Json = dict[str, Any]


async def _prompt_main_loop(server: uvicorn.Server) -> None:
    """Uvicorn's own loop looks ten times a second whether it shall end; hundreds of runs would wait for that."""
    while not server.should_exit:  # noqa: ASYNC110 - it is told by a flag
        await asyncio.sleep(0.005)


uvicorn.Server.main_loop = _prompt_main_loop  # type: ignore[method-assign]


class LogView:
    """A log as it grows. Each line is read, and held against the schema, once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[Json] = []
        self._read = 0

    def __call__(self) -> list[Json]:
        with self.path.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        # A line that is being written may be seen in part: it is read the next time.
        new = new[: new.rfind(b"\n") + 1]
        self._read += len(new)
        for text in new.splitlines():
            line = json.loads(text)
            VALIDATOR.validate(line)
            self.lines.append(line)
        return list(self.lines)


def open_reservations(state: Path) -> int:
    with sqlite3.connect(state / "ledger.sqlite3") as db:
        return int(db.execute("SELECT count(*) FROM reservations").fetchone()[0])


@dataclass(kw_only=True)
class Run:
    """One run of the proxy."""

    server: ProxyServer
    loop: LoopThread
    upstream: Upstream
    token: str | None
    folder: Path
    view: LogView
    ended: bool = False
    torn: bool = False
    """Whether the test itself has seen to it that something cannot be settled or written."""
    secrets: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def log(self) -> list[Json]:
        return self.view()

    @property
    def calls(self) -> list[Json]:
        return [line for line in self.log if line["type"] == "call"]

    def call(self) -> Json:
        """The record of the one call of this run."""
        (record,) = self.calls
        return record

    def record_of(self, answer: httpx.Response) -> Json:
        """The record of the call that was answered by this."""
        (record,) = (call for call in self.calls if call["request_id"] == answer.headers["x-guardian-request-id"])
        return record

    def client(self, speech: Speech | None = None, *, key: str | None = None, **headers: str) -> httpx.Client:
        """A client that holds what an agent of this run holds."""
        told = {} if speech is None else speech.headers(key or self.token or AGENT_KEY)
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.Client(base_url=self.url, headers=told, timeout=10, trust_env=False, verify=NO_TLS)

    def post(
        self, speech: Speech, body: bytes | None = None, *, path: str | None = None, **headers: str
    ) -> httpx.Response:
        """Send a call, whole."""
        return self.request("POST", path or speech.path, speech, speech.body() if body is None else body, **headers)

    def request(
        self, method: str, path: str, speech: Speech | None = None, body: bytes = b"", **headers: str
    ) -> httpx.Response:
        """Send any request and take the whole answer."""
        with self.client(speech, **headers) as client:
            return client.request(method, path, content=body)

    def wait_for_calls(self, number: int) -> list[Json]:
        """Wait until so many calls have their record: settling may go on behind a client that has gone."""
        deadline = time.monotonic() + 10
        while len(self.calls) < number:
            assert time.monotonic() < deadline, self.log
            time.sleep(0.02)
        return self.calls

    def end(self) -> list[Json]:
        """End the run; what must hold of any run is checked. Its log."""
        if not self.ended:
            self.ended = True
            self.loop.do(self.server.__aexit__(None, None, None))
        log = self.log
        assert not [line for line in log if "internal_error" in (line.get("reason"), line.get("code"))]
        if self.torn:
            return log
        assert [log[0]["type"], log[-1]["type"]] == ["run_started", "run_ended"]
        admitted = [line["request_id"] for line in log if line["type"] == "call_admitted"]
        recorded = [line["request_id"] for line in log if line["type"] == "call"]
        assert len(set(recorded)) == len(recorded), "a call has two records"
        assert set(admitted) <= set(recorded), "a call was admitted and has no record"
        assert open_reservations(self.folder / "state") == 0
        assert all(path.stat().st_mode & 0o77 == 0 for path in (self.server.config.log,))
        text = self.server.config.log.read_text(encoding="utf-8")
        assert not [line for line in text.splitlines() for secret in self.secrets if secret in line]
        read = read_log(self.server.config.log)
        assert [str(each) for each in replay(read).differences] == []
        assert read.problems == []
        return log


class Rig:
    """Starts runs, and ends them all."""

    def __init__(self, loop: LoopThread, upstream: Upstream, folder: Path) -> None:
        self.loop = loop
        self.upstream = upstream
        self.folder = folder
        self.runs: list[Run] = []

    def __call__(
        self,
        policy: Mapping[str, object] | None = None,
        *,
        keys: bool = True,
        token: str | None = TOKEN,
        upstream: str | None = None,
        store: Store | None = None,
        built_in: Mapping[str, object] | None = None,
        more_keys: Mapping[str, str] | None = None,
        **config: Any,
    ) -> Run:
        """Start a run. Both providers are the scripted upstream; ``keys``: the proxy holds the provider's key.

        ``built_in`` says more of the providers' own entries; ``more_keys`` are those of the policy's other upstreams.
        """
        base = upstream or self.upstream.url
        entries = {"anthropic": base, "openai": base, "gemini": base, **(built_in or {})}
        document = {"name": "tests", "timeouts": TIMEOUTS} | dict(policy or {})
        document["upstreams"] = {**document.get("upstreams", {}), **entries}
        told = load_policy(json.dumps(document), "guardian.yml")
        number = len(self.runs)
        settings = ProxyConfig(
            policy=told,
            log=self.folder / f"log-{number}.ndjson",
            port=0,
            keys=({"anthropic": KEY, "openai": KEY} if keys else {}) | dict(more_keys or {}),
            token=token,
            **config,
        )
        server = ProxyServer(settings, store or SqliteStore(self.folder / "state"))
        self.loop.do(server.__aenter__())
        run = Run(
            server=server,
            loop=self.loop,
            upstream=self.upstream,
            token=token,
            folder=self.folder,
            view=LogView(server.config.log),
            secrets=[KEY, TOKEN, AGENT_KEY, *(more_keys or {}).values()],
        )
        self.runs.append(run)
        return run

    def end(self) -> None:
        for run in self.runs:
            run.end()


class Crashes:
    """Collects what the HTTP server would print of an application that crashed."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._logger = logging.getLogger("uvicorn.error")

    def __enter__(self) -> Self:
        # The proxy keeps this logger quiet, so its method has to be listened to.
        self._before = self._logger.error
        self._logger.error = self._note  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.error = self._before  # type: ignore[method-assign]

    def _note(self, message: object, *args: object, **more: object) -> None:
        if message == "ASGI callable returned without completing response.":
            return  # an answer that is broken off on purpose
        if message == "ASGI callable returned without completing handshake.":
            return  # so it says of every WebSocket that is refused by an HTTP answer
        self.seen.append(f"{message} {more.get('exc_info')!r}")
