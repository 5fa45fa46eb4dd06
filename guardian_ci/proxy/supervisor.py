"""Keeps a proxy serving: owns the socket and the run, has the proxy as its child, and brings it back when it dies.

The supervisor does nothing else: it has no thread and no event loop, so a fork is safe, and takes milliseconds, since
everything is loaded. What it was told (keys among it) stays in memory: the files that held it may be gone by then,
and it never stands in an environment or on a command line. While no proxy lives, connections wait in the socket's
backlog; a proxy that dies over and over is replaced by a closed door, which refuses. Needs fork: not on Windows.
"""

import asyncio
import contextlib
import multiprocessing
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from importlib import import_module
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Final, Self

from guardian_ci.errors import GuardianError, StartError
from guardian_ci.pricing.table import digest
from guardian_ci.proxy.closed import refuse_all
from guardian_ci.proxy.config import ProxyConfig
from guardian_ci.proxy.listener import base_url, listen
from guardian_ci.proxy.server import ProxyServer, Seat, new_run_id
from guardian_ci.proxy.upstream import trust
from guardian_ci.session.store import Recovered

FINISHED: Final = "finished"
"""The reason to end when nobody needs the proxy any more: then nobody has to be refused either."""

_MOST_DEATHS: Final = 5
_WINDOW: Final = 60.0
"""So many deaths in so many seconds, and the proxy is not brought back any more."""

_CALM: Final = 2.0
"""Seconds until the supervisor gets ready to be quick: a start, and a short run, need the processor themselves."""

_PAUSE: Final = 1.0
"""Seconds before a closed door that died is put up again."""

_PATIENCE: Final = 20.0
"""Seconds that a proxy has to end its run when its supervisor cannot go on."""

_LATE: Final = (
    "httpcore",
    "anyio._backends._asyncio",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
)
"""What httpx and uvicorn import when they are used first."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""What may reach the whole group of processes: only the supervisor obeys it."""

Handlers = Mapping[signal.Signals, Callable[[], None]]

Beside = Callable[[ProxyServer], AbstractAsyncContextManager[object]]
"""Makes what runs as long as a proxy, in its process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What a proxy says once it serves."""

    url: str
    earlier_log: Path | None
    recovered: tuple[Recovered, ...]


