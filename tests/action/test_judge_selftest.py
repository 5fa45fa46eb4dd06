"""The judge of the self-test: a job that must be red was red, and for its own reason."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

JUDGE = Path(__file__).resolve().parents[2] / ".github/scripts/judge_selftest.py"
RED = '<testsuites><testsuite name="s"><testcase name="cost_limit"><failure/></testcase></testsuite></testsuites>'
GREEN = '<testsuites><testsuite name="s"><testcase name="cost_limit"/></testsuite></testsuites>'


def judge(folder: Path, jobs: dict[str, str], artifacts: dict[str, str]) -> subprocess.CompletedProcess[str]:
    lines = [json.dumps({"name": name, "conclusion": conclusion}) for name, conclusion in jobs.items()]
    (folder / "jobs").write_text("\n".join(lines))
    (folder / "artifacts").mkdir()
    for name, junit in artifacts.items():
        (folder / "artifacts" / name).mkdir()
        (folder / "artifacts" / name / "junit.xml").write_text(junit)
    command = [sys.executable, str(JUDGE), "jobs", "artifacts"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_jobs_that_ended_as_they_must_are_no_mistake(tmp_path: Path) -> None:
    judged = judge(
        tmp_path,
        {"a, must end in success": "success", "b, must end in failure": "failure", "judge": "failure"},
        {"selftest-nothing-0": GREEN, "selftest-cost_limit-1": RED},
    )
    assert (judged.returncode, judged.stdout) == (0, "")


@pytest.mark.parametrize(
    ("jobs", "artifacts", "mistake"),
    [
        ({"b, must end in failure": "success"}, {"selftest-cost_limit-0": RED}, "but ended in success"),
        ({"b, must end in failure": "failure"}, {"selftest-tool_allowlist-0": RED}, "failed rules are [cost_limit]"),
        ({"b, must end in failure": "failure"}, {"selftest-cost_limit-0": GREEN}, "failed rules are []"),
        ({"b, must end in failure": "failure"}, {}, "no artifact was uploaded"),
        ({"judge": "success"}, {"selftest-nothing-0": GREEN}, "no job was judged"),
    ],
)
def test_a_mistake_is_named_and_fails(
    tmp_path: Path, jobs: dict[str, str], artifacts: dict[str, str], mistake: str
) -> None:
    judged = judge(tmp_path, jobs, artifacts)
    assert judged.returncode == 1
    assert mistake in judged.stdout
