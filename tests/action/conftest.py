"""What the jobs run on: the staged action, a path with pinned programs, and the demo upstream."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from act_runner import Runner, programs, stage_action


@pytest.fixture(scope="session")
def staged_action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stage_action(tmp_path_factory.mktemp("staged") / "action")


@pytest.fixture(scope="session")
def program_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"{programs(tmp_path_factory.mktemp('path') / 'bin')}:/usr/local/bin:/usr/bin:/bin"


@pytest.fixture(scope="session")
def pip_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pip-cache")


@pytest.fixture(scope="session")
def demo_upstream() -> Iterator[str]:
    command = [sys.executable, "-m", "guardian_ci.demo.upstream", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            yield process.stderr.readline().rpartition(" ")[2].strip()
        finally:
            process.terminate()


@pytest.fixture
def runner(tmp_path: Path, staged_action: Path, program_path: str, pip_cache: Path, demo_upstream: str) -> Runner:
    return Runner(folder=tmp_path, action=staged_action, path=program_path, upstream=demo_upstream, pip_cache=pip_cache)
