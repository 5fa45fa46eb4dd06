"""Which runs are alive."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from guardian_ci.stores.runlock import RunLock


def test_a_run_is_alive_while_it_holds_its_lock(tmp_path: Path) -> None:
    lock = RunLock.hold(tmp_path, "run-1")
    assert RunLock.held(tmp_path, "run-1")
    lock.release()
    assert not RunLock.held(tmp_path, "run-1")


def test_looking_at_a_living_run_does_not_end_it(tmp_path: Path) -> None:
    lock = RunLock.hold(tmp_path, "run-1")
    assert all(RunLock.held(tmp_path, "run-1") for _ in range(3))
    lock.release()


def test_a_run_that_nobody_has_heard_of_is_dead(tmp_path: Path) -> None:
    assert not RunLock.held(tmp_path, "run-1")


def test_one_run_cannot_be_alive_twice(tmp_path: Path) -> None:
    lock = RunLock.hold(tmp_path, "run-1")
    with pytest.raises(OSError, match="already alive"):
        RunLock.hold(tmp_path, "run-1")
    lock.release()


def test_a_killed_process_no_longer_holds_its_lock(
    tmp_path: Path, start: Callable[[str], subprocess.Popen[str]]
) -> None:
    process = start(
        "from guardian_ci.stores.runlock import RunLock\n"
        "STATE.mkdir()\n"
        "lock = RunLock.hold(STATE, 'run-1')\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert RunLock.held(tmp_path / "state", "run-1")
    process.kill()
    process.wait()
    assert not RunLock.held(tmp_path / "state", "run-1")
    assert not list((tmp_path / "state" / "runs").iterdir()), "the dead run's lock file is cleared away"
