"""Cline's file of providers."""

import json
from pathlib import Path

from places import BASE, TOKEN, place

from guardian_ci.cli.agents.cline import CLINE


def test_the_only_provider_is_the_proxy_and_no_daemon_outlives_the_run(tmp_path: Path) -> None:
    assert CLINE.prepare is not None
    setup = CLINE.prepare(place(tmp_path))
    document = json.loads(setup.files["cline-providers.json"])
    (name,) = document["providers"]
    assert document["lastUsedProvider"] == name == "openai-compatible"
    settings = document["providers"][name]["settings"]
    assert (settings["baseUrl"], settings["apiKey"]) == (f"{BASE}/v1", TOKEN)
    assert setup.variables["CLINE_PROVIDER_SETTINGS_PATH"] == str(tmp_path / "cline-providers.json")
    assert setup.variables["CLINE_SESSION_BACKEND_MODE"] == "local"
