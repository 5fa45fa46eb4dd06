"""Copilot CLI: a provider of one's own instead of GitHub's, one wire protocol at a time."""

from typing import Final

from guardian_ci.cli.agents.agent import Agent, Place, Setup
from guardian_ci.model import WireProtocol

_MODELS: Final = {"openai": "gpt-4.1", "anthropic": "claude-sonnet-4-6"}
_KEYS: Final = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}


def _prepare(place: Place) -> Setup:
    """Choose the provider that the user names, else the one whose key there is."""
    others = [name for name, variable in _KEYS.items() if place.key(name, variable)]
    kind = place.environment.get("COPILOT_PROVIDER_TYPE") or next(iter(others), "openai")
    provider = "anthropic" if kind == "anthropic" else "openai"
    key = place.key(provider, _KEYS[provider])
    return Setup(
        variables=({"COPILOT_PROVIDER_API_KEY": key} if key else {})
        | {
            "COPILOT_PROVIDER_TYPE": kind,
            "COPILOT_PROVIDER_BASE_URL": place.base if provider == "anthropic" else f"{place.base}/v1",
            "COPILOT_OFFLINE": "true",  # no call of GitHub's own models, no telemetry
        },
        defaults={"COPILOT_MODEL": _MODELS[provider], "COPILOT_AUTO_UPDATE": "false"},
    )


COPILOT: Final = Agent(
    name="copilot-cli",
    title="Copilot CLI",
    commands=("copilot",),
    protocols=(WireProtocol.OPENAI_CHAT, WireProtocol.OPENAI_RESPONSES, WireProtocol.ANTHROPIC_MESSAGES),
    prepare=_prepare,
    set_by="environment",
    outside=("GitHub's own models: they are turned off",),
)
