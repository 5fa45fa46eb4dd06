"""Writes the log: one line, one ``write``, on disk before the effect that it tells of leaves the proxy.

After SIGKILL the log is whole up to its last line, since a line is never split over two writes. A log that
stands at the path already belongs to another run: it is moved aside, never overwritten. Only a proxy that takes the
place of a dead one of the same run goes on in its log.
"""

import errno
import json
import os
import re
import stat
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from guardian_ci.audit.chain import LineChain
from guardian_ci.errors import StartError, StoreError

if sys.platform != "win32":
    import fcntl

_FIRST_LINE_MAX: Final = 1 << 20
_UNSAFE_IN_NAME: Final = re.compile(r"[^A-Za-z0-9_-]+")
_TAIL: Final = 1 << 16
_FLAGS: Final = os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_WAY_OUT: Final = {
    errno.ENOSPC: "the disk is full: free some space, or let --log name a path on another disk",
    errno.EDQUOT: "the disk quota is used up: free some space, or let --log name a path on another disk",
    errno.EACCES: "no permission: let --log name a path that this user may write",
    errno.EPERM: "no permission: let --log name a path that this user may write",
    errno.EROFS: "the file system is read-only: let --log name a path that can be written",
    errno.ENOTDIR: "a part of the path is a file, not a folder: let --log name another path",
    errno.EEXIST: "something that is no folder, or that came just now, is in the way: let --log name another path",
    errno.ELOOP: "it is a symbolic link, which is never followed: let --log name a plain file",
    errno.EFBIG: "the file may not grow further: raise the limit on file sizes (ulimit -f)",
    errno.ENAMETOOLONG: "the name is too long: let --log name a shorter path",
}


def _way_out(error: OSError) -> str:
    return _WAY_OUT.get(error.errno or 0, error.strerror or str(error))


class LogWriter:
    """The log of one run, open for appending. Not for several threads: the order of lines is the order of calls."""

    def __init__(self, path: Path, run_id: str, *, go_on: bool = False) -> None:
        """Make the log at ``path``, mode 0600, or ``go_on`` in that of this run; raise StartError where that fails."""
        self.path = path
        self.moved_aside: Path | None = None
        self._chain = LineChain(run_id)
        self._size = 0
        try:
            if not go_on:
                path.parent.mkdir(parents=True, exist_ok=True)
                self.moved_aside = _clear_the_way(path)
            self._fd = os.open(path, _FLAGS | (os.O_RDWR if go_on else _NEW), 0o600)
        except OSError as error:
            raise StartError(f"the log {path} cannot be made: {_way_out(error)}") from error
        locked = _locked_by_another(self._fd)  # so that a second proxy does not move it away
        if go_on:
            try:
                self._go_on(locked=locked)
            except BaseException:
                self.close()
                raise

    def _go_on(self, *, locked: bool) -> None:
        """Take up the chain at the last whole line. What is torn behind it never had an effect, so it goes."""
        if locked:
            raise StartError(f"the log {self.path} is being written by another guardian-ci")
        line, self._size = _last_line(self._fd)
        try:
            record = json.loads(line)
            run_id, seq, kind = record["run_id"], int(record["seq"]), record["type"]
        except (ValueError, TypeError, KeyError) as error:
            raise StartError(f"the log {self.path} cannot be gone on with: its last line is no record") from error
        if run_id != self._chain.run_id or kind == "run_ended":
            raise StartError(f"the log {self.path} cannot be gone on with: it is that of another run, or has its end")
        os.ftruncate(self._fd, self._size)
        self._chain.go_on(line, seq)

    def write(self, kind: str, timestamp: datetime, fields: Mapping[str, object]) -> None:
        """Append one line; raise StoreError where it did not reach the disk whole. The log then is as before."""
        line = self._chain.line(kind, timestamp, fields)
        data = line + b"\n"
        try:
            written = os.write(self._fd, data)
        except OSError as error:
            raise self._failure(_way_out(error)) from error
        if written != len(data):
            # The disk took a part only (full, as a rule). A torn line must not get a neighbour.
            os.ftruncate(self._fd, self._size)
            raise self._failure(_WAY_OUT[errno.ENOSPC])
        self._size += written
        self._chain.accept(line)

    def _failure(self, why: str) -> StoreError:
        return StoreError(f"the log {self.path} cannot be written ({why}); no call passes without its record")

    def close(self) -> None:
        """Close the file. A second time does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _locked_by_another(fd: int) -> bool:
    """Lock a log for as long as it is open, unless another process holds it; return whether one does."""
    if sys.platform != "win32":
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False  # a file system without locks: nothing can be known, and the log is as good without
    return False


def _last_line(fd: int) -> tuple[bytes, int]:
    """Return the last whole line of a file, without its newline, and where the next one begins."""
    size, wanted = os.fstat(fd).st_size, _TAIL
    while True:
        begin = max(0, size - wanted)
        os.lseek(fd, begin, os.SEEK_SET)
        tail = os.read(fd, size - begin)
        end = tail.rfind(b"\n")
        start = tail.rfind(b"\n", 0, max(end, 0))
        if start >= 0 or begin == 0:
            return tail[start + 1 : max(end, 0)], begin + end + 1
        wanted *= 8


def _clear_the_way(path: Path) -> Path | None:
    """Move what stands at ``path`` aside and return where it is now; an empty file just goes."""
    try:
        state = path.lstat()
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(state.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if not stat.S_ISREG(state.st_mode):
        raise StartError(f"the log {path} cannot be made: there is something that is no plain file; name another path")
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    try:
        if _locked_by_another(fd):
            raise StartError(
                f"the log {path} is being written by another guardian-ci: let --log name another path, or stop that one"
            )
        first = os.read(fd, _FIRST_LINE_MAX)
    finally:
        os.close(fd)
    if not first:
        path.unlink()
        return None
    aside = _free_name(path, _name_of_run(first) or _name_of_time(state.st_mtime))
    path.rename(aside)
    return aside


def _name_of_run(first: bytes) -> str | None:
    try:
        record = json.loads(first.split(b"\n", 1)[0])
    except ValueError:
        return None
    run_id = record.get("run_id") if isinstance(record, dict) else None
    return (_UNSAFE_IN_NAME.sub("-", run_id)[:64] or None) if isinstance(run_id, str) else None


def _name_of_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%SZ")


def _free_name(path: Path, mark: str) -> Path:
    aside = path.with_name(f"{path.stem}.{mark}{path.suffix}")
    count = 2
    while aside.is_symlink() or aside.exists():
        aside = path.with_name(f"{path.stem}.{mark}-{count}{path.suffix}")
        count += 1
    return aside
