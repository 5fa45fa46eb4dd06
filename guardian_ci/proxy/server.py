"""The socket: opens when policy, ledger and log are ready, and ends with the log's last line."""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, Self

import uvicorn

from guardian_ci import __version__
from guardian_ci.audit import records
from guardian_ci.audit.redact import Redactor
from guardian_ci.audit.writer import LogWriter
from guardian_ci.errors import StartError
from guardian_ci.model import Finding, Verdict
from guardian_ci.policy.scan.secrets import SecretScanner
from guardian_ci.policy.upstreams import OWN, own_of
from guardian_ci.pricing.table import digest as prices_digest
from guardian_ci.proxy import direct
from guardian_ci.proxy.app import make_app
from guardian_ci.proxy.config import ProxyConfig
from guardian_ci.proxy.credentials import Credentials
from guardian_ci.proxy.direct import DirectWatch, Lookout, OwnConnections, Sighting
from guardian_ci.proxy.direct_hosts import KnownAddresses, hosts_of
from guardian_ci.proxy.gatekeeper import Gatekeeper
from guardian_ci.proxy.inspection import Inspector
from guardian_ci.proxy.relay import Proxy
from guardian_ci.proxy.upstream import UpstreamClient
from guardian_ci.proxy.upstreams.dialects import Dialects
from guardian_ci.session.guard import Guard
from guardian_ci.session.store import Recovered, Store

_GRACE: Final = 15
"""Seconds that answers whose agents hung up have to come to their end, and to tell what they cost."""

_BACKLOG: Final = 4096

