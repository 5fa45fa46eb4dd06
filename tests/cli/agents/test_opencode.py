"""Settings of opencode, and of Kilo, which has the same under another name."""

import json
from pathlib import Path
from typing import Any

import pytest
from places import BASE, TOKEN, place

from guardian_ci.cli.agents.opencode import KILO, OPENCODE
from guardian_ci.errors import UsageError


def settings(folder: Path, own: str = "", *, held: frozenset[str] = frozenset({"anthropic"})) -> dict[str, Any]:
    assert OPENCODE.prepare is not None
    setup = OPENCODE.prepare(place(folder, {"OPENCODE_CONFIG_CONTENT": own}, held=held))
    config: dict[str, Any] = json.loads(setup.variables["OPENCODE_CONFIG_CONTENT"])
    return config


def test_the_three_providers_are_led_to_the_proxy_and_no_other_is_enabled(tmp_path: Path) -> None:
    config = settings(tmp_path)
    assert config["enabled_providers"] == ["anthropic", "openai", "google"]
    options = {name: given["options"] for name, given in config["provider"].items()}
    assert options == {
        "anthropic": {"baseURL": f"{BASE}/v1", "apiKey": TOKEN},
        "openai": {"baseURL": f"{BASE}/v1"},
        "google": {"baseURL": f"{BASE}/v1beta"},
    }


def test_the_users_own_of_the_same_variable_stay_but_for_where_models_are(tmp_path: Path) -> None:
    given = {"baseURL": "https://elsewhere.example", "timeout": 5}
    own = {"model": "anthropic/claude-opus-5", "provider": {"anthropic": {"options": given}}}
    config = settings(tmp_path, json.dumps(own))
    assert config["model"] == "anthropic/claude-opus-5"
    options = {"baseURL": f"{BASE}/v1", "apiKey": TOKEN, "timeout": 5}
    assert config["provider"]["anthropic"] == {"options": options}


@pytest.mark.parametrize(
    "own",
    [
        "{",
        "[]",
        '{"provider": []}',
        '{"provider": {"openai": 1}}',
        '{"provider": {"openai": {"options": 1}}}',
        '{"provider": {"vllm": []}}',
        "NaN",
    ],
)
def test_settings_out_of_shape_are_refused_by_the_variables_name(tmp_path: Path, own: str) -> None:
    with pytest.raises(UsageError, match=r"\$OPENCODE_CONFIG_CONTENT"):
        settings(tmp_path, own)


def test_kilo_has_the_same_settings_by_its_own_variable_and_starts_no_daemon(tmp_path: Path) -> None:
    assert KILO.prepare is not None
    setup = KILO.prepare(place(tmp_path, held=frozenset({"anthropic"})))
    assert json.loads(setup.variables["KILO_CONFIG_CONTENT"]) == settings(tmp_path)
    assert setup.defaults["KILO_NO_DAEMON"] == "1"
