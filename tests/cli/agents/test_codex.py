"""Codex's private home."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from places import BASE, place

from guardian_ci.cli.agents.agent import Setup
from guardian_ci.cli.agents.codex import CODEX
from guardian_ci.errors import UsageError

USERS = """\
model = "gpt-5.5"
model_provider = "azure"
openai_base_url = "https://elsewhere.example/v1"
[mcp_servers.docs]
command = "docs"
args = ["--quiet"]
[profiles.quick]
model = "gpt-5-mini"
model_provider = "azure"
[model_providers.azure]
name = "azure"
base_url = "https://elsewhere.example"
[features]
plugins = true
[analytics]
enabled = true
"""


def prepared(folder: Path, config: str | None = None) -> Setup:
    own = folder / "user" / ".codex"
    own.mkdir(parents=True)
    if config is not None:
        (own / "config.toml").write_text(config, encoding="utf-8")
    assert CODEX.prepare is not None
    return CODEX.prepare(place(folder))


def config_of(setup: Setup) -> dict[str, Any]:
    return tomllib.loads(setup.files["codex/config.toml"])


def test_it_names_the_proxy_as_the_provider_and_the_token_by_its_variable(tmp_path: Path) -> None:
    setup = prepared(tmp_path)
    config = config_of(setup)
    assert config["model_provider"] == "guardian"
    assert config["model_providers"]["guardian"] == {
        "name": "guardian-ci",
        "base_url": f"{BASE}/v1",
        "env_key": "OPENAI_API_KEY",
        "wire_api": "responses",
    }
    assert setup.variables == {"CODEX_HOME": str(tmp_path / "codex")}
    assert setup.remarks == ()


def test_what_the_user_has_configured_stays_but_for_where_models_are(tmp_path: Path) -> None:
    setup = prepared(tmp_path, USERS)
    config = config_of(setup)
    assert (config["model"], config["model_provider"]) == ("gpt-5.5", "guardian")
    assert config["mcp_servers"] == {"docs": {"command": "docs", "args": ["--quiet"]}}
    assert config["profiles"] == {"quick": {"model": "gpt-5-mini"}}
    assert config["features"] == {"plugins": True}
    assert config["analytics"] == {"enabled": False}
    assert "openai_base_url" not in config
    (remark,) = setup.remarks
    assert "model_provider, openai_base_url, profiles.quick.model_provider is not used" in remark


def test_a_profile_or_a_flag_cannot_choose_another_provider(tmp_path: Path) -> None:
    assert prepared(tmp_path).arguments == ("-c", 'model_provider="guardian"')


def test_instructions_and_sessions_are_the_users_and_the_login_stays_out(tmp_path: Path) -> None:
    own = tmp_path / "user" / ".codex"
    for name in ("sessions", "prompts", "tmp"):
        (own / name).mkdir(parents=True)
    for name in ("AGENTS.md", "auth.json", ".credentials.json", "state_5.sqlite", "state_5.sqlite-wal"):
        (own / name).touch()
    assert CODEX.prepare is not None
    links = CODEX.prepare(place(tmp_path)).links
    assert links == {f"codex/{name}": own / name for name in ("AGENTS.md", "prompts", "sessions")}


def test_a_home_of_the_users_own_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('model = "gpt-5.5"\n')
    assert CODEX.prepare is not None
    setup = CODEX.prepare(place(tmp_path / "home", {"CODEX_HOME": str(tmp_path)}))
    assert config_of(setup)["model"] == "gpt-5.5"


@pytest.mark.parametrize("broken", ["model = ", "[a\n", "a = 1\na = 2\n"])
def test_a_configuration_that_is_no_toml_is_named_with_the_way_out(tmp_path: Path, broken: str) -> None:
    with pytest.raises(UsageError, match=r"\.codex.config\.toml cannot be read: .*CODEX_HOME"):
        prepared(tmp_path, broken)
