"""``guardian-ci report`` writes what it is asked for, and its exit code is the verdict."""

import io
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from recorded_log import RecordedLog, finding

from guardian_ci.cli.main import main


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return RecordedLog(tmp_path / "clean" / "log.ndjson").start().call().end()


@pytest.fixture
def red(tmp_path: Path) -> Path:
    return RecordedLog(tmp_path / "red" / "log.ndjson").start().refused(finding()).end()


def test_a_clean_log_ends_with_0_and_a_word_to_people(clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(clean)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("guardian-ci PASS no violation\n")
    assert err == ""


def test_a_violation_ends_with_1(red: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(red)]) == 1
    assert "violation tool_allowlist" in capsys.readouterr().out


def test_each_report_goes_where_it_is_asked_to(red: Path, tmp_path: Path) -> None:
    junit, summary = tmp_path / "out" / "results.xml", tmp_path / "out" / "job.md"
    assert main(["report", str(red), "--junit", str(junit), "--summary", str(summary)]) == 1
    assert ET.parse(junit).getroot().get("failures") == "1"
    assert summary.read_text().startswith("## ❌ guardian-ci: 1 violation: tool_allowlist")


def test_a_report_folder_holds_the_three_files(red: Path, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    assert main(["report", str(red), "--report-dir", str(folder)]) == 1
    assert sorted(file.name for file in folder.iterdir()) == ["junit.xml", "log.ndjson", "summary.md"]


def test_json_is_for_programs(red: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(red), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["violations"]["by_rule"] == {"tool_allowlist": 1}


def test_annotations_are_workflow_commands_and_nothing_else(red: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(red), "--annotations"]) == 1
    assert all(line.startswith(("::error ", "::notice ")) for line in capsys.readouterr().out.splitlines())


def test_several_logs_are_one_report(
    clean: Path, red: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(clean), str(red), "--report-dir", str(tmp_path / "both"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["calls"]["total"] == 2
    assert (tmp_path / "both" / "log.ndjson").read_bytes() == clean.read_bytes()
    assert (tmp_path / "both" / "log-2.ndjson").read_bytes() == red.read_bytes()


@pytest.mark.parametrize("left", ["", "torn"])
def test_a_log_without_its_end_is_a_violation(clean: Path, left: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = clean.read_text().splitlines(keepends=True)
    clean.write_text("".join(lines[:-1]) + left)
    assert main(["report", str(clean)]) == 1
    assert "run_integrity" in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, "", "hello\n"])
def test_no_log_of_ours_is_2_with_its_place_and_the_way_out(
    tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.ndjson"
    if content is not None:
        path.write_text(content)
    assert main(["report", str(path), "--junit", str(tmp_path / "junit.xml")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"guardian-ci: {path}:")
    assert "name the" in err
    assert not (tmp_path / "junit.xml").exists()


@pytest.mark.parametrize("content", [None, "", "hello\n"])
def test_a_log_that_was_expected_and_is_none_is_a_violation_in_every_report(
    tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path, folder = tmp_path / "log.ndjson", tmp_path / "report"
    if content is not None:
        path.write_text(content)
    asked = ["--expect-log", "--reason", "the port was taken", "--report-dir", str(folder), "--annotations"]
    assert main(["report", str(path), *asked]) == 1
    assert "::error title=guardian-ci%3A run_integrity::" in capsys.readouterr().out
    assert "the port was taken" in (folder / "summary.md").read_text()
    assert ET.parse(folder / "junit.xml").getroot().get("failures") == "1"


def test_an_expected_log_that_is_there_is_judged_by_what_it_says(clean: Path) -> None:
    assert main(["report", str(clean), "--expect-log", "--reason", "unused"]) == 0


def test_a_reason_without_an_expectation_is_wrong_usage(clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(clean), "--reason", "x"]) == 2
    assert "--expect-log" in capsys.readouterr().err


def test_json_and_annotations_exclude_each_other(clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_of:
        main(["report", str(clean), "--json", "--annotations"])
    assert exit_of.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_3(clean: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(clean), "--junit", str(clean / "junit.xml")]) == 3
    assert "cannot be written" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "head"),
    [
        ({}, "guardian-ci \033[31;1mFAIL\033[0m"),
        ({"NO_COLOR": ""}, "guardian-ci \033[31;1mFAIL\033[0m"),
        ({"NO_COLOR": "1"}, "guardian-ci FAIL"),
        ({"TERM": "dumb"}, "guardian-ci FAIL"),
    ],
)
def test_colour_is_for_a_terminal_that_wants_it(
    red: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], head: str
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    assert main(["report", str(red)]) == 1
    assert terminal.getvalue().startswith(head)


def test_a_terminal_that_knows_ascii_only_gets_every_word(tmp_path: Path) -> None:
    log = RecordedLog(tmp_path / "log.ndjson").start().call(findings=[finding(message="é漢🎉")]).end()
    done = subprocess.run(
        [sys.executable, "-m", "guardian_ci.cli.main", "report", str(log)],
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert b"\\u6f22" in done.stdout
