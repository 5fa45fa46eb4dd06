"""Codex: a CODEX_HOME of its own, because the built-in provider goes to OpenAI whatever ``OPENAI_BASE_URL`` says.

The provider named there speaks Responses over HTTP. What the user has configured else stays in force; the login does
not, because Codex would use it instead of the token.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from guardian_ci.cli.agents.agent import Agent, Place, Setup
from guardian_ci.cli.agents.toml import toml_text
from guardian_ci.errors import UsageError
from guardian_ci.model import WireProtocol

_PROVIDER: Final = "guardian"
_ROUTES: Final = frozenset({"model_provider", "openai_base_url", "oss_provider", "experimental_realtime_ws_base_url"})
"""Settings that say where models are: ours alone decides."""
_FOLDER: Final = "codex"
_LEFT_OUT: Final = frozenset({"config.toml", "auth.json", ".credentials.json", "installation_id", "tmp"})


def _prepare(place: Place) -> Setup:
    """Name the provider in a file; Codex ignores such settings of a repository, but not a profile's: hence the flag."""
    own = place.user_folder("CODEX_HOME", ".codex")
    config, routes = _without_routes(_read(own / "config.toml"))
    provider = {
        "name": "guardian-ci",
        "base_url": f"{place.base}/v1",
        "env_key": "OPENAI_API_KEY",
        "wire_api": "responses",
    }
    config["model_providers"] = {**_table(config, "model_providers"), _PROVIDER: provider}
    config["analytics"] = {**_table(config, "analytics"), "enabled": False}
    config["features"] = {"plugins": False, **_table(config, "features")}
    config = {"model_provider": _PROVIDER, "check_for_update_on_startup": False} | config
    remarks = (f"{own / 'config.toml'}: {', '.join(routes)} is not used: Codex calls the proxy",) if routes else ()
    return Setup(
        variables={"CODEX_HOME": str(place.home / _FOLDER)},
        arguments=("-c", f'model_provider="{_PROVIDER}"'),
        files={f"{_FOLDER}/config.toml": toml_text(config)},
        links=place.links(own, _FOLDER, without=_LEFT_OUT),
        remarks=remarks,
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {error}; mend it, or go without it by CODEX_HOME") from error


def _without_routes(config: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Leave out where models are, at the top and in profiles; return the rest and the names of what was left out."""
    kept = {key: value for key, value in config.items() if key not in _ROUTES}
    # A private home of an outer guardian-ci is no news.
    found = sorted(key for key in config.keys() & _ROUTES if config[key] != _PROVIDER)
    profiles: dict[str, Any] = {}
    for name, profile in _table(kept, "profiles").items():
        if isinstance(profile, dict):
            found += [f"profiles.{name}.{key}" for key in sorted(profile.keys() & _ROUTES)]
            profile = {key: value for key, value in profile.items() if key not in _ROUTES}  # noqa: PLW2901 - cleaned
        profiles[name] = profile
    return (kept | {"profiles": profiles} if profiles else kept), found


def _table(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = config.get(key)
    return value if isinstance(value, dict) else {}


CODEX: Final = Agent(
    name="codex",
    title="Codex",
    commands=("codex",),
    protocols=(WireProtocol.OPENAI_RESPONSES,),
    prepare=_prepare,
    set_by="a CODEX_HOME with the provider in it; a flag",
    outside=(
        "plugins, where the user's configuration turns them on: their catalogue is at github.com and chatgpt.com",
    ),
)
