"""The socket: opens when policy, ledger and log are ready, and ends with the log's last line."""

import asyncio
import math
import os
import secrets
import socket
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from guardian_ci import __version__
from guardian_ci.audit import records
from guardian_ci.audit.reader import read_log
from guardian_ci.audit.redact import Redactor
from guardian_ci.audit.replay import relive
from guardian_ci.audit.writer import LogWriter
from guardian_ci.model import Finding, Verdict
from guardian_ci.policy.scan.secrets import SecretScanner
from guardian_ci.policy.upstreams import OWN, own_of
from guardian_ci.pricing.table import digest as prices_digest
from guardian_ci.proxy import direct
from guardian_ci.proxy.app import make_app
from guardian_ci.proxy.config import ProxyConfig
from guardian_ci.proxy.credentials import Credentials
from guardian_ci.proxy.direct import DirectWatch
from guardian_ci.proxy.direct_hosts import KnownAddresses, hosts_of
from guardian_ci.proxy.direct_lookout import Lookout, OwnConnections, Sighting
from guardian_ci.proxy.gatekeeper import Gatekeeper
from guardian_ci.proxy.inspection import Inspector
from guardian_ci.proxy.listener import allow_many_files, base_url, listen
from guardian_ci.proxy.relay import Proxy
from guardian_ci.proxy.serving import Server, served
from guardian_ci.proxy.upstream import UpstreamClient
from guardian_ci.proxy.upstreams.dialects import Dialects
from guardian_ci.session.guard import Guard
from guardian_ci.session.store import Recovered, Store

_GRACE: Final = 15
"""Seconds that answers whose agents hung up have to come to their end, and to tell what they cost."""

_FAREWELL: Final = 2.0
"""Seconds for which a stopped proxy goes on refusing: an agent that finds no proxy at all tries again for minutes."""

_LOOK: Final = 0.05

_HEARD_OUT: Final = 4
"""How often the limit a message may be, to be read to its end before it is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A place that outlives the proxy in it: the socket, the run, and how the proxies before it ended."""

    listener: socket.socket
    run_id: str
    deaths: tuple[str, ...] = ()


