"""Pi's private folder."""

import json
from pathlib import Path

from places import BASE, place

from guardian_ci.cli.agents.pi import PI


def test_its_own_providers_are_led_to_the_proxy(tmp_path: Path) -> None:
    assert PI.prepare is not None
    setup = PI.prepare(place(tmp_path))
    providers = json.loads(setup.files["pi/models.json"])["providers"]
    found = {name: given["baseUrl"] for name, given in providers.items()}
    assert found == {"anthropic": BASE, "openai": f"{BASE}/v1", "google": f"{BASE}/v1beta"}
    assert setup.variables == {"PI_CODING_AGENT_DIR": str(tmp_path / "pi")}
    assert setup.remarks == ()


def test_instructions_are_the_users_and_the_login_and_other_models_stay_out_with_a_word(tmp_path: Path) -> None:
    own = tmp_path / "user" / ".pi" / "agent"
    own.mkdir(parents=True)
    for name in ("AGENTS.md", "auth.json", "models.json"):
        (own / name).touch()
    assert PI.prepare is not None
    setup = PI.prepare(place(tmp_path))
    assert setup.links == {"pi/AGENTS.md": own / "AGENTS.md"}
    (remark,) = setup.remarks
    assert "models.json is not used" in remark
