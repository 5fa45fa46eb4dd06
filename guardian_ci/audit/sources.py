"""Finds the logs in what somebody names: files, folders, zipped artifacts.

What a folder or an archive holds may be made to do harm: symbolic links are not followed, nothing is unpacked to
disk, and an archive is read within bounds. Something that is there and cannot be read as a log is never passed over
in silence: it comes out as a ``Problem``, since what it would have told is not known.
"""

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Final

from guardian_ci.audit.reader import Lines, Log, Problem, read_log
from guardian_ci.errors import LogError

LOG_SUFFIX: Final = ".ndjson"
ZIP_SUFFIX: Final = ".zip"
MAX_LOGS: Final = 10_000
MAX_MEMBERS: Final = 20_000
MAX_DIRECTORY: Final = 8 << 20
"""The largest table of contents of an archive: it is held in memory as a whole."""
MAX_UNPACKED: Final = 2 << 30
"""The most bytes that the logs of one archive may come to."""
MAX_RATIO: Final = 200
"""How often its packed size a log may be, beyond the first megabyte; records pack to about a twentieth."""
_FREE: Final = 1 << 20
MAX_MARKS: Final = 4_000_000
"""The most brackets and commas in a line: each may become a value, which takes far more memory than its text."""

_DAMAGE: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
_ENCRYPTED: Final = 0x1
_ZIP_MAGIC: Final = b"PK"
_END: Final = struct.Struct("<4s4H2LH")
_END_MARK: Final = b"PK\x05\x06"
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_END_64_MARK: Final = b"PK\x06\x06"
_LOCATOR: Final = struct.Struct("<4sLQL")
_LOCATOR_MARK: Final = b"PK\x06\x07"
_LONGEST_COMMENT: Final = 65_535


@dataclass(slots=True)
class Found:
    """The logs that were found, in the order of their names, and what could not be read as one."""

    logs: list[Log] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def find_logs(paths: Sequence[Path]) -> Found:
    """Find all logs in files, folders and archives.

    Raises ``LogError`` where a file that was named is no log and no archive, or where an archive is hostile.
    """
    found = Found()
    for path in paths:
        try:
            mode = path.stat().st_mode
        except OSError as error:
            _missing(found, path, f"it cannot be read ({error.strerror or error})")
            continue
        if stat.S_ISDIR(mode):
            _folder(found, path)
        elif not stat.S_ISREG(mode):
            raise LogError(f"{path}: this is neither a file nor a folder; name a log, a folder or a zipped artifact")
        elif _is_zip(path):
            _archive(found, path)
        else:
            found.logs.append(_plain(path)())
        _check_number(found, path)
    return found


def _folder(found: Found, folder: Path) -> None:
    before = len(found.logs) + len(found.problems)
    for parent, names, files in os.walk(folder, followlinks=False, onerror=_raise):
        names.sort()
        for name in sorted([*files, *(name for name in names if Path(parent, name).is_symlink())]):
            if _looks_like_ours(name):
                _inside(found, Path(parent, name))
            elif Path(parent, name).is_symlink():
                _missing(found, Path(parent, name), "it is a symbolic link, which is never followed")
            _check_number(found, folder)
    if len(found.logs) + len(found.problems) == before:
        _missing(found, folder, f"the folder holds no log (*{LOG_SUFFIX}) and no artifact (*{ZIP_SUFFIX})")


def _inside(found: Found, path: Path) -> None:
    """Take a file that stands in a folder: nobody named it, so where it is no log that is a problem and no error.

    A link is an error: no artifact that was uploaded holds one.
    """
    if path.is_symlink():
        raise LogError(f"{_shown(path)}: this is a symbolic link, which is never followed; name the log that it means")
    if not path.is_file():
        _missing(found, path, "it is no plain file")
    elif _is_zip(path):
        _archive(found, path)
    else:
        _read(found, path, _plain(path))


def _raise(error: OSError) -> None:
    raise LogError(f"{error.filename}: the folder cannot be read ({error.strerror or error})") from error


def _looks_like_ours(name: str) -> bool:
    return name.lower().endswith((LOG_SUFFIX, ZIP_SUFFIX))


def _read(found: Found, path: Path, read: Callable[[], Log]) -> None:
    try:
        found.logs.append(read())
    except LogError as error:
        _missing(found, path, str(error).removeprefix(f"{path}:").lstrip("0123456789: "))


def _missing(found: Found, path: Path, why: str) -> None:
    found.problems.append(Problem(kind="no_log", file=str(_shown(path)), line=0, message=why))


def _check_number(found: Found, path: Path) -> None:
    if len(found.logs) + len(found.problems) > MAX_LOGS:
        raise LogError(f"{path}: there are more than {MAX_LOGS} logs; name fewer at once")


def _is_zip(path: Path) -> bool:
    if path.suffix.lower() == ZIP_SUFFIX:
        return True
    try:
        with path.open("rb") as file:
            return file.read(2) == _ZIP_MAGIC
    except OSError as error:
        raise LogError(
            f"{_shown(path)}: it cannot be read ({error.strerror or error}); change its permissions"
        ) from error


