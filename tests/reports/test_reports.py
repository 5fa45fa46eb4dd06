"""A report folder holds the JUnit file, the summary and the log."""

import stat
from pathlib import Path

import pytest
from recorded_log import RecordedLog

from guardian_ci.audit.reader import Problem
from guardian_ci.errors import LogError, StartError
from guardian_ci.reports import FILES, REPORTS, write_reports, write_text


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return RecordedLog(tmp_path / "run" / "log.ndjson").start().call().end()


def test_the_folder_is_made_and_filled(log: Path, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "report"
    summary = write_reports(log, folder)
    assert summary.verdict == "clean"
    assert sorted(file.name for file in folder.iterdir()) == ["junit.xml", "log.ndjson", "summary.md"]
    assert (folder / "log.ndjson").read_bytes() == log.read_bytes()
    assert stat.S_IMODE((folder / "log.ndjson").stat().st_mode) == 0o600
    for name, report in FILES.items():
        assert (folder / name).read_text() == REPORTS[report].render(summary)


def test_a_log_that_is_there_already_stays_as_it_is(log: Path) -> None:
    before = log.read_bytes()
    write_reports(log, log.parent)
    assert log.read_bytes() == before


def test_what_the_caller_knows_to_be_wrong_is_a_violation(log: Path, tmp_path: Path) -> None:
    problem = Problem(kind="no_end", file=str(log), line=0, message="the proxy was killed")
    assert write_reports(log, tmp_path / "report", problems=[problem]).verdict == "violation"


def test_without_a_log_there_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no such log"):
        write_reports(tmp_path / "log.ndjson", tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_a_report_replaces_an_older_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("old and longer")
    write_text(path, "new")
    assert path.read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["summary.md"]


def test_a_report_goes_where_a_link_points(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_text(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "text"


def test_what_is_no_plain_file_is_written_to_and_not_replaced() -> None:
    write_text(Path("/dev/null"), "text")
    assert not Path("/dev/null").is_file()


def test_a_report_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match=r"the report .*file/junit\.xml cannot be written"):
        write_text(tmp_path / "file" / "junit.xml", "x")
