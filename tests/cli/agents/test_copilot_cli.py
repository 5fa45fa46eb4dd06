"""Copilot CLI's provider."""

from pathlib import Path

import pytest
from places import BASE, TOKEN, place

from guardian_ci.cli.agents.copilot_cli import COPILOT

ANTHROPIC = frozenset({"anthropic"})
OPENAI = frozenset({"openai"})
NOBODY: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("held", "user", "kind", "base", "key"),
    [
        (OPENAI | ANTHROPIC, {}, "openai", f"{BASE}/v1", TOKEN),
        (ANTHROPIC, {}, "anthropic", BASE, TOKEN),
        (OPENAI | ANTHROPIC, {"COPILOT_PROVIDER_TYPE": "anthropic"}, "anthropic", BASE, TOKEN),
        (NOBODY, {}, "openai", f"{BASE}/v1", None),
        (NOBODY, {"ANTHROPIC_API_KEY": "sk-own"}, "anthropic", BASE, "sk-own"),
    ],
)
def test_the_provider_is_the_users_choice_else_the_one_whose_key_there_is(
    tmp_path: Path, held: frozenset[str], user: dict[str, str], kind: str, base: str, key: str | None
) -> None:
    assert COPILOT.prepare is not None
    setup = COPILOT.prepare(place(tmp_path, user, held=held))
    found = {name.removeprefix("COPILOT_PROVIDER_"): value for name, value in setup.variables.items()}
    assert (found["TYPE"], found["BASE_URL"], found.get("API_KEY")) == (kind, base, key)
    assert setup.variables["COPILOT_OFFLINE"] == "true"
    assert setup.defaults["COPILOT_MODEL"].startswith("claude" if kind == "anthropic" else "gpt")
