"""Continue's configuration."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from places import BASE, TOKEN, place

from guardian_ci.cli.agents.agent import Setup
from guardian_ci.cli.agents.continue_cli import CONTINUE
from guardian_ci.errors import UsageError

OPENAI = frozenset({"openai"})
USERS = """\
name: mine
models:
  - {name: c, provider: anthropic, model: claude-opus-5, apiBase: "https://elsewhere.example", apiKey: sk-own}
  - {name: l, provider: ollama, model: llama3}
  - {uses: somebody/model}
rules: [Be short.]
since: 2026-01-01
"""


def prepared(folder: Path, config: str | None, *, held: frozenset[str] = OPENAI) -> Setup:
    own = folder / "user" / ".continue"
    own.mkdir(parents=True)
    for name in ("auth.json", "permissions.yaml"):
        (own / name).touch()
    if config is not None:
        (own / "config.yaml").write_text(config, encoding="utf-8")
    assert CONTINUE.prepare is not None
    return CONTINUE.prepare(place(folder, held=held))


def config_of(setup: Setup) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load(setup.files["continue/config.yaml"])
    return config


@pytest.mark.parametrize(("held", "first"), [(OPENAI, "openai"), (frozenset({"gemini"}), "gemini")])
def test_without_a_configuration_the_first_model_is_of_a_provider_whose_key_there_is(
    tmp_path: Path, held: frozenset[str], first: str
) -> None:
    setup = prepared(tmp_path, None, held=held)
    models = config_of(setup)["models"]
    assert (models[0]["provider"], models[0]["apiKey"]) == (first, TOKEN)
    assert {model["apiBase"] for model in models} == {f"{BASE}/v1/", f"{BASE}/v1beta/"}
    assert setup.variables == {"CONTINUE_GLOBAL_DIR": str(tmp_path / "continue")}


def test_the_users_models_are_led_to_the_proxy_and_those_that_cannot_are_left_out_with_a_word(tmp_path: Path) -> None:
    setup = prepared(tmp_path, USERS, held=frozenset({"anthropic"}))
    config = config_of(setup)
    base = f"{BASE}/v1/"
    assert config["models"] == [
        {"name": "c", "provider": "anthropic", "model": "claude-opus-5", "apiBase": base, "apiKey": TOKEN}
    ]
    assert (config["name"], config["rules"]) == ("mine", ["Be short."])
    (remark,) = setup.remarks
    assert "would go past the proxy: 2" in remark


def test_permissions_are_the_users_and_the_login_stays_out(tmp_path: Path) -> None:
    own = tmp_path / "user" / ".continue"
    assert prepared(tmp_path, None).links == {"continue/permissions.yaml": own / "permissions.yaml"}


@pytest.mark.parametrize("broken", ["models: [", "- a", "models: {a: 1}", "a: b: c"])
def test_a_configuration_out_of_shape_is_named(tmp_path: Path, broken: str) -> None:
    with pytest.raises(UsageError, match=r"\.continue.config\.yaml"):
        prepared(tmp_path, broken)
