"""The start step: inputs are checked before anything is installed, and later steps get what they need."""

import importlib.util
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / ".github/scripts/start.py"


@pytest.fixture(scope="module")
def start() -> ModuleType:
    spec = importlib.util.spec_from_file_location("guardian_start", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run_step(folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the step as the composite does, in a workspace of its own."""
    workspace = folder / "workspace"
    workspace.mkdir()
    env = {"GUARDIAN_FOLDER": str(folder), "GUARDIAN_TOKEN": "gci-token", "GUARDIAN_PORT": "8080", **inputs}
    return subprocess.run(
        [sys.executable, "-I", str(SCRIPT)], cwd=workspace, env=env, capture_output=True, text=True, check=False
    )


def test_every_wrong_input_is_named_at_once_with_the_way_out(tmp_path: Path) -> None:
    step = run_step(
        tmp_path,
        GUARDIAN_POLICY="nowhere.yml",
        GUARDIAN_BUDGET_USD="-1",
        GUARDIAN_TOKEN_BUDGET="many",
        GUARDIAN_PORT="80800",
        GUARDIAN_OPENAI_UPSTREAM="gateway.example",
        GUARDIAN_GEMINI_API_KEY="a key",
    )
    assert step.returncode == 1
    problems = (tmp_path / "error.txt").read_text()
    for words in (
        'policy: there is no file "nowhere.yml"',
        "actions/checkout",
        'budget-usd: "-1" is not a number of dollars',
        'token-budget: "many" is not a whole number',
        'port: "80800" is not a port',
        'openai-upstream: "gateway.example" is not a base URL',
        "gemini-api-key: the given value is not a key",
    ):
        assert words in problems
    assert step.stdout.startswith("::error title=guardian-ci::")
    assert len(step.stdout.splitlines()) == 1
    assert "a key\n" not in step.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GUARDIAN_POLICY", "x\n::set-env name=PATH::/tmp"),
        ("GUARDIAN_BUDGET_USD", "1\n::warning::x"),
        ("GUARDIAN_ANTHROPIC_UPSTREAM", "http://a\nb"),
        ("GUARDIAN_OPENAI_UPSTREAM", "http://user:secret@host"),
    ],
)
def test_an_input_cannot_write_a_workflow_command_nor_show_a_password(tmp_path: Path, name: str, value: str) -> None:
    step = run_step(tmp_path, **{name: value})
    assert step.returncode == 1
    assert len(step.stdout.splitlines()) == 1
    assert "secret" not in step.stdout + step.stderr


def test_a_taken_port_is_refused_with_the_way_out(start: ModuleType) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(start.StartError, match="port: 0 for any that is free"):
            start.refuse_taken(other.getsockname()[1])


def test_provider_keys_reach_the_proxy_in_private_files_that_do_not_stay(
    start: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "the job's own")
    monkeypatch.setenv("GUARDIAN_ANTHROPIC_API_KEY", "sk-ant-real")
    monkeypatch.setenv("SOME_HEADER", "x-api-key: sk-ant-real")
    monkeypatch.setenv("RUNNER_TRACKING_ID", "github_1")
    inputs = checked(start, tmp_path, GUARDIAN_ANTHROPIC_API_KEY="sk-ant-real")
    with start.key_files(inputs) as files:
        env = start.proxy_environment(inputs, files)
        file = Path(env["ANTHROPIC_API_KEY_FILE"])
        assert file.read_text() == "sk-ant-real"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not file.exists()
    assert not any("sk-ant-real" in value for value in env.values())
    assert "OPENAI_API_KEY" not in env
    assert env["GUARDIAN_TOKEN"] == "gci-token"
    assert env["RUNNER_TRACKING_ID"] == "github_1"


def test_later_steps_get_the_token_for_each_key_that_the_proxy_holds(
    start: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*os.environ,):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GITHUB_ENV", str(tmp_path / "env"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    start.publish(checked(start, tmp_path, GUARDIAN_OPENAI_API_KEY="sk-real"), "http://127.0.0.1:8080")
    assert (tmp_path / "env").read_text().splitlines() == [
        "ANTHROPIC_BASE_URL=http://127.0.0.1:8080",
        "OPENAI_BASE_URL=http://127.0.0.1:8080/v1",
        "OPENAI_API_BASE=http://127.0.0.1:8080/v1",
        "GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8080",
        "OPENAI_API_KEY=gci-token",
        "CODEX_API_KEY=gci-token",
    ]
    assert (tmp_path / "output").read_text().startswith("base-url=http://127.0.0.1:8080\nlog=")


def test_behind_a_network_proxy_agents_reach_the_loopback_address_straight(
    start: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://corporate:3128")
    monkeypatch.setenv("NO_PROXY", ".corporate")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("GITHUB_ENV", str(tmp_path / "env"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    start.publish(checked(start, tmp_path), "http://127.0.0.1:8080")
    lines = (tmp_path / "env").read_text().splitlines()
    assert "NO_PROXY=.corporate,127.0.0.1" in lines
    assert "no_proxy=.corporate,127.0.0.1" in lines


def checked(start: ModuleType, folder: Path, **inputs: str) -> object:
    env = {"GUARDIAN_TOKEN": "gci-token", "GUARDIAN_PORT": "8080", **inputs}
    return start.read_inputs(env, folder)
