"""Logs in files, folders and archives, and what somebody may have put there to do harm."""

import os
import stat
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded_log import RecordedLog

from guardian_ci.audit import sources
from guardian_ci.audit.sources import find_logs
from guardian_ci.errors import LogError


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return RecordedLog(tmp_path / "made" / "log.ndjson").start().admitted().call().end()


def archive(path: Path, members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def lines_in(path: Path) -> int:
    found = find_logs([path])
    assert found.problems == []
    return sum(1 for log in found.logs for _ in log)


def test_logs_are_found_in_files_folders_and_archives_at_any_depth(log: Path, tmp_path: Path) -> None:
    data = log.read_bytes()
    folder = tmp_path / "artifacts"
    (folder / "guardian-job-1" / "deep").mkdir(parents=True)
    (folder / "guardian-job-1" / "deep" / "LOG.NDJSON").write_bytes(data)
    (folder / "guardian-job-1" / "summary.md").write_text("# no log")
    archive(folder / "guardian-job-2.zip", {"log.ndjson": data, "junit.xml": b"<x/>", "older/log-2.ndjson": data})
    assert lines_in(log) == 4
    assert lines_in(folder) == 3 * 4
    found = find_logs([log, folder])
    assert [str(each.path).removeprefix(str(tmp_path)) for each in found.logs] == [
        "/made/log.ndjson",
        "/artifacts/guardian-job-2.zip!log.ndjson",
        "/artifacts/guardian-job-2.zip!older/log-2.ndjson",
        "/artifacts/guardian-job-1/deep/LOG.NDJSON",
    ]


def test_a_named_log_may_have_any_name_and_a_named_archive_too(log: Path, tmp_path: Path) -> None:
    odd = tmp_path / "audit.txt"
    odd.write_bytes(log.read_bytes())
    assert lines_in(odd) == 4
    assert lines_in(archive(tmp_path / "artifact", {"log.ndjson": log.read_bytes()})) == 4


def test_a_log_in_an_archive_is_read_as_often_as_it_is_asked_for(log: Path, tmp_path: Path) -> None:
    (read,) = find_logs([archive(tmp_path / "a.zip", {"log.ndjson": log.read_bytes()})]).logs
    assert [line.type for line in read] == [line.type for line in read]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "cannot be read"),
        (lambda path: path.mkdir(), "holds no log"),
        (lambda path: archive(path / "a.zip", {"summary.md": b"x"}), "the archive holds no log"),
        (lambda path: (path.mkdir(), (path / "log.ndjson").write_bytes(b"")), "the log is empty"),
        (lambda path: (path.mkdir(), (path / "other.ndjson").write_bytes(b'{"a": 1}\n')), "no log of guardian-ci"),
        (lambda path: (path.mkdir(), (path / "more").symlink_to("/etc")), "symbolic link"),
        (lambda path: (path.mkdir(), os.mkfifo(path / "log.ndjson")), "no plain file"),
        (lambda path: (path / "log.ndjson").mkdir(parents=True), "holds no log"),
    ],
)
def test_what_is_there_and_is_no_log_is_not_known_and_never_passed_over(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    path = tmp_path / "named"
    make(path)
    found = find_logs([path])
    assert found.logs == []
    (problem,) = found.problems
    assert said in problem.message


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the log is empty"),
        (b"hello\n", "no log of guardian-ci"),
        (b"PK\x03\x04 but no archive", "no archive that can be read"),
        (b"PK", "no archive that can be read"),
    ],
)
def test_a_file_that_was_named_and_is_no_log_is_an_error(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "named"
    path.write_bytes(data)
    with pytest.raises(LogError, match=said):
        find_logs([path])


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log.ndjson")
    with pytest.raises(LogError, match="neither a file nor a folder"):
        find_logs([tmp_path / "log.ndjson"])


@pytest.mark.parametrize("name", ["../log.ndjson", "/etc/log.ndjson", "a/../../log.ndjson", "..\\log.ndjson"])
def test_an_archive_with_a_path_that_leads_out_of_it_is_refused(log: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(LogError, match="leads out of it"):
        find_logs([archive(tmp_path / "a.zip", {name: log.read_bytes()})])


def test_an_archive_with_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("log.ndjson")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr(link, "/etc/passwd")
    with pytest.raises(LogError, match="symbolic link"):
        find_logs([tmp_path / "a.zip"])


def test_an_encrypted_log_is_refused(log: Path, tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"log.ndjson": log.read_bytes()})
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    path.write_bytes(data)
    with pytest.raises(LogError, match="encrypted"):
        find_logs([path])


def test_a_bomb_is_not_read_to_its_end(log: Path, tmp_path: Path) -> None:
    bomb = log.read_bytes() + b" " * (64 << 20) + b"\n"
    (read,) = find_logs([archive(tmp_path / "a.zip", {"log.ndjson": bomb})]).logs
    with pytest.raises(LogError, match="unfolds to more"):
        list(read)


def test_an_archive_that_says_it_is_huge_is_refused(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_UNPACKED", 1000)
    with pytest.raises(LogError, match="come to more than"):
        find_logs([archive(tmp_path / "a.zip", {"log.ndjson": log.read_bytes()})])


def test_a_log_that_is_packed_as_honest_logs_are_is_read(tmp_path: Path) -> None:
    made = RecordedLog(tmp_path / "log.ndjson").start()
    for _ in range(600):
        made.admitted().call()
    path = archive(tmp_path / "a.zip", {"log.ndjson": made.end().read_bytes()})
    assert path.stat().st_size < 200_000
    assert lines_in(path) == 2 + 2 * 600


@pytest.mark.parametrize("part", range(1, 16))
def test_a_damaged_archive_is_never_taken_for_a_whole_log(log: Path, tmp_path: Path, part: int) -> None:
    path = archive(tmp_path / "a.zip", {"log.ndjson": log.read_bytes()})
    data = bytearray(path.read_bytes())
    begin, end = 30 + len("log.ndjson"), data.index(b"PK\x01\x02")
    data[begin + (end - begin) * part // 16] ^= 0xFF
    path.write_bytes(data)
    try:
        found = find_logs([path])
        for read in found.logs:
            list(read)
    except LogError as error:
        assert "damaged" in str(error)  # noqa: PT017 - or it is told as a problem
    else:
        assert found.problems or any(read.problems for read in found.logs)


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_changed_in_an_archive_ends_in_logs_problems_or_an_error(
    log: Path, tmp_path: Path, data: st.DataObject
) -> None:
    path = archive(tmp_path / "a.zip", {"log.ndjson": log.read_bytes()})
    changed = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(changed[: data.draw(st.integers(0, len(changed)))])
    try:
        for read in find_logs([path]).logs:
            list(read)
    except LogError as error:
        assert str(path) in str(error)  # noqa: PT017 - most changes do no harm


def test_a_table_of_contents_that_would_fill_the_memory_is_not_loaded(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive(tmp_path / "a.zip", {"log.ndjson": log.read_bytes(), "b": b"", "c": b""})
    monkeypatch.setattr(sources, "MAX_DIRECTORY", 100)
    with pytest.raises(LogError, match="table of contents"):
        find_logs([path])
    # The size that counts is the one in the 64-bit record, where there is one.
    data = path.read_bytes()
    end = data.rindex(b"PK\x05\x06")
    big = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 3, 3, 1 << 40, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    path.write_bytes(data[:end] + big + locator + data[end : end + 12] + b"\xff" * 8 + b"\0\0")
    with pytest.raises(LogError, match="table of contents"):
        find_logs([path])


def test_an_archive_of_very_many_files_is_refused(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_MEMBERS", 2)
    with pytest.raises(LogError, match="more than 2 files"):
        find_logs([archive(tmp_path / "a.zip", {"log.ndjson": log.read_bytes(), "b": b"", "c": b""})])


def test_very_many_logs_are_refused(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_LOGS", 2)
    for number in range(3):
        (tmp_path / "made" / f"{number}.ndjson").write_bytes(log.read_bytes())
    with pytest.raises(LogError, match="more than 2 logs"):
        find_logs([tmp_path / "made"])


def test_a_log_that_is_a_symbolic_link_is_refused_where_nobody_named_it(log: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "log.ndjson").symlink_to(log)
    with pytest.raises(LogError, match="symbolic link"):
        find_logs([tmp_path / "folder"])
    assert lines_in(tmp_path / "folder" / "log.ndjson") == 4


@pytest.mark.parametrize("packed", [False, True])
def test_a_line_that_is_longer_than_any_record_is_refused(log: Path, tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "log.ndjson"
    with path.open("wb") as file:
        file.write(log.read_bytes())
        file.truncate((64 << 20) + (2 << 20))
    if packed:
        with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_STORED) as made:
            made.write(path, "log.ndjson")
        path = tmp_path / "a.zip"
    (read,) = find_logs([path]).logs
    with pytest.raises(LogError, match="a line is longer than 64 MiB"):
        list(read)


def test_a_line_of_more_values_than_any_record_holds_is_refused(log: Path, tmp_path: Path) -> None:
    path = tmp_path / "log.ndjson"
    path.write_bytes(log.read_bytes() + b'{"a":[' + b"[]," * (2 << 20) + b"[]]}\n")
    (read,) = find_logs([path]).logs
    with pytest.raises(LogError, match="more values than any record"):
        list(read)


def test_a_name_begins_no_line_of_its_own_and_steers_no_terminal(log: Path, tmp_path: Path) -> None:
    evil = "x\n::error::pwned\x1b[2J"
    archived = archive(tmp_path / "a.zip", {f"{evil}.ndjson": log.read_bytes(), f"{evil}.zip": b""})
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / f"{evil}.ndjson").write_bytes(log.read_bytes())
    (tmp_path / "folder" / f"{evil}2.ndjson").write_bytes(b"")
    found = find_logs([archived, tmp_path / "folder"])
    assert [sum(1 for _ in each) for each in found.logs] == [4, 4]
    names = [*(str(each.path) for each in found.logs), *(each.file + each.message for each in found.problems)]
    assert len(names) == 4
    assert all(name.isprintable() for name in names)


def test_archives_in_archives_are_not_opened(log: Path, tmp_path: Path) -> None:
    inner = archive(tmp_path / "inner.zip", {"log.ndjson": log.read_bytes()})
    found = find_logs([archive(tmp_path / "outer.zip", {"inner.zip": inner.read_bytes()})])
    assert found.logs == []
    assert [problem.message for problem in found.problems] == [
        "it is an archive inside an archive, which is not opened; unpack the outer one",
        "the archive holds no log (*.ndjson)",
    ]
