"""The start step: inputs are checked before anything is installed, and later steps get what they need."""

import importlib.util
import os
import socket
import stat
import subprocess
import sys
import sysconfig
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


@pytest.mark.parametrize(
    ("policy", "file"),
    [
        ("cost_limit_usd: 5\n", "requirements.txt"),
        ("upstreams: {bedrock: {region: us-east-1, models: [claude-*]}}\n", "requirements-clouds.txt"),
        ("upstreams:\n  eu: {kind: vertex, project: p, location: eu}\n", "requirements-clouds.txt"),
    ],
)
def test_what_a_cloud_needs_is_installed_where_the_policy_speaks_of_one(
    start: ModuleType, tmp_path: Path, policy: str, file: str
) -> None:
    (tmp_path / "guardian.yml").write_text(policy)
    assert start.requirements_of(str(tmp_path / "guardian.yml")) == ROOT / file
    assert (ROOT / file).exists()
    assert start.requirements_of("") == ROOT / "requirements.txt"


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


@pytest.fixture
def site(start: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Stand in for the folder of installed requirements, and for what the runner gives a step."""
    (tmp_path / "site").symlink_to(sysconfig.get_path("purelib"))
    for name in (*os.environ,):
        if name.lower().endswith("_proxy") or name.endswith("_API_KEY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GITHUB_ENV", str(tmp_path / "env"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))


@pytest.mark.usefixtures("site")
def test_later_steps_get_what_the_named_agents_need_from_the_one_table(start: ModuleType, tmp_path: Path) -> None:
    inputs = checked(start, tmp_path, GUARDIAN_OPENAI_API_KEY="sk-real", GUARDIAN_AGENTS="none", GUARDIAN_SESSION="x")
    base = "http://127.0.0.1:8080"
    start.publish(inputs, base, start.agents_environment(inputs, base))
    assert (tmp_path / "env").read_text().splitlines() == [
        f"ANTHROPIC_BASE_URL={base}/s/x",
        f"ANTHROPIC_API_BASE={base}/s/x",
        f"OPENAI_BASE_URL={base}/s/x/v1",
        f"OPENAI_API_BASE={base}/s/x/v1",
        f"GOOGLE_GEMINI_BASE_URL={base}/s/x",
        "OPENAI_API_KEY=gci-token",
        "CODEX_API_KEY=gci-token",
        "NO_PROXY=127.0.0.1,localhost,::1",
        "no_proxy=127.0.0.1,localhost,::1",
    ]
    assert (tmp_path / "output").read_text().startswith(f"base-url={base}\nlog=")


@pytest.mark.usefixtures("site")
def test_without_names_all_agents_are_set_up_in_the_runs_folder(
    start: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLAUDE_CODE_USE_FOUNDRY", "1")
    monkeypatch.setenv("NO_PROXY", ".corporate")
    lines = start.agents_environment(checked(start, tmp_path, GUARDIAN_AGENTS=" \n"), "http://127.0.0.1:8080")
    environment = dict(line.split("=", 1) for line in lines.splitlines())
    assert environment["CODEX_HOME"] == str(tmp_path / "agents" / "codex")
    assert (tmp_path / "agents" / "codex" / "config.toml").exists()
    assert environment["CLAUDE_CODE_USE_FOUNDRY"] == ""
    assert environment["NO_PROXY"] == ".corporate,127.0.0.1,localhost,::1"
    assert "| guardian-ci: CLAUDE_CODE_USE_FOUNDRY is taken out" in capsys.readouterr().out


@pytest.mark.usefixtures("site")
def test_an_agent_that_there_is_not_is_refused_before_the_proxy_starts(start: ModuleType, tmp_path: Path) -> None:
    inputs = checked(start, tmp_path, GUARDIAN_AGENTS="claude-code,\n  codecs")
    with pytest.raises(start.StartError, match=r"there is no agent 'codecs' \(is codex meant\?\)"):
        start.agents_environment(inputs, "http://127.0.0.1:8080")


def test_further_upstreams_keys_reach_the_proxy_and_nobody_else(
    start: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_HEADER", "Bearer or-secret-key")
    keys = "OPENROUTER_API_KEY=or-secret-key\n\nAWS_SECRET_ACCESS_KEY=aws-secret-key=\nAWS_REGION=eu-1\n"
    inputs = checked(start, tmp_path, GUARDIAN_UPSTREAM_KEYS=keys)
    assert inputs.secrets == ("gci-token", "or-secret-key", "aws-secret-key=")
    with start.key_files(inputs) as files:
        env = start.proxy_environment(inputs, files)
        assert Path(env["OPENROUTER_API_KEY_FILE"]).read_text() == "or-secret-key"
    assert (env["AWS_SECRET_ACCESS_KEY"], env["AWS_REGION"]) == ("aws-secret-key=", "eu-1")
    assert not {"OPENROUTER_API_KEY", "SOME_HEADER"} & env.keys()


@pytest.mark.parametrize(
    "line",
    [
        "or-secret-key",
        "PATH=/tmp/or-secret-key",
        "PYTHONPATH=/tmp/or-secret-key",
        "GITHUB_ENV=or-secret-key",
        "lower=or-secret-key",
        "OPENAI_API_KEY=or-secret-key",
        "A B=or-secret-key",
        "OPENROUTER_API_KEY=or-secret-key two",
        "OPENROUTER_API_KEY=",
    ],
)
def test_a_further_key_that_is_none_is_refused_and_not_shown(start: ModuleType, tmp_path: Path, line: str) -> None:
    with pytest.raises(start.StartError, match="upstream-keys: ") as refused:
        checked(start, tmp_path, GUARDIAN_UPSTREAM_KEYS=line)
    assert "or-secret-key" not in str(refused.value)


@pytest.mark.parametrize("name", ["a/b", "..", "a b", "x" * 201, "é"])
def test_a_session_that_no_path_can_carry_is_refused(start: ModuleType, tmp_path: Path, name: str) -> None:
    with pytest.raises(start.StartError, match=r"session: .*use letters"):
        checked(start, tmp_path, GUARDIAN_SESSION=name)


def checked(start: ModuleType, folder: Path, **inputs: str) -> object:
    env = {"GUARDIAN_TOKEN": "gci-token", "GUARDIAN_PORT": "8080", **inputs}
    return start.read_inputs(env, folder)
