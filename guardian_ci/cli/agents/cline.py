"""Cline: a file of providers of its own, with the one whose base URL it takes from there."""

import json
from typing import Final

from guardian_ci.cli.agents.agent import Agent, Place, Setup
from guardian_ci.model import WireProtocol

_FILE: Final = "cline-providers.json"
_PROVIDER: Final = "openai-compatible"
_MODEL: Final = "gpt-4.1"


def _prepare(place: Place) -> Setup:
    """Name an OpenAI-compatible provider; its session stays in its own process, as a daemon would outlive the run."""
    settings = {
        "provider": _PROVIDER,
        "apiKey": place.key("openai", "OPENAI_API_KEY"),
        "model": _MODEL,
        "baseUrl": f"{place.base}/v1",
    }
    provider = {"settings": settings, "updatedAt": "2026-01-01T00:00:00.000Z", "tokenSource": "manual"}
    document = {"version": 1, "lastUsedProvider": _PROVIDER, "modes": {}, "providers": {_PROVIDER: provider}}
    return Setup(
        variables={"CLINE_PROVIDER_SETTINGS_PATH": str(place.home / _FILE), "CLINE_SESSION_BACKEND_MODE": "local"},
        defaults={"CLINE_NO_AUTO_UPDATE": "1"},
        files={_FILE: json.dumps(document, indent=2) + "\n"},
    )


CLINE: Final = Agent(
    name="cline",
    title="Cline",
    commands=("cline",),
    protocols=(WireProtocol.OPENAI_CHAT,),
    prepare=_prepare,
    set_by="environment, a file of providers",
    outside=("other providers, chosen with --provider: their base URLs cannot be changed",),
)
