"""A scripted upstream, and proxies in front of it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from detour import ADDRESS
from rig import Crashes, Rig, Run
from scripted import LoopThread, Upstream, upstream_of
from speech import SPEECHES, Speech

from guardian_ci.proxy.direct_lookout import OwnConnections


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """What runs the tests that are coroutines themselves."""
    return "asyncio"


@pytest.fixture(scope="session")
def loop_thread() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close()


@pytest.fixture
def upstream(loop_thread: LoopThread) -> Iterator[Upstream]:
    with upstream_of(loop_thread) as served:
        yield served


@pytest.fixture
def start(
    loop_thread: LoopThread, upstream: Upstream, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> Iterator[Rig]:
    """Start runs; at the end each must have a whole log, no open reservation, and nothing may have crashed."""
    rig = Rig(loop_thread, upstream, tmp_path)
    loop_thread.problems.clear()
    with Crashes() as crashes:
        yield rig
        rig.end()
    assert crashes.seen == []
    assert loop_thread.problems == []
    out, err = capfd.readouterr()
    assert "Traceback" not in err, err
    assert not [secret for run in rig.runs for secret in run.secrets if secret in out + err]


@pytest.fixture(scope="module")
def shared(loop_thread: LoopThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A run that the tests of a module share, for tables in which each row is one call. No rule is in their way."""
    with upstream_of(loop_thread) as served, Crashes() as crashes:
        rig = Rig(loop_thread, served, tmp_path_factory.mktemp("shared"))
        yield rig({"name": "shared", "rules": {"retry_loop": "off"}})
        rig.end()
        assert crashes.seen == []


@pytest.fixture(params=SPEECHES, ids=lambda speech: speech.name)
def speech(request: pytest.FixtureRequest) -> Speech:
    chosen: Speech = request.param
    return chosen


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def streamed(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def provider() -> Iterator[socket.socket]:
    """Somebody whom a program may reach past the proxy."""
    with socket.create_server((ADDRESS, 0)) as server:
        yield server


@pytest.fixture
def own() -> OwnConnections:
    """What the proxy knows of its own connections."""
    return OwnConnections()
