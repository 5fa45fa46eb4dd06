"""``guardian-ci env``."""

import json
import tomllib
from pathlib import Path

import pytest

from guardian_ci.cli.agents.table import AGENTS
from guardian_ci.cli.main import main

Printed = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "CODEX_HOME", "GUARDIAN_TOKEN", "XDG_STATE_HOME", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GUARDIAN_TOKEN", "gci-token")


def environment(capsys: Printed, *options: str) -> dict[str, str]:
    assert main(["env", "--format", "json", *options]) == 0
    found: dict[str, str] = json.loads(capsys.readouterr().out)["environment"]
    return found


def test_an_agents_environment_is_printed_and_its_files_are_written(capsys: Printed, tmp_path: Path) -> None:
    url = "http://10.0.0.5:8080"
    found = environment(capsys, "--agent", "codex", "--url", f"{url}/", "--session", "nightly")
    assert found["OPENAI_BASE_URL"] == f"{url}/s/nightly/v1"
    assert found["OPENAI_API_KEY"] == "gci-token"
    home = Path(found["CODEX_HOME"])
    assert home == tmp_path / ".local/state/guardian-ci/agents/env-10.0.0.5-8080-nightly/codex"
    config = tomllib.loads((home / "config.toml").read_text())
    assert config["model_providers"]["guardian"]["base_url"] == f"{url}/s/nightly/v1"
    assert "COPILOT_OFFLINE" not in found


def test_without_a_name_all_that_can_be_set_by_environment_is_set(capsys: Printed, tmp_path: Path) -> None:
    found = environment(capsys, "--home", str(tmp_path / "home"))
    assert {"CODEX_HOME", "COPILOT_OFFLINE", "OPENCODE_CONFIG_CONTENT", "CONTINUE_GLOBAL_DIR"} <= found.keys()
    assert (tmp_path / "home" / "gemini-cli.json").exists()


def test_it_can_be_evaluated_twice(capsys: Printed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    options = ("--home", str(tmp_path / "home"))
    once = environment(capsys, *options)
    for name, value in once.items():
        monkeypatch.setenv(name, value)
    again = environment(capsys, *options)
    assert again.items() <= once.items()
    assert main(["env", *options]) == 0
    assert capsys.readouterr().err == ""


def test_the_token_stands_only_for_the_keys_that_are_named(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-own")
    found = environment(capsys, "--agent", "none", "--keys", "openai, gemini")
    assert (found["OPENAI_API_KEY"], found["GEMINI_API_KEY"]) == ("gci-token", "gci-token")
    assert "ANTHROPIC_API_KEY" not in found
    assert "OPENAI_API_KEY" not in environment(capsys, "--agent", "none", "--keys", "")


def test_the_token_also_stands_where_the_policy_sends_calls_to_an_upstream_of_its_own(
    capsys: Printed, tmp_path: Path
) -> None:
    file = tmp_path / "guardian.yml"
    file.write_text("upstreams: {anthropic: https://gateway.example}\n")
    found = environment(capsys, "--agent", "none", "--keys", "", "--policy", str(file))
    assert found["ANTHROPIC_API_KEY"] == "gci-token"
    assert "OPENAI_API_KEY" not in found


def test_without_a_token_agents_use_their_own_keys_and_are_told_so(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GUARDIAN_TOKEN")
    assert main(["env", "--agent", "none"]) == 0
    printed = capsys.readouterr()
    assert "API_KEY" not in printed.out
    assert "no $GUARDIAN_TOKEN: agents use the keys that they have" in printed.err
    assert environment(capsys, "--token", "gci-given")["OPENAI_API_KEY"] == "gci-given"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--agent", "codecs"], "is codex meant"),
        (["--agent", "cursor"], "--intercept"),
        (["--keys", "openai,mistral"], "'mistral' is no provider"),
        (["--token", "two words"], "the token holds a space"),
        (["--session", ".."], "no name that a path can carry"),
        (["--session", "a/b"], "no name that a path can carry"),
        *(
            (["--url", url], "is no base URL")
            for url in (
                *("127.0.0.1:8080", "http://", "http://a b", "http://a?q", "http://a#f", "http://u:p@a", "http://a:0"),
                *("http://a:99999", "http://[", "http://a\nb", "ftp://a"),
            )
        ),
    ],
)
def test_what_cannot_be_is_said_in_one_line_and_nothing_is_printed(
    capsys: Printed, options: list[str], words: str
) -> None:
    assert main(["env", *options]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert words in line


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_printed(capsys: Printed, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert main(["env", "--agent", "codex", "--home", str(tmp_path / "file")]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "name another folder" in printed.err


def test_the_list_shows_every_agent_and_what_stays_outside(capsys: Printed) -> None:
    assert main(["env", "--list"]) == 0
    shown = capsys.readouterr().out
    for agent in AGENTS:
        assert agent.name in shown
        assert agent.title in shown
        assert agent.set_by in shown
        assert agent.way_out in shown
        assert all(each in shown for each in agent.outside)
