"""The post hook, run as the runner runs it: what it prepares, and how it ends a job that has no whole log."""

import json
import os
import shutil
import stat
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import pytest
from results_service import ResultsService, serving

ROOT = Path(__file__).resolve().parents[2]
HOOK = ROOT / ".github/actions/post/dist/index.cjs"
NODE = shutil.which("node", path=f"{ROOT / 'tests/agents/node_modules/.bin'}:{os.environ['PATH']}")


@dataclass(kw_only=True)
class Runner:
    """What the runner keeps between the two stages of the hook."""

    folder: Path
    env: dict[str, str]

    def stage(self, **env: str) -> subprocess.CompletedProcess[str]:
        assert NODE, "there is no node: run tests/run once"
        for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"):
            (self.folder / name).touch()
            self.env[name] = str(self.folder / name)
        return subprocess.run(
            [NODE, HOOK], env=self.env | env, cwd=self.folder, capture_output=True, text=True, check=False, timeout=60
        )

    def main(self, **env: str) -> subprocess.CompletedProcess[str]:
        inputs = {"INPUT_ARTIFACT-NAME": "guardian-job-0", "INPUT_FAIL-ON": "violation"}
        return self.stage(**(inputs | env))

    def post(self, **env: str) -> subprocess.CompletedProcess[str]:
        state = {f"STATE_{name}": value for name, value in self.values("GITHUB_STATE").items()}
        return self.stage(**(state | env))

    def values(self, file: str) -> dict[str, str]:
        """Read one of the runner's files: ``name<<delimiter``, the value, the delimiter."""
        lines = iter((self.folder / file).read_text().splitlines())
        found = {}
        for line in lines:
            name, delimiter = line.split("<<")
            value = []
            while (part := next(lines)) != delimiter:
                value.append(part)
            found[name] = "\n".join(value)
        return found

    @property
    def run_folder(self) -> Path:
        return Path(json.loads(self.values("GITHUB_STATE")["guardian"])["folder"])


@pytest.fixture
def service() -> object:
    with serving() as results:
        yield results


@pytest.fixture
def runner(tmp_path: Path, service: ResultsService) -> Runner:
    env = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path), **service.environment}
    return Runner(folder=tmp_path, env=env)