class Supervisor:
    """One run. ``with``: inside, somebody answers on the socket; behind, nobody does.

    ``make`` makes the proxy for its seat, in the child. ``leaves``: it may end by itself, when its run is stopped over
    HTTP; else it serves (and refuses) until it is told to end. ``say`` shows a line to the user.
    """

    def __init__(
        self, config: ProxyConfig, make: Callable[[Seat], ProxyServer], *, leaves: bool, say: Callable[[str], None]
    ) -> None:
        self._config = config
        self._make = make
        self._beside: Beside = contextlib.nullcontext
        self._listeners: Sequence[socket.socket] = ()
        self._leaves = leaves
        self._say = say
        self._fork = multiprocessing.get_context("fork")
        self._seat = Seat(listener=listen(config.host, config.port), run_id=new_run_id())
        self.url = base_url(config.host, self._seat.listener)
        self._deaths: list[float] = []
        self._failure: GuardianError | None = None
        self._stopping = False
        self._loaded = False
        self._child: BaseProcess | None = None
        self._control: Connection | None = None
        self._bell, self._ringer = socket.socketpair()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None and self._child.exitcode is None:
            self.stop(FINISHED)  # after an error of ours: else it has ended
            self._child.join(_PATIENCE)
            self._child.kill()
            self._child.join()
        if self._control is not None:
            self._control.close()
        for each in (self._seat.listener, self._bell, self._ringer):
            each.close()

    @property
    def run_id(self) -> str:
        """The run's name."""
        return self._seat.run_id

    def start(self, beside: Beside = contextlib.nullcontext, listeners: Sequence[socket.socket] = ()) -> Started:
        """Start the proxy and wait until it serves. Raises what kept it from that: ``StartError``, ``StoreError``.

        ``listeners`` are those that ``beside`` serves: a closed door refuses there as well.
        """
        self._beside, self._listeners = beside, listeners
        control = self._spawn(self._proxy)
        try:
            told = control.recv()
        except EOFError:
            raise StartError(f"the proxy ended before it had begun ({self._end()})") from None
        if isinstance(told, Started):
            return told
        raise told

    @contextlib.contextmanager
    def hearing(self, handlers: Handlers) -> Iterator[None]:
        """Call a handler for each of some signals, and wake ``watch`` for them and for the end of any child."""

        def handle(number: int, _: FrameType | None) -> None:
            if number in handlers:
                handlers[signal.Signals(number)]()

        self._bell.setblocking(False)  # noqa: FBT003 - its only argument
        self._ringer.setblocking(False)  # noqa: FBT003 - its only argument
        before = {number: signal.signal(number, handle) for number in (*handlers, signal.SIGCHLD)}
        outer = signal.set_wakeup_fd(self._ringer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(outer)
            for number, handler in before.items():
                signal.signal(number, handler)

    def watch(self, done: Callable[[], bool] = lambda: False) -> None:
        """Keep a proxy serving until ``done()`` or its own end. Raises what kept it from ending well."""
        while not done():
            if self._child is not None and self._child.exitcode is not None:
                if self._stopping or self._child.exitcode == 0:
                    if self._failure is not None:
                        raise self._failure
                    return
                self._bring_back()
            self._wait()

    def stop(self, reason: str) -> None:
        """Ask the proxy to end its run; ``watch`` returns when it has."""
        if not self._stopping and self._control is not None:
            self._stopping = True
            with contextlib.suppress(OSError):  # it died just now
                self._control.send(reason)

    # The child's life, seen from the supervisor

    def _spawn(self, work: Callable[[Connection], int]) -> Connection:
        if self._control is not None:
            self._control.close()
        ours, theirs = self._fork.Pipe()

        def main() -> None:
            ours.close()  # so that this process hears of the supervisor's end
            _forget_signals()
            raise SystemExit(work(theirs))

        # No signal may meet the child with the supervisor's handlers.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            self._child = self._fork.Process(target=main, name="guardian-ci proxy")
            self._child.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        theirs.close()
        self._control = ours
        return ours

    def _bring_back(self) -> None:
        how, now = self._end(), time.monotonic()
        given_up = len(self._deaths) >= _MOST_DEATHS
        self._deaths = [at for at in self._deaths if given_up or at > now - _WINDOW] + [now]
        if given_up:
            time.sleep(_PAUSE)
        elif len(self._deaths) < _MOST_DEATHS:
            self._say(f"the proxy died ({how}); it is started again")
        else:
            self._say(f"the proxy died {_MOST_DEATHS} times ({how}); every call is refused from now on")
        self._failure = None
        self._seat = replace(self._seat, deaths=(*self._seat.deaths, how))
        self._spawn(self._proxy if len(self._deaths) < _MOST_DEATHS else self._door)

    def _end(self) -> str:
        """How the child ended."""
        if self._child is None:
            return "never started"
        self._child.join()
        code = self._child.exitcode or 0
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def _wait(self) -> None:
        awaited: list[Connection | socket.socket | int] = [self._bell]
        if self._child is not None:
            awaited.append(self._child.sentinel)
        if self._control is not None and not self._control.closed:
            awaited.append(self._control)
        ready = wait(awaited, None if self._loaded else _CALM)
        if not ready:
            self._loaded = True
            _load_ahead()
        if self._bell in ready:
            with contextlib.suppress(BlockingIOError):
                self._bell.recv(4096)
        if self._control in ready:
            self._hear(self._control)

    def _hear(self, control: Connection) -> None:
        """Take what a proxy says that was brought back, or that could not end its run well."""
        try:
            told = control.recv()
        except (EOFError, OSError):
            control.close()  # it is ending
            return
        if isinstance(told, GuardianError):
            self._failure = told
            if not self._stopping:
                self._say(str(told))

    # In the child

    def _proxy(self, control: Connection) -> int:
        return asyncio.run(_serve(self._make(self._seat), self._beside, control, leaves=self._leaves))

    def _door(self, control: Connection) -> int:
        listeners = (self._seat.listener, *self._listeners)
        return asyncio.run(refuse_all(self._config, listeners, control, leaves=self._leaves))


def _load_ahead() -> None:
    """Have in memory what a proxy loads on its way to its first answer: it may have to be brought back."""
    for module in _LATE:
        import_module(module)
    trust()
    digest()


def _forget_signals() -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


async def _serve(server: ProxyServer, beside: Beside, control: Connection, *, leaves: bool) -> int:
    """Serve until told to end, or (``leaves``) until the run is stopped over HTTP; the exit code."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()

    def hear() -> None:
        loop.remove_reader(control.fileno())
        try:
            reason = control.recv()
        except (EOFError, OSError):
            server.lose_supervisor()
        else:
            if reason != FINISHED:
                server.stop(reason)
        told.set()

    try:
        async with server, beside(server):
            started = Started(url=server.url, earlier_log=server.earlier_log, recovered=tuple(server.recovered))
            control.send(started)
            loop.add_reader(control.fileno(), hear)
            ends = [loop.create_task(told.wait())]
            if leaves:
                ends.append(loop.create_task(server.stopped.wait()))
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    except GuardianError as error:
        with contextlib.suppress(OSError):
            control.send(error)
        return error.exit_code
    return 0