def _shown(path: Path) -> Path:
    """Return a name of which nothing steers a terminal or begins a line of its own."""
    return Path("".join(each if each.isprintable() else "?" for each in str(path)))


def _plain(path: Path) -> Callable[[], Log]:
    """Return what reads a log that is a file."""

    @contextmanager
    def opened() -> Iterator[Lines]:
        with path.open("rb") as file:
            yield _Bounded(file, _shown(path))

    return lambda: read_log(_shown(path), opened)


def _archive(found: Found, path: Path) -> None:
    """Take the logs of a zipped artifact, where they lie."""
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            logs = [member for member in members if member.filename.lower().endswith(LOG_SUFFIX)]
            _check_members(path, members, logs)
    except (zipfile.BadZipFile, OSError, struct.error, ValueError, NotImplementedError) as error:
        raise LogError(f"{path}: this is no archive that can be read ({error}); download the artifact again") from error
    for member in members:
        if member.filename.lower().endswith(ZIP_SUFFIX):
            why = "it is an archive inside an archive, which is not opened; unpack the outer one"
            _missing(found, Path(f"{path}!{member.filename}"), why)
    for member in logs:
        name = _shown(Path(f"{path}!{member.filename}"))
        _read(found, name, _opener(path, member, name))
        _check_number(found, path)
    if not logs:
        _missing(found, path, f"the archive holds no log (*{LOG_SUFFIX})")


def _opener(path: Path, member: zipfile.ZipInfo, name: Path) -> Callable[[], Log]:
    @contextmanager
    def opened() -> Iterator[Lines]:
        with ExitStack() as stack:
            try:
                archive = stack.enter_context(zipfile.ZipFile(path))
                file = stack.enter_context(archive.open(member))
            except _DAMAGE as error:
                raise LogError(f"{name}: the archive is damaged here ({error}); download it again") from error
            yield _Bounded(file, name, min(MAX_UNPACKED, _FREE + MAX_RATIO * member.compress_size))

    return lambda: read_log(name, opened)


class _Bounded:
    """A log whose size and lines are bounded by what is read, not by what an archive says of itself."""

    def __init__(self, file: IO[bytes], name: Path, left: int | None = None) -> None:
        self._file = file
        self._name = name
        self._left = left

    def readline(self, limit: int, /) -> bytes:
        try:
            line = self._file.readline(limit if self._left is None else min(limit, self._left + 1))
        except _DAMAGE as error:
            raise LogError(f"{self._name}: the archive is damaged here ({error}); download it again") from error
        if self._left is not None:
            self._left -= len(line)
            if self._left < 0:
                raise LogError(
                    f"{self._name}: this unfolds to more than its packed size can honestly hold; it is not read"
                )
        if len(line) >= limit and not line.endswith(b"\n"):
            raise LogError(f"{self._name}: a line is longer than {limit >> 20} MiB: no record is; this is no true log")
        if len(line) > MAX_MARKS and sum(map(line.count, (b"[", b"{", b","))) > MAX_MARKS:
            raise LogError(f"{self._name}: a line holds more values than any record does; this is no true log")
        return line


def _check_members(path: Path, members: Sequence[zipfile.ZipInfo], logs: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse an archive that was made to do harm: then no log in it is to be believed."""
    if len(members) > MAX_MEMBERS:
        raise LogError(f"{path}: the archive holds more than {MAX_MEMBERS} files")
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts:
            raise LogError(f"{path}: the archive holds a path that leads out of it ({member.filename!r:.200})")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise LogError(f"{path}: the archive holds a symbolic link ({member.filename!r:.200})")
    for member in logs:
        if member.flag_bits & _ENCRYPTED:
            raise LogError(f"{path}: {member.filename!r:.200} is encrypted")
    if sum(member.file_size for member in logs) > MAX_UNPACKED:
        raise LogError(f"{path}: the logs in the archive come to more than {MAX_UNPACKED >> 30} GiB")


def _check_directory(path: Path) -> None:
    """Look at the size of the table of contents before it is loaded."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _END.size - _LONGEST_COMMENT))
        tail = file.read()
        at = tail.rfind(_END_MARK)
        if at < 0 or len(tail) - at < _END.size:
            raise zipfile.BadZipFile("it has no table of contents")
        directory = _END.unpack_from(tail, at)[5]
        before = at - _LOCATOR.size
        if before >= 0 and tail.startswith(_LOCATOR_MARK, before):
            file.seek(_LOCATOR.unpack_from(tail, before)[2])
            end = file.read(_END_64.size)
            if not end.startswith(_END_64_MARK):
                raise zipfile.BadZipFile("its table of contents is not where it should be")
            directory = max(directory if directory != 0xFFFFFFFF else 0, _END_64.unpack(end)[8])  # noqa: PLR2004
    if directory > MAX_DIRECTORY:
        raise LogError(f"{path}: the archive's table of contents is larger than {MAX_DIRECTORY >> 20} MiB")
