"""opencode, and Kilo that is made of it: settings in a variable, above those of the user and of the repository."""

import json
from typing import Any, Final

from guardian_ci.cli.agents.agent import Agent, Place, Setup
from guardian_ci.errors import UsageError
from guardian_ci.model import WireProtocol

_PROVIDERS: Final = (
    ("anthropic", "anthropic", "ANTHROPIC_API_KEY", "/v1"),
    ("openai", "openai", "OPENAI_API_KEY", "/v1"),
    ("google", "gemini", "GEMINI_API_KEY", "/v1beta"),
)
"""opencode's name, ours, the key's variable, and what the base URL ends in."""


def _settings(place: Place, variable: str) -> str:
    """Return the settings: the user's own of the same variable, with the providers led to the proxy.

    Only these providers are enabled: there are a hundred more, some of them free of charge, and they are asked
    directly. A key that a login of the user's has left behind loses to the one here.
    """
    config = _parsed(variable, place.environment.get(variable, ""))
    providers = config.setdefault("provider", {})
    for name, provider, key_variable, path in _PROVIDERS:
        options: dict[str, str] = {"baseURL": f"{place.base}{path}"}
        if key := place.key(provider, key_variable):
            options["apiKey"] = key
        given = providers.setdefault(name, {})
        given["options"] = {**given.get("options", {}), **options}
    config["enabled_providers"] = [name for name, *_ in _PROVIDERS]
    return json.dumps(config)


def _parsed(variable: str, own: str) -> dict[str, Any]:
    try:
        config = json.loads(own) if own else {}
    except ValueError as error:
        raise UsageError(f"${variable} is no JSON ({error}); mend it, or put it into a file of settings") from error
    if not _is_shaped(config):
        raise UsageError(f"${variable} is not as these settings are: an object, and one for each provider")
    return dict(config)


def _is_shaped(config: object) -> bool:
    providers = config.get("provider", {}) if isinstance(config, dict) else None
    return isinstance(providers, dict) and all(
        isinstance(each, dict) and isinstance(each.get("options", {}), dict) for each in providers.values()
    )


def _opencode(place: Place) -> Setup:
    off = ("AUTOUPDATE", "MODELS_FETCH", "SHARE")
    return Setup(
        variables={"OPENCODE_CONFIG_CONTENT": _settings(place, "OPENCODE_CONFIG_CONTENT")},
        defaults={f"OPENCODE_DISABLE_{each}": "1" for each in off},
    )


def _kilo(place: Place) -> Setup:
    off = ("AUTOUPDATE", "MODELS_FETCH", "SHARE", "SESSION_INGEST", "PRESENCE")
    return Setup(
        variables={"KILO_CONFIG_CONTENT": _settings(place, "KILO_CONFIG_CONTENT")},
        # A daemon of an earlier run would go on with the proxy of that run.
        defaults={f"KILO_DISABLE_{each}": "1" for each in off} | {"KILO_NO_DAEMON": "1", "KILO_TELEMETRY_LEVEL": "off"},
    )


_PROTOCOLS: Final = (WireProtocol.ANTHROPIC_MESSAGES, WireProtocol.OPENAI_RESPONSES, WireProtocol.GEMINI_GENERATE)
_SET_BY: Final = "environment: its settings are in a variable"
_OUTSIDE: Final = ("providers other than Anthropic, OpenAI and Google: they are turned off",)

OPENCODE: Final = Agent(
    name="opencode",
    title="opencode",
    commands=("opencode",),
    protocols=_PROTOCOLS,
    prepare=_opencode,
    set_by=_SET_BY,
    outside=(*_OUTSIDE, "packages of plugins, from npm"),
)
KILO: Final = Agent(
    name="kilo",
    title="Kilo",
    commands=("kilo", "kilocode"),
    protocols=_PROTOCOLS,
    prepare=_kilo,
    set_by=_SET_BY,
    outside=_OUTSIDE,
)