_HEARD_OUT: Final = 4
"""How often the limit a message may be, to be read to its end before it is refused."""


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: the command decides what a signal means."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class ProxyServer:
    """One run of the proxy. ``async with``: inside, it serves; behind, its log is whole."""

    def __init__(self, config: ProxyConfig, store: Store) -> None:
        self.config = config
        self._store = store
        self.run_id = f"run-{secrets.token_hex(6)}"
        self.port = 0
        self.recovered: list[Recovered] = []
        self.earlier_log: Path | None = None
        self.stopped = asyncio.Event()
        self.reason = "finished"
        self._cleanup = AsyncExitStack()
        self._gatekeeper: Gatekeeper | None = None

    @property
    def gatekeeper(self) -> Gatekeeper:
        """The gatekeeper of the running proxy."""
        if self._gatekeeper is None:
            msg = "the proxy has not been started"
            raise RuntimeError(msg)
        return self._gatekeeper

    @property
    def url(self) -> str:
        """The proxy's address, as an agent's base URL."""
        host = "127.0.0.1" if self.config.host in ("0.0.0.0", "::") else self.config.host  # noqa: S104 - compared
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def stop(self, reason: str = "stopped") -> None:
        """Ask the run to end: no call is admitted any more, open answers are cut."""
        if not self.stopped.is_set():
            self.reason = reason
            self.gatekeeper.guard.stop(
                Finding(
                    rule="run_integrity",
                    verdict=Verdict.BLOCK,
                    reason="run_stopped",
                    message="the run has been stopped; no further call is forwarded",
                    throttle=True,
                )
            )
            self.stopped.set()

    async def __aenter__(self) -> Self:
        """Take the port, open the log and the ledger, then serve. Raises ``StartError``, ``StoreError``."""
        try:
            await self._start()
        except BaseException:
            await self._cleanup.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._cleanup.aclose()

    async def _start(self) -> None:
        config = self.config
        dialects = Dialects()
        await dialects.open(config.policy)
        _allow_many_files()
        listener = _listen(config.host, config.port)
        self._cleanup.callback(listener.close)
        self.port = listener.getsockname()[1]
        # The log first: what the ledger recovers is counted from then on, and only the log tells of it.
        log = LogWriter(config.log, self.run_id)
        self.earlier_log = log.moved_aside
        self._cleanup.callback(log.close)
        self._cleanup.push_async_callback(self._store.close)
        self.recovered = list(await self._store.open(self.run_id))
        secrets = [*config.keys.values(), *([config.token] if config.token else []), *config.secrets]
        redactor = Redactor(secrets, config.secret_rules)
        inspector = Inspector(SecretScanner(secrets, config.secret_rules), config.folder)
        keeper = Gatekeeper(Guard(config.policy, inspector.root), self._store, log, redactor)
        self._gatekeeper = keeper
        own = OwnConnections()
        watch, watched = self._watch(keeper, own)
        keeper.started(self._first_line(self._store.kind, redactor, inspector.root, watched))
        self._cleanup.callback(lambda: keeper.ended(self.reason, watch.unseen if watch else ""))
        if watch is not None:
            await self._cleanup.enter_async_context(watch)
        upstream = await self._cleanup.enter_async_context(UpstreamClient(own))
        proxy = Proxy(
            config=config,
            run_id=self.run_id,
            gatekeeper=keeper,
            upstream=upstream,
            dialects=dialects,
            credentials=Credentials(keys=config.keys, token=config.token),
            inspector=inspector,
        )
        await self._serve(proxy, listener)

    async def _serve(self, proxy: Proxy, listener: socket.socket) -> None:
        # Uvicorn's own lines tell nothing that the log does not; a torn answer is no error of the server.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        policy = proxy.config.policy
        largest = max(each.max_request_mb for each in (*policy.settings, policy.fallback)) << 20
        settings = uvicorn.Config(
            make_app(proxy, self.stop),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            ws="websockets-sansio",
            ws_max_size=_HEARD_OUT * largest,
            # Agents are near: to compress costs time and saves nothing, and one that is busy owes no pong.
            ws_per_message_deflate=False,
            ws_ping_interval=None,
            backlog=_BACKLOG,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=_GRACE,
        )
        server = _Server(settings)
        task = asyncio.create_task(server.serve(sockets=[listener]))

        async def end() -> None:
            server.should_exit = True
            await task

        self._cleanup.push_async_callback(end)
        while not server.started:
            if task.done():
                task.result()
                raise StartError("the HTTP server ended before it had begun")
            await asyncio.sleep(0.005)

    def _watch(self, keeper: Gatekeeper, own: OwnConnections) -> tuple[DirectWatch | None, str]:
        """The watch on connections past the proxy, if there is one, and what the log's first line says of it."""
        policy = self.config.policy
        settings = policy.for_session("")  # a connection belongs to no session
        if self.config.resolve is None or settings.action(direct.RULE) == "off":
            return None, "off"
        entries = [one for each in (*policy.settings, policy.fallback) for one in each.upstreams.values()]
        own_entries = [own_of({}, protocol) for protocol in OWN]
        known = KnownAddresses(hosts_of([each.url for each in (*entries, *own_entries)]), self.config.resolve)
        try:
            lookout = Lookout(known, own)
        except OSError:  # no Linux, or a sandbox that hides it
            return None, "unsupported"

        def saw(sighting: Sighting) -> None:
            finding = direct.finding_of(sighting, settings)
            if finding is not None:
                keeper.observed(finding)

        return DirectWatch(lookout, known, saw=saw, notice=keeper.notice), "watched"

    def _first_line(self, store: str, redactor: Redactor, folder: str | None, watched: str) -> dict[str, object]:
        policy = self.config.policy
        described = {
            "name": policy.settings[0].name,
            "names": [settings.name for settings in policy.settings],
            "file": policy.file,
            "digest": policy.digest,
            "document": redactor.value(policy.document),
            "lines": dict(policy.lines),
        }
        return records.run_started(
            version=__version__,
            pid=os.getpid(),
            policy=described,
            log_level=policy.settings[0].log_level,
            store=store,
            folder=folder and redactor.text(folder),
            prices=prices_digest(),
            direct_connections=watched,
            recovered=[
                {
                    "call_id": each.id,
                    "session_id": _session_of(each),
                    "scopes": list(each.scopes),
                    "cost_usd": records.usd(each.amount.picodollars),
                    "cost_picodollars": each.amount.picodollars,
                    "tokens": each.amount.tokens,
                }
                for each in self.recovered
            ],
        )


def _session_of(recovered: Recovered) -> str | None:
    named = (scope for scope in recovered.scopes if scope.startswith("session:"))
    return next((scope.removeprefix("session:").rpartition("#")[0] for scope in named), None)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise StartError(f"{host!r} is no address to listen on ({error}); name one with --host") from error
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        why = error.strerror or str(error)
        raise StartError(
            f"port {port} of {host} cannot be opened ({why}); name another with --port, 0 for any free one"
        ) from error
    listener.settimeout(0)
    return listener


def _allow_many_files() -> None:
    """Each open call holds two sockets; the usual soft limit of 1,024 files would end a large burst."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 65_536) if hard != resource.RLIM_INFINITY else 65_536
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
