"""``guardian-ci gate``: arguments in, an exit code and reports out."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from recorded_log import RecordedLog
from shell import Shell

from guardian_ci.cli.main import main

OF_7: dict[str, Any] = {"facts": {"at": 1.5, "caller": {"session": "dev", "pull_request": "7"}}}


@pytest.fixture(autouse=True)
def no_pull_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_REF", raising=False)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A run of pull request 7 that cost half a dollar and 1,200 tokens."""
    return RecordedLog(tmp_path / "logs" / "log.ndjson").start().admitted(**OF_7).call(request_id="req-1").end()


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (["--limit-usd", "0.50"], 0),
        (["--limit-usd", "$0.50"], 0),
        (["--limit-usd", "0.4999999999"], 1),
        (["--limit-tokens", "1200"], 0),
        (["--limit-tokens", "1_199"], 1),
        (["--limit-usd", "9", "--limit-tokens", "1199"], 1),
        (["--limit-usd", "0"], 1),
    ],
)
def test_the_exit_code_says_whether_the_limit_holds(log: Path, limits: list[str], code: int) -> None:
    assert main(["gate", "--pull-request", "7", *limits, str(log)]) == code


@pytest.mark.parametrize(("unknown", "code"), [([], 1), (["--unknown", "fail"], 1), (["--unknown", "warn"], 0)])
def test_what_is_not_known_fails_unless_it_shall_only_warn(
    log: Path, capsys: pytest.CaptureFixture[str], unknown: list[str], code: int
) -> None:
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    assert main(["gate", "--pull-request", "7", "--limit-usd", "9", *unknown, str(log)]) == code
    assert "not known" in capsys.readouterr().out


def test_over_the_limit_fails_whatever_is_only_warned_of(log: Path) -> None:
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    assert main(["gate", "--pull-request", "7", "--limit-usd", "0.1", "--unknown", "warn", str(log)]) == 1


def test_reports_are_written_and_json_is_printed(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    junit, summary = tmp_path / "out" / "gate.xml", tmp_path / "out" / "gate.md"
    options = ["--junit", str(junit), "--summary", str(summary), "--json"]
    assert main(["gate", "--pull-request", "7", "--limit-usd", "0.1", *options, str(log.parent)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], told["over"], told["calls"]) == ("over", ["usd"], 1)
    assert summary.read_text().startswith(
        "## ❌ guardian-ci gate: pull request 7 is over its limit: &#36;0.5000 of &#36;0.10\n"
    )
    assert ET.parse(junit).getroot().find(".//failure") is not None


def test_the_pull_request_is_taken_from_the_environment_where_none_is_named(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_REF", "refs/pull/8/merge")
    assert main(["gate", "--limit-usd", "0", "--json", str(log)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["pull_request"], told["calls"], told["others"]["calls"]) == ("8", 0, 1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--pull-request", "7"], "a gate needs a limit"),
        (["--limit-usd", "1"], "no pull request is named"),
        (["--pull-request", "seven", "--limit-usd", "1"], "'seven' is no pull request"),
        (["--pull-request", "07", "--limit-usd", "1"], "'07' is no pull request"),
        (["--pull-request", "7", "--limit-usd", "-1"], "--limit-usd '-1' is no amount"),
        (["--pull-request", "7", "--limit-usd", "1e999999"], "is no amount"),
        (["--pull-request", "7", "--limit-usd", "nan"], "is no amount"),
        (["--pull-request", "7", "--limit-tokens", "1.5"], "is no number of tokens"),
        (["--pull-request", "7", "--limit-tokens", "9" * 5000], "is no number of tokens"),
    ],
)
def test_wrong_words_are_wrong_usage(
    log: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert main(["gate", *options, str(log)]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--assume=nobody", "--unknown=ignore"])
def test_words_that_are_no_choice_are_wrong_usage(log: Path, option: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["gate", "--pull-request", "7", "--limit-usd", "1", option, str(log)])
    assert ended.value.code == 2


def test_bad_input_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "foreign.txt").write_text("hello\n")
    assert main(["gate", "--pull-request", "7", "--limit-usd", "1", str(tmp_path / "foreign.txt")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("guardian-ci: ")
    assert "no log of guardian-ci" in line


@pytest.mark.parametrize(
    ("assume", "verdict"),
    [
        ([], "unknown"),
        (["--assume", "unknown"], "unknown"),
        (["--assume", "other"], "within"),
        (["--assume", "this"], "over"),
        (["--assume-pull-request"], "over"),
    ],
)
def test_calls_whose_log_names_no_pull_request_are_as_they_are_assumed(
    tmp_path: Path, assume: list[str], verdict: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log = RecordedLog(tmp_path / "log.ndjson").start().call().end()
    code = main(["gate", "--pull-request", "7", "--limit-usd", "0.1", "--json", *assume, str(log)])
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], told["failed"], code) == (verdict, verdict != "within", int(verdict != "within"))


def test_the_logs_of_real_runs_are_added_up_for_the_pull_request_that_they_were_charged_to(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, request in ((7, "refs/pull/7/merge"), (7, "refs/pull/7/merge"), (8, "refs/pull/8/merge")):
        assert shell.run("ask", GITHUB_REF=request)[0] == 0, number
    reports = shell.folder / "guardian-report"
    assert main(["gate", "--pull-request", "7", "--limit-usd", "1", "--json", str(reports)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["calls"], told["others"]["calls"], len(told["runs"])) == (2, 1, 3)
    assert told["spent"]["tokens"] == 2 * 27
    assert told["assumed"]["calls"] == 0
    assert main(["gate", "--pull-request", "7", "--limit-tokens", "53", str(reports)]) == 1
