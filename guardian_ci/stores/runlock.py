"""Which runs are alive: each holds a lock on a file of its own, which the operating system frees when it dies."""

import contextlib
import os
import sys
from pathlib import Path
from typing import Self

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


class RunLock:
    """The lock file of one run, ``FOLDER/runs/RUN.lock``."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def hold(cls, folder: Path, run_id: str) -> Self:
        """Take the lock of a new run. Raises OSError."""
        path = _path(folder, run_id)
        path.parent.mkdir(exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if not _try_lock(descriptor):
            os.close(descriptor)
            msg = f"run {run_id} is already alive ({path} is locked)"
            raise OSError(msg)
        return cls(path, descriptor)

    @staticmethod
    def held(folder: Path, run_id: str) -> bool:
        """Whether a living process holds the run's lock. The lock file of a dead run is removed."""
        path = _path(folder, run_id)
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            free = _try_lock(descriptor)
        finally:
            os.close(descriptor)
        if free:
            path.unlink(missing_ok=True)
        return not free

    def release(self) -> None:
        """Give the lock back and remove its file."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def _path(folder: Path, run_id: str) -> Path:
    return folder / "runs" / f"{run_id}.lock"
