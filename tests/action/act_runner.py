"""Jobs with the action in them, run by act on this machine: no container, no network, a clean environment.

act knows no ``$/`` references, so the action is staged with the hook's full name. It also ends no process that a
job leaves behind, so a test can see for itself whether the proxy is gone.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from results_service import serving

ROOT = Path(__file__).resolve().parents[2]
AGENTS = ROOT / "tests/agents/node_modules"
ACTION = "guardian-runtime/guardian-ci@v1"
KEY = "sk-ant-api03-the-real-key-of-the-provider"

Step = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job that came to its end, as its owner sees it. ``out`` is the folder that its steps could write to."""

    exit_code: int
    output: str
    summary: str
    verdict: str
    artifact: Mapping[str, bytes]
    out: Path

    @property
    def log(self) -> list[dict[str, object]]:
        """Return the lines of the uploaded log."""
        return [json.loads(line) for line in self.artifact["log.ndjson"].splitlines()]

    @property
    def failures(self) -> dict[str, str]:
        """Return the failed cases of the uploaded JUnit results, by name."""
        cases = ET.fromstring(self.artifact["junit.xml"]).iter("testcase")
        found = ((str(case.get("name")), case.find("failure")) for case in cases)
        return {name: f"{failure.get('message')} {failure.text}" for name, failure in found if failure is not None}

    def calls(self) -> list[dict[str, object]]:
        """Return the records of the calls."""
        return [line for line in self.log if line["type"] == "call"]


def stage_action(folder: Path) -> Path:
    """Copy what a release of the action holds, as act can run it, into a repository of its own."""
    for name in ("action.yml", "requirements.txt", "guardian_ci", "schemas", ".github"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / name)
    action = folder / "action.yml"
    text = action.read_text()
    assert "uses: $/.github/actions/post\n" in text
    action.write_text(text.replace("$/.github/actions/post", "guardian-runtime/guardian-ci/.github/actions/post@v1"))
    commit(folder)
    return folder


def programs(folder: Path) -> Path:
    """Make a folder with what a runner has on its path beside the system's: node 24, a Python, and the agent."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
    folder.mkdir(parents=True)
    for name, target in {
        "node": AGENTS / f"node-linux-{machine}/bin/node",
        "codex": next((AGENTS / f"@openai/codex-linux-{machine}/vendor").glob("*/bin/codex")),
        "claude": AGENTS / f"@anthropic-ai/claude-code-linux-{machine}/claude",
        "python3": Path(sys.base_prefix) / "bin/python3",
    }.items():
        assert target.exists(), f"{target} is not there: run tests/run once"
        (folder / name).symlink_to(target)
    return folder


def commit(folder: Path) -> None:
    """Make a folder a repository with one commit."""
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "init.defaultBranch=main"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "test"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)


def claude(script: Sequence[Mapping[str, object]], *, words: str = "Do the task.", **step: object) -> Step:
    """Write a step that runs Claude Code on a prompt whose answers are scripted."""
    prompt = f"{words} demo-script: {json.dumps(script)}"
    return {
        "run": 'claude -p "$PROMPT" --dangerously-skip-permissions',
        "env": {"PROMPT": prompt},
        **step,
    }


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Runs jobs: one at a time, each in a workspace and a home of its own."""

    folder: Path
    action: Path
    path: str
    upstream: str
    pip_cache: Path

    def run(
        self,
        steps: Sequence[Step],
        *,
        policy: str = "",
        inputs: Mapping[str, str] | None = None,
        path: str | None = None,
    ) -> Job:
        """Run a job: the action with these inputs, then the steps."""
        workspace, home, out = (self.folder / name for name in ("workspace", "home", "out"))
        for folder in (workspace / ".github/workflows", home, out):
            folder.mkdir(parents=True)
        given = {"anthropic-api-key": "${{ secrets.KEY }}", "anthropic-upstream": self.upstream, "port": "0"}
        if policy:
            (workspace / "guardian.yml").write_text(policy)
            given["policy"] = "guardian.yml"
        action = {"id": "guardian", "uses": ACTION, "with": given | dict(inputs or {})}
        job = {"runs-on": "ubuntu-latest", "steps": [{"uses": "actions/checkout@v7"}, action, *steps]}
        (workspace / ".github/workflows/ci.yml").write_text(yaml.safe_dump({"on": "push", "jobs": {"agent": job}}))
        commit(workspace)
        with serving() as service:
            act = subprocess.run(
                self._command({**service.environment, "OUT": str(out)}),
                cwd=workspace,
                env=self._environment(home, path or self.path),
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
            name = "guardian-agent-"  # act knows no strategy.job-index
            artifact = service.artifact(name) if name in service.finalized else {}
        events = [json.loads(line) for line in act.stdout.splitlines() if line.startswith("{")]
        return Job(
            exit_code=act.returncode,
            output="\n".join(str(event.get("msg", "")).rstrip("\n") for event in events),
            summary=_last(events, "summary", "content"),
            verdict=_last([event for event in events if event.get("name") == "GUARDIAN_VERDICT"], "set-env", "arg"),
            artifact=artifact,
            out=out,
        )

    def _command(self, env: Mapping[str, str]) -> list[str]:
        command = [str(Path(sys.executable).parent / "act"), "push", "--json", "--secret", f"KEY={KEY}"]
        command += ["--platform", "ubuntu-latest=-self-hosted", "--local-repository", f"{ACTION}={self.action}"]
        command += ["--use-new-action-cache", "--no-cache-server", "--action-offline-mode"]
        for name, value in env.items():
            command += ["--env", f"{name}={value}"]
        return command

    def _environment(self, home: Path, path: str) -> dict[str, str]:
        # act's own environment leaks into steps: only what the package client of this machine needs may.
        kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_CERT_"))}
        return {**kept, "HOME": str(home), "PATH": path, "PIP_CACHE_DIR": str(self.pip_cache)}


def _last(events: Sequence[Mapping[str, object]], command: str, field: str) -> str:
    found = [str(event.get(field, "")) for event in events if event.get("command") == command]
    return found[-1] if found else ""
