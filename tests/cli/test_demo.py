"""``guardian-ci demo``."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from guardian_ci.cli.main import main
from guardian_ci.demo import show


def test_the_demo_needs_nothing_and_succeeds_though_it_shows_violations(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "guardian_ci.cli.main", "demo", "--report-dir", str(tmp_path / "out")]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    for words in (
        "allowed_tools: [read_file, write_file, bash]",
        "DENIED   guardian_denied_web_fetch",
        "DENIED   guardian_denied_read_file",
        "cost_limit_exceeded",
        "guardian-ci FAIL 3 violations",
        "what the demo is for",
        str(tmp_path / "out" / "summary.md"),
        str(tmp_path / "out" / "junit.xml"),
    ):
        assert words in done.stdout
    assert "the demo took" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_program_can_read_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--json", "--report-dir", str(tmp_path)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is True
    assert [scene["ok"] for scene in document["scenes"]] == [True] * 4
    assert Path(document["reports"]["junit"]).exists()


def test_a_demo_that_does_not_show_what_it_should_says_so_and_exits_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show, "POLICY", "name: lax\n")
    assert main(["demo", "--report-dir", str(tmp_path)]) == 3
    shown = capsys.readouterr()
    assert "NOT AS IT SHOULD BE" in shown.out
    assert "the demo did not show what it should" in shown.err
