"""opencode: settings in a variable, which outrank those of the user and of the repository."""

import json
from typing import Any, Final

from guardian_ci.cli.agents.agent import Agent, Place, Setup
from guardian_ci.errors import UsageError
from guardian_ci.model import WireProtocol

_VARIABLE: Final = "OPENCODE_CONFIG_CONTENT"
_PROVIDERS: Final = (
    ("anthropic", "anthropic", "ANTHROPIC_API_KEY", "/v1"),
    ("openai", "openai", "OPENAI_API_KEY", "/v1"),
    ("google", "gemini", "GEMINI_API_KEY", "/v1beta"),
)
"""opencode's name, ours, the key's variable, and what the base URL ends in."""


def settings(place: Place, own: str) -> str:
    """Return the settings: the user's own of the same variable, with the providers led to the proxy.

    Only these providers are enabled: opencode knows a hundred more, some of them free of charge, and asks those
    directly. A key that a login of the user's has left behind loses to the one here.
    """
    config = _parsed(own)
    providers = config.setdefault("provider", {})
    for name, provider, variable, path in _PROVIDERS:
        options: dict[str, str] = {"baseURL": f"{place.base}{path}"}
        if key := place.key(provider, variable):
            options["apiKey"] = key
        given = providers.setdefault(name, {})
        given["options"] = {**given.get("options", {}), **options}
    config["enabled_providers"] = [name for name, *_ in _PROVIDERS]
    return json.dumps(config)


def _parsed(own: str) -> dict[str, Any]:
    try:
        config = json.loads(own) if own else {}
    except ValueError as error:
        raise UsageError(f"${_VARIABLE} is no JSON ({error}); mend it, or put it into opencode.json") from error
    if not _is_shaped(config):
        raise UsageError(f"${_VARIABLE} is not as opencode's settings are: an object, and one for each provider")
    return dict(config)


def _is_shaped(config: object) -> bool:
    providers = config.get("provider", {}) if isinstance(config, dict) else None
    return isinstance(providers, dict) and all(
        isinstance(each, dict) and isinstance(each.get("options", {}), dict) for each in providers.values()
    )


def _prepare(place: Place) -> Setup:
    return Setup(
        variables={_VARIABLE: settings(place, place.environment.get(_VARIABLE, ""))},
        defaults={
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_SHARE": "1",
        },
    )


OPENCODE: Final = Agent(
    name="opencode",
    title="opencode",
    commands=("opencode",),
    protocols=(WireProtocol.ANTHROPIC_MESSAGES, WireProtocol.OPENAI_RESPONSES, WireProtocol.GEMINI_GENERATE),
    prepare=_prepare,
    set_by="environment: its settings are in a variable",
    outside=("providers other than Anthropic, OpenAI and Google: they are turned off",),
)