def python_stand_in(path: Path, version: str, *, pip: bool = True) -> Path:
    """Write a program that answers the hook's question as a Python of that version would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nprintf '%s\\n' {path} {version} {pip}\n")
    path.chmod(0o755)
    return path


def test_main_gives_a_private_folder_a_token_and_a_python(runner: Runner) -> None:
    stage = runner.main()
    assert stage.returncode == 0, stage.stdout
    outputs = runner.values("GITHUB_OUTPUT")
    assert stat.S_IMODE(Path(outputs["folder"]).stat().st_mode) == 0o700
    assert Path(outputs["python"]).is_absolute()
    assert outputs["token"].startswith("gci-")
    assert f"::add-mask::{outputs['token']}" in stage.stdout


def test_the_python_of_a_setup_step_comes_first(runner: Runner, tmp_path: Path) -> None:
    chosen = python_stand_in(tmp_path / "setup/bin/python3", "3.13")
    runner.main(pythonLocation=str(tmp_path / "setup"))
    assert runner.values("GITHUB_OUTPUT")["python"] == str(chosen)


def test_the_newest_python_of_the_tool_cache_is_taken_where_the_path_has_none(runner: Runner, tmp_path: Path) -> None:
    python_stand_in(tmp_path / "bin/python3", "3.10")
    python_stand_in(tmp_path / "cache/Python/3.9.1/x64/bin/python3", "3.9")
    newest = python_stand_in(tmp_path / "cache/Python/3.14.0/x64/bin/python3", "3.14")
    runner.main(PATH=str(tmp_path / "bin"), RUNNER_TOOL_CACHE=str(tmp_path / "cache"))
    assert runner.values("GITHUB_OUTPUT")["python"] == str(newest)


def test_without_a_python_the_job_is_told_what_was_seen_and_the_way_out(runner: Runner, tmp_path: Path) -> None:
    old = python_stand_in(tmp_path / "bin/python3", "3.10")
    bare = python_stand_in(tmp_path / "bin/python", "3.12", pip=False)
    stage = runner.main(PATH=str(tmp_path / "bin"))
    assert stage.returncode == 1
    assert f"{old} is 3.10; {bare} has no pip" in stage.stdout
    assert "actions/setup-python" in stage.stdout
    assert runner.values("GITHUB_OUTPUT") == {}
    assert "No Python 3.11" in (runner.run_folder / "error.txt").read_text()


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"INPUT_FAIL-ON": "nevr"}, 'fail-on is "nevr"; write "violation"'),
        ({"INPUT_ARTIFACT-NAME": "a/b"}, 'artifact-name is "a/b"'),
    ],
)
def test_a_wrong_input_is_refused_and_still_reported_at_the_end(
    runner: Runner, service: ResultsService, env: dict[str, str], words: str
) -> None:
    stage = runner.main(**env)
    assert stage.returncode == 1
    assert words in stage.stdout
    assert runner.post().returncode == 1
    assert "violation" in (runner.folder / "GITHUB_STEP_SUMMARY").read_text()


def test_a_proxy_that_never_started_is_a_violation_with_all_reports(runner: Runner, service: ResultsService) -> None:
    runner.main()
    why = 'policy.yml:2:3: allowd_tools: unknown "key" <b> & ```\n::error::not a command\x1b[31m\x00 ]]>'
    (runner.run_folder / "error.txt").write_text(why)
    stage = runner.post()

    assert stage.returncode == 1
    assert runner.values("GITHUB_ENV") == {"GUARDIAN_VERDICT": "violation"}
    summary = (runner.folder / "GITHUB_STEP_SUMMARY").read_text()
    assert summary.startswith("## ❌ guardian-ci: violation\n")
    assert "\n````text\n" in summary  # a longer fence than any in the text
    files = service.artifact("guardian-job-0")
    assert files["summary.md"].decode() == summary
    failure = ET.fromstring(files["junit.xml"]).find("testsuite/testcase[@name='run_integrity']/failure")
    assert failure is not None
    assert 'unknown "key" <b> & ```' in (failure.text or "")
    commands = [line for line in stage.stdout.splitlines() if line.startswith("::error")]
    assert len(commands) == 1
    assert commands[0].startswith("::error title=guardian-ci%3A run_integrity::policy.yml:2:3: allowd_tools")


def test_fail_on_never_lets_the_job_pass_and_still_says_violation(runner: Runner) -> None:
    runner.main(**{"INPUT_FAIL-ON": "never"})
    stage = runner.post()
    assert stage.returncode == 0
    assert runner.values("GITHUB_ENV") == {"GUARDIAN_VERDICT": "violation"}
    assert "::warning title=guardian-ci::A violation was found" in stage.stdout


def test_inputs_of_the_end_of_the_job_are_not_believed(runner: Runner) -> None:
    runner.main()
    assert runner.post(**{"INPUT_FAIL-ON": "never"}).returncode == 1


def test_the_proxy_s_own_output_is_shown_but_never_obeyed(runner: Runner) -> None:
    runner.main()
    (runner.run_folder / "proxy.txt").write_text("Traceback\n::add-mask::e\n::set-env name=PATH::/tmp\r::error::x\n")
    lines = runner.post().stdout.replace("\r", "\n").splitlines()
    assert "| ::add-mask::e" in lines
    assert not {"::add-mask::e", "::set-env name=PATH::/tmp", "::error::x"} & set(lines)


def test_a_log_that_is_no_log_is_a_violation(runner: Runner, service: ResultsService) -> None:
    runner.main()
    (runner.run_folder / "log.ndjson").write_text("not a log\n")
    stage = runner.post()
    assert stage.returncode == 1
    assert b"run_integrity" in service.artifact("guardian-job-0")["junit.xml"]


def test_an_artifact_that_cannot_be_uploaded_is_a_warning_beside_the_verdict(runner: Runner) -> None:
    runner.main()
    stage = runner.post(ACTIONS_RUNTIME_TOKEN="")
    assert stage.returncode == 1
    assert "::warning title=guardian-ci::The artifact guardian-job-0 was not uploaded" in stage.stdout
    assert runner.values("GITHUB_ENV") == {"GUARDIAN_VERDICT": "violation"}