class ProxyServer:
    """One run of the proxy. ``async with``: inside, it serves; behind, its log is whole."""

    def __init__(self, config: ProxyConfig, store: Store, seat: Seat | None = None) -> None:
        """Without a ``seat`` it takes a socket and a run of its own."""
        self.config = config
        self._store = store
        self._seat = seat
        self.run_id = seat.run_id if seat else new_run_id()
        self.url = ""
        self.own = OwnConnections()
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

    def stop(self, reason: str = "stopped") -> None:
        """Ask the run to end: no call is admitted any more, open answers are cut."""
        if not self.stopped.is_set():
            self.reason = reason
            self.gatekeeper.stop(
                Finding(
                    rule="run_integrity",
                    verdict=Verdict.BLOCK,
                    reason="run_stopped",
                    message="the run has been stopped; no further call is forwarded",
                    throttle=True,
                )
            )
            self.stopped.set()

    def lose_supervisor(self) -> None:
        """Stop, since nobody is left who would report on this run, or bring it back."""
        message = "the process that supervised the proxy died; the proxy stopped, and nobody reported on its run"
        self.gatekeeper.observed(_broken("supervisor_died", message))
        self.stop("supervisor_died")

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
        config, seat = self.config, self._seat
        dialects = Dialects()
        await dialects.open(config.policy)
        allow_many_files()
        listener = seat.listener if seat else listen(config.host, config.port)
        self._cleanup.callback(listener.close)
        self.url = base_url(config.host, listener)
        deaths = seat.deaths if seat else ()
        # The log first: what the ledger recovers is counted from then on, and only the log tells of it.
        log = LogWriter(config.log, self.run_id, go_on=bool(deaths))
        self.earlier_log = log.moved_aside
        self._cleanup.callback(log.close)
        self._cleanup.push_async_callback(self._store.close)
        self.recovered = list(await self._store.open(self.run_id))
        secrets = [*config.keys.values(), *([config.token] if config.token else []), *config.secrets]
        redactor = Redactor(secrets, config.secret_rules)
        inspector = Inspector(SecretScanner(secrets, config.secret_rules), config.folder)
        keeper = Gatekeeper(Guard(config.policy, inspector.root), self._store, log, redactor)
        self._gatekeeper = keeper
        watch, watched = self._watch(keeper)
        if deaths:
            self._go_on(keeper, deaths)
        else:
            keeper.started(self._first_line(self._store.kind, redactor, inspector.root, watched))
        self._cleanup.callback(lambda: keeper.ended(self.reason, watch.unseen if watch else ""))
        if watch is not None:
            await self._cleanup.enter_async_context(watch)
        upstream = await self._cleanup.enter_async_context(UpstreamClient(self.own))
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

    def _go_on(self, keeper: Gatekeeper, deaths: tuple[str, ...]) -> None:
        """Take a dead proxy's place: know all that it knew, and tell of its end."""
        past = relive(read_log(self.config.log), keeper.guard)
        keeper.calls, keeper.violations = past.calls, past.violations
        # A call that has its record counts by that, whatever the ledger still held for it.
        own = [each for each in self.recovered if each.run_id != self.run_id or each.id in past.in_flight]
        message = (
            f"the proxy died ({deaths[-1]}) and was brought back; "
            f"what it had in flight counts as spent ({len(past.in_flight)} calls)"
        )
        told: dict[str, object] = {"pid": os.getpid(), "recovered": [records.left_open(each) for each in own]}
        keeper.observed(_broken(records.RESTARTED, message), facts=told)

    async def _serve(self, proxy: Proxy, listener: socket.socket) -> None:
        policy = proxy.config.policy
        largest = max(each.max_request_mb for each in (*policy.settings, policy.fallback)) << 20
        app = make_app(proxy, self.stop)
        serving = served(app, listener, grace=_GRACE, largest_message=_HEARD_OUT * largest)
        server = await self._cleanup.enter_async_context(serving)

        async def end() -> None:
            if self.stopped.is_set():
                server.config.timeout_graceful_shutdown = math.ceil(_GRACE - await self._say_farewell(server))

        self._cleanup.push_async_callback(end)

    async def _say_farewell(self, server: Server) -> float:
        """Go on refusing while agents are about and answers are drained; the seconds that it took.

        Whoever sends a signal may end the proxy under a working agent, which may just have no connection. A stop that
        was asked for comes when the agents have ended: then it is enough that nobody is connected.
        """
        begin, keeper = time.monotonic(), self.gatekeeper

        def wanted() -> bool:
            agents = self.reason != "stopped" and keeper.calls > 0
            refusing = agents or bool(server.server_state.connections)
            return (refusing and spent < _FAREWELL) or (keeper.open_calls > 0 and spent < _GRACE - 1)

        spent = 0.0
        while wanted():
            await asyncio.sleep(_LOOK)
            spent = time.monotonic() - begin
        return spent

    def _watch(self, keeper: Gatekeeper) -> tuple[DirectWatch | None, str]:
        """The watch on connections past the proxy, if there is one, and what the log's first line says of it."""
        policy = self.config.policy
        settings = direct.strictest(policy)
        if self.config.resolve is None or settings.action(direct.RULE) == "off":
            return None, "off"
        entries = [one for each in (*policy.settings, policy.fallback) for one in each.upstreams.values()]
        own_entries = [own_of({}, protocol) for protocol in OWN]
        known = KnownAddresses(hosts_of([each.url for each in (*entries, *own_entries)]), self.config.resolve)
        try:
            lookout = Lookout(known, self.own)
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
            recovered=self.recovered,
            direct_connections=watched,
        )


def new_run_id() -> str:
    """A name that no run had before."""
    return f"run-{secrets.token_hex(6)}"


def _broken(reason: str, message: str) -> Finding:
    return Finding(rule="run_integrity", verdict=Verdict.BLOCK, reason=reason, message=message)
