"""What the newest agents do otherwise becomes an issue's text; what only a run differs in does not."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / ".github/scripts/agent_drift.py"
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/drift.yml").read_text(encoding="utf-8"))
CELL = {"requests": 1, "seconds": 1, "exit": 1, "shown": True}


def agents(version: str = "1.0", **cells: Any) -> dict[str, Any]:
    return {"Claude Code": {"version": version, "cells": cells}}


def told(folder: Path, before: object, after: object, failed: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "before").write_text(json.dumps(before))
    (folder / "after").write_text(json.dumps(after))
    (folder / "failed").write_text(failed)
    command = [sys.executable, str(SCRIPT), "before", "after", "failed"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_another_version_and_another_time_are_nothing_to_tell(tmp_path: Path) -> None:
    done = told(tmp_path, agents("1.0", cut=CELL), agents("1.1", cut={**CELL, "seconds": 5}))
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("after", "line"),
    [
        (agents("1.1", cut={**CELL, "requests": 3}), "Claude Code 1.0 -> 1.1, cut: requests was 1 and is 3"),
        (agents("1.1"), "Claude Code 1.0 -> 1.1, cut: no result any more"),
        (agents("1.1", cut=CELL, denied={}), "Claude Code 1.0 -> 1.1, denied: a first result"),
        ({}, "Claude Code 1.0 -> not there, cut: no result any more"),
    ],
)
def test_a_change_is_told_in_a_line_of_a_block_of_code(tmp_path: Path, after: object, line: str) -> None:
    done = told(tmp_path, agents("1.0", cut=CELL), after)
    assert done.returncode == 0
    assert f"\n    {line}\n" in done.stdout


def test_a_test_that_failed_is_told(tmp_path: Path) -> None:
    done = told(tmp_path, agents(cut=CELL), agents(cut=CELL), failed="FAILED tests/matrix/test_x.py::test_y\n")
    assert "\n    FAILED tests/matrix/test_x.py::test_y\n" in done.stdout


def test_what_an_agent_wrote_into_its_results_cannot_leave_the_block_nor_fill_the_issue(tmp_path: Path) -> None:
    hostile = "x\n\n# @everyone\r<img src=x>\u202e" + "y" * 10_000
    cells = {f"{number}\n\n**bold**": {"exit": hostile} for number in range(1000)}
    done = told(tmp_path, agents(cut=CELL), agents(hostile, **cells), failed=hostile)
    head, body = done.stdout.split("\n\n", 1)
    block, _, tail = body.rpartition("\n\n")
    assert head.startswith("The newest agents")
    assert tail.startswith("To take them over")
    assert all(line.startswith("    ") and len(line) <= 204 for line in block.splitlines())
    assert len(block.splitlines()) == 201


@pytest.mark.parametrize("after", [[7], {"Claude Code": []}, {"Claude Code": {"cells": {"cut": 7}}}])
def test_results_that_are_none_are_an_error(tmp_path: Path, after: object) -> None:
    done = told(tmp_path, agents(cut=CELL), after)
    assert done.returncode == 2
    assert done.stdout.startswith("::error title=agent drift::after is no result of the matrix")


@pytest.mark.parametrize(
    ("exits", "open_issue", "done"),
    [(1, "", []), (0, "", ["issue list", "issue create"]), (0, "7", ["issue list", "issue edit 7"])],
    ids=["no change", "a change", "a change that is told of already"],
)
def test_the_workflow_opens_one_issue_and_renews_it(
    tmp_path: Path, exits: int, open_issue: str, done: list[str]
) -> None:
    before = json.loads((ROOT / "tests/matrix/results.json").read_text(encoding="utf-8"))
    before["Claude Code"]["cells"]["cut"]["exit"] = exits
    (tmp_path / "results.json").write_text(json.dumps(before))
    (tmp_path / "failed.txt").write_text("")
    gh = tmp_path / "gh"
    gh.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/asked\n[ "$2" != list ] || echo "{open_issue}"\n')
    gh.chmod(0o755)
    (step,) = [step for step in WORKFLOW["jobs"]["tell"]["steps"] if "run" in step]
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "MADE": str(tmp_path),
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "TITLE": step["env"]["TITLE"],
    }
    subprocess.run(["bash", "-eo", "pipefail", "-c", step["run"]], cwd=ROOT, env=environment, check=True)
    asked = (tmp_path / "asked").read_text().splitlines() if done else []
    assert [line[: len(start)] for line, start in zip(asked, done, strict=True)] == done
    assert (tmp_path / "summary.md").read_text()


def test_the_job_that_runs_the_newest_agents_may_write_nothing() -> None:
    assert WORKFLOW["permissions"] == {}
    assert WORKFLOW["jobs"]["run"]["permissions"] == {"contents": "read"}
    assert "tests/run" not in json.dumps(WORKFLOW["jobs"]["tell"])
