"""A scripted upstream, and a shell in front of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted import LoopThread, Upstream, response, upstream_of
from shell import Shell
from speech import MESSAGES


@pytest.fixture(scope="module")
def loop_thread() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close()


@pytest.fixture
def upstream(loop_thread: LoopThread) -> Iterator[Upstream]:
    """An upstream that answers every call well, until it is told otherwise."""
    with upstream_of(loop_thread) as served:
        served.says(response(json.dumps(MESSAGES.whole()).encode()))
        yield served


@pytest.fixture
def shell(tmp_path: Path, upstream: Upstream) -> Shell:
    return Shell(tmp_path, upstream)
