"""Continue: a folder of its own for the configuration, the only place that its models are named in."""

import json
from pathlib import Path
from typing import Any, Final

import yaml

from guardian_ci.cli.agents.agent import Agent, Place, Setup
from guardian_ci.errors import UsageError
from guardian_ci.model import WireProtocol

_FOLDER: Final = "continue"
_PROVIDERS: Final = {
    "anthropic": ("anthropic", "ANTHROPIC_API_KEY", "/v1/"),
    "openai": ("openai", "OPENAI_API_KEY", "/v1/"),
    "gemini": ("gemini", "GEMINI_API_KEY", "/v1beta/"),
}
"""Continue's name of a provider: ours, the key's variable, and what the base URL ends in."""
_MODELS: Final = (("anthropic", "claude-sonnet-4-6"), ("openai", "gpt-4.1"), ("gemini", "gemini-2.5-pro"))
"""What a user without a configuration gets: the first whose key there is answers."""


def _prepare(place: Place) -> Setup:
    own = place.user_folder("CONTINUE_GLOBAL_DIR", ".continue")
    config = _read(own / "config.yaml")
    remarks: tuple[str, ...] = ()
    if config is None:
        models = [{"name": model, "provider": provider, "model": model} for provider, model in _MODELS]
        models.sort(key=lambda model: not place.key(*_PROVIDERS[model["provider"]][:2]))
        config = {"name": "guardian-ci", "version": "0.0.1", "schema": "v1", "models": models}
    kept = [model for model in config["models"] if isinstance(model, dict) and model.get("provider") in _PROVIDERS]
    if len(kept) < len(config["models"]):
        dropped = len(config["models"]) - len(kept)
        remarks = (f"{own / 'config.yaml'}: models left out that would go past the proxy: {dropped}",)
    config["models"] = [model | _route(place, model["provider"]) for model in kept]
    return Setup(
        variables={"CONTINUE_GLOBAL_DIR": str(place.home / _FOLDER)},
        defaults={"CONTINUE_METRICS_ENABLED": "0"},
        files={f"{_FOLDER}/config.yaml": json.dumps(config, indent=2, default=str) + "\n"},  # JSON is YAML
        links=place.links(own, _FOLDER, without={"config.yaml", "auth.json"}),
        remarks=remarks,
    )


def _route(place: Place, name: str) -> dict[str, str]:
    provider, variable, path = _PROVIDERS[name]
    return {"apiBase": f"{place.base}{path}", "apiKey": place.key(provider, variable)}


def _read(file: Path) -> dict[str, Any] | None:
    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UsageError(f"{file} cannot be read: {error}; mend it, or go without by CONTINUE_GLOBAL_DIR") from error
    if not isinstance(config, dict) or not isinstance(config.setdefault("models", []), list):
        raise UsageError(f"{file} is not as Continue's configuration is: a mapping with a list of models")
    return config


CONTINUE: Final = Agent(
    name="continue",
    title="Continue",
    commands=("cn",),
    protocols=(WireProtocol.ANTHROPIC_MESSAGES, WireProtocol.OPENAI_CHAT, WireProtocol.GEMINI_GENERATE),
    prepare=_prepare,
    set_by="a CONTINUE_GLOBAL_DIR with the models in it",
    outside=(
        "api.continue.dev, asked at the start for the account; no prompts",
        "a configuration that --config names: its models go where it says",
    ),
)
