"""The log is whole up to its last line, and no log is ever lost."""

import errno
import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from guardian_ci.audit.reader import read_log
from guardian_ci.audit.writer import LogWriter
from guardian_ci.errors import StartError, StoreError

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "reports" / "log.ndjson"


def written(path: Path, run_id: str = "run-1", *kinds: str) -> Path:
    writer = LogWriter(path, run_id)
    for kind in kinds or ("run_started", "run_ended"):
        writer.write(kind, NOON, {})
    writer.close()
    return path


def test_lines_are_on_disk_when_write_returns(path: Path) -> None:
    writer = LogWriter(path, "run-1")
    writer.write("run_started", NOON, {"pid": 1})
    writer.write("notice", NOON, {"message": "two\nlines"})
    assert [json.loads(line)["type"] for line in path.read_bytes().splitlines()] == ["run_started", "notice"]
    writer.close()


def test_each_line_is_one_write(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = LogWriter(path, "run-1")
    writes = []
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: writes.append(data) or real(fd, data))
    writer.write("notice", NOON, {"message": "x" * 3_000_000})
    assert len(writes) == 1
    writer.close()


def test_the_log_is_for_its_user_alone(path: Path) -> None:
    assert stat.S_IMODE(written(path).stat().st_mode) == 0o600


def test_an_earlier_log_is_moved_aside_by_the_name_of_its_run(path: Path) -> None:
    before = written(path, "run-1").read_bytes()
    writer = LogWriter(path, "run-2")
    writer.close()
    aside = path.with_name("log.run-1.ndjson")
    assert writer.moved_aside == aside
    assert aside.read_bytes() == before
    assert path.read_bytes() == b""


def test_a_second_log_of_the_same_run_gets_a_number(path: Path) -> None:
    for _ in range(3):
        written(path, "run-1")
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "log.ndjson",
        "log.run-1-2.ndjson",
        "log.run-1.ndjson",
    ]


def test_a_file_that_is_no_log_is_moved_aside_by_its_time(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("my notes")
    os.utime(path, (0, 0))
    written(path)
    assert path.with_name("log.19700101T000000Z.ndjson").read_text() == "my notes"


def test_the_name_of_a_run_cannot_lead_out_of_the_folder(path: Path) -> None:
    written(path, "../../etc/passwd")
    written(path, "run-2")
    assert path.with_name("log.-etc-passwd.ndjson").exists()


def test_an_empty_file_makes_way(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    written(path)
    assert [file.name for file in path.parent.iterdir()] == ["log.ndjson"]


def test_a_symbolic_link_is_never_followed(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("keep me")
    path.parent.mkdir()
    path.symlink_to(target)
    with pytest.raises(StartError, match=r"symbolic link.*--log"):
        LogWriter(path, "run-1")
    assert target.read_text() == "keep me"


def test_a_dangling_link_is_not_followed_either(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(StartError, match="symbolic link"):
        LogWriter(path, "run-1")


def test_what_is_no_plain_file_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StartError, match="no plain file"):
        LogWriter(path, "run-1")


def test_a_path_below_a_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match="--log"):
        LogWriter(tmp_path / "file" / "log.ndjson", "run-1")


def test_a_log_that_another_proxy_writes_is_left_to_it(path: Path) -> None:
    first = LogWriter(path, "run-1")
    first.write("run_started", NOON, {})
    with pytest.raises(StartError, match="another guardian-ci"):
        LogWriter(path, "run-2")
    first.write("run_ended", NOON, {})
    first.close()
    assert len(path.read_bytes().splitlines()) == 2


@pytest.mark.parametrize(
    ("code", "way_out"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "no permission"), (errno.EROFS, "read-only"), (errno.EIO, "error")],
)
def test_a_write_that_fails_names_the_way_out(
    path: Path, monkeypatch: pytest.MonkeyPatch, code: int, way_out: str
) -> None:
    writer = LogWriter(path, "run-1")

    def fail(fd: int, data: bytes) -> int:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", fail)
        with pytest.raises(StoreError, match=way_out):
            writer.write("run_started", NOON, {})
    writer.write("run_started", NOON, {})
    writer.write("run_ended", NOON, {})
    writer.close()
    log = read_log(path)
    assert [line.seq for line in log] == [0, 1]
    assert log.problems == []


def test_a_write_that_the_disk_takes_a_part_of_leaves_no_torn_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = LogWriter(path, "run-1")
    writer.write("run_started", NOON, {})
    whole = path.read_bytes()
    real = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda fd, data: real(fd, data[:10]))
        with pytest.raises(StoreError, match="disk is full"):
            writer.write("notice", NOON, {})
    assert path.read_bytes() == whole
    writer.write("run_ended", NOON, {})
    writer.close()
    log = read_log(path)
    assert [line.type for line in log] == ["run_started", "run_ended"]
    assert log.problems == []


def test_closing_twice_is_closing_once(path: Path) -> None:
    writer = LogWriter(path, "run-1")
    writer.close()
    writer.close()


class TestGoingOn:
    """Where the proxy of a run has died, another goes on in its log."""

    def test_the_chain_goes_on(self, path: Path) -> None:
        written(path, "run-1", "run_started", "notice")
        writer = LogWriter(path, "run-1", go_on=True)
        writer.write("run_ended", NOON, {})
        writer.close()
        log = read_log(path)
        assert [line.seq for line in log] == [0, 1, 2]
        assert log.problems == []

    @pytest.mark.parametrize("length", [1, 100, 300_000])
    def test_a_line_that_was_torn_never_had_an_effect_and_goes(self, path: Path, length: int) -> None:
        writer = LogWriter(path, "run-1")
        writer.write("run_started", NOON, {})
        writer.write("notice", NOON, {"message": "x" * 300_000})  # longer than one look from the end
        writer.close()
        with path.open("ab") as file:
            file.write(b"{" * length)
        writer = LogWriter(path, "run-1", go_on=True)
        writer.write("run_ended", NOON, {})
        writer.close()
        log = read_log(path)
        assert [line.type for line in log] == ["run_started", "notice", "run_ended"]
        assert log.problems == []

    @pytest.mark.parametrize(
        ("run_id", "kinds", "behind"),
        [("run-2", (), b""), ("run-1", ("run_ended",), b""), ("run-1", (), b"no record\n"), ("run-1", (), b"[]\n")],
        ids=["another run's", "ended", "foreign", "foreign JSON"],
    )
    def test_what_is_no_log_of_this_run_is_left_as_it_is(
        self, path: Path, run_id: str, kinds: tuple[str, ...], behind: bytes
    ) -> None:
        written(path, "run-1", "run_started", *kinds)
        with path.open("ab") as file:
            file.write(behind)
        before = path.read_bytes()
        with pytest.raises(StartError, match="cannot be gone on with"):
            LogWriter(path, run_id, go_on=True)
        assert path.read_bytes() == before

    def test_a_log_that_is_gone_or_empty_is_no_beginning(self, path: Path) -> None:
        with pytest.raises(StartError, match="cannot be made"):
            LogWriter(path, "run-1", go_on=True)
        path.parent.mkdir()
        path.touch()
        with pytest.raises(StartError, match="cannot be gone on with"):
            LogWriter(path, "run-1", go_on=True)

    def test_one_that_still_lives_is_not_written_beside(self, path: Path) -> None:
        first = LogWriter(path, "run-1")
        first.write("run_started", NOON, {})
        with pytest.raises(StartError, match="another guardian-ci"):
            LogWriter(path, "run-1", go_on=True)
        first.close()
