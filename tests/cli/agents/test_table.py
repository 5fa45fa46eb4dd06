"""The table of agents: what each is given, and how one is named or recognised."""

import json
import tomllib
from pathlib import Path

import pytest
import yaml
from places import BASE, TOKEN, place

from guardian_ci.cli.agents.agent import Agent
from guardian_ci.cli.agents.changes import changes
from guardian_ci.cli.agents.table import AGENTS, NONE, agents_named, recognised
from guardian_ci.errors import UsageError

SET_UP = [agent for agent in AGENTS if agent.prepare]
KEY = "sk-real-key-of-the-provider"
READERS = {".toml": tomllib.loads, ".json": json.loads, ".yaml": yaml.safe_load}

each = pytest.mark.parametrize("agent", SET_UP, ids=lambda agent: agent.name)


@each
def test_no_key_of_the_users_is_left_and_every_url_is_the_proxys(agent: Agent, tmp_path: Path) -> None:
    names = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY", "CODEX_API_KEY", "GEMINI_API_KEY")
    user = dict.fromkeys(names, KEY)
    urls = {"ANTHROPIC_BASE_URL": "https://elsewhere.example", "OPENAI_API_BASE": "https://elsewhere.example"}
    made = changes([agent], place(tmp_path, user | urls))
    environment = made.applied(user | urls)
    shown = json.dumps([environment, made.files, made.arguments])
    assert KEY not in shown
    assert "elsewhere" not in shown
    assert TOKEN in shown
    for name, value in environment.items():
        if "BASE_URL" in name or "API_BASE" in name:
            assert value.startswith(BASE), name


@each
def test_its_files_can_be_read_as_what_their_names_say(agent: Agent, tmp_path: Path) -> None:
    made = changes([agent], place(tmp_path))
    for path, text in made.files.items():
        assert READERS[Path(path).suffix](text)
        folder = tmp_path / path.partition("/")[0]
        # A file that no variable leads to would never be read.
        assert any(value in {str(folder), str(tmp_path / path)} for value in made.variables.values()), path


@each
def test_what_would_lead_past_the_proxy_is_taken_out_with_a_word(agent: Agent, tmp_path: Path) -> None:
    user = dict.fromkeys(agent.detours, "1")
    made = changes([agent], place(tmp_path, user))
    assert not set(agent.detours) & set(made.applied(user))
    assert [remark.split()[0] for remark in made.remarks] == list(agent.detours)


def test_all_at_once_no_two_need_different_values_of_one_variable(tmp_path: Path) -> None:
    where = place(tmp_path)
    together = changes(SET_UP, where)
    for agent in SET_UP:
        alone = changes([agent], where)
        assert alone.variables.items() <= together.variables.items(), agent.name
        assert alone.files.items() <= together.files.items(), agent.name


def test_each_has_a_name_and_commands_of_its_own_and_says_what_it_speaks() -> None:
    words = [word for agent in AGENTS for word in {agent.name, *agent.commands}]
    assert len(words) == len(set(words))
    for agent in AGENTS:
        assert bool(agent.prepare) == bool(agent.protocols) == (not agent.way_out), agent.name


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("claude", "claude-code"),
        ("/usr/local/bin/codex", "codex"),
        ("node_modules/.bin/gemini", "gemini-cli"),
        (r"C:\tools\Copilot.CMD", "copilot-cli"),
        ("opencode.exe", "opencode"),
        ("cn", "continue"),
        ("qwen", "qwen-code"),
        ("cursor-agent", "cursor"),
    ],
)
def test_an_agent_is_recognised_by_the_last_part_of_its_commands_path(command: str, name: str) -> None:
    agent = recognised(command)
    assert agent is not None
    assert agent.name == name


@pytest.mark.parametrize("command", ["python", "claude-wrapper", "codex/run.sh", "npx", ""])
def test_any_other_command_is_no_agent(command: str) -> None:
    assert recognised(command) is None


def test_an_agent_is_named_by_its_id_or_its_command_and_only_once() -> None:
    assert [agent.name for agent in agents_named(["codex", "claude", "Claude-Code"])] == ["codex", "claude-code"]
    assert agents_named([NONE]) == ()
    assert list(agents_named([])) == SET_UP


@pytest.mark.parametrize(("name", "meant"), [("claude-cod", "claude-code"), ("gemni", "gemini-cli")])
def test_a_misspelt_name_is_refused_with_the_one_that_was_meant(name: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"there is no agent '{name}' .is {meant} meant"):
        agents_named(["codex", name])


def test_a_name_like_none_other_is_refused_with_all_that_there_are() -> None:
    with pytest.raises(UsageError, match=r"'zzz'; known are claude-code, codex, .*, and none"):
        agents_named(["zzz"])


@pytest.mark.parametrize(("name", "words"), [("cursor", "--intercept"), ("amp", "login"), ("auggie", "login")])
def test_an_agent_that_cannot_be_told_is_refused_with_the_reason(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        agents_named([name])
    (agent,) = agents_named([name], also_unreachable=True)  # its calls are caught on the way
    assert agent.way_out


def test_gemini_clis_settings_of_the_users_own_stay_in_force(tmp_path: Path) -> None:
    name = "GEMINI_CLI_SYSTEM_SETTINGS_PATH"
    assert changes(agents_named(["gemini-cli"]), place(tmp_path)).variables[name] == str(tmp_path / "gemini-cli.json")
    assert name not in changes(agents_named(["gemini-cli"]), place(tmp_path, {name: "/etc/own.json"})).variables


def test_aiders_flags_outrank_a_repositorys_env_file(tmp_path: Path) -> None:
    flags = changes(agents_named(["aider"]), place(tmp_path)).arguments["aider"]
    # Of OpenAI's two names LiteLLM looks for this one first.
    assert {f"--openai-api-base={BASE}/v1", f"--set-env=OPENAI_BASE_URL={BASE}/v1"} <= set(flags)
    assert f"--set-env=ANTHROPIC_API_BASE={BASE}" in flags


def test_qwen_codes_settings_outrank_a_repositorys_and_its_model_is_the_users(tmp_path: Path) -> None:
    made = changes(agents_named(["qwen-code"]), place(tmp_path, {"OPENAI_MODEL": "qwen3-coder"}))
    assert made.variables["QWEN_CODE_SYSTEM_SETTINGS_PATH"] == str(tmp_path / "qwen-code.json")
    assert "OPENAI_MODEL" not in made.variables
