"""What agents' set-ups change in an environment: base URLs, the token in the place of keys, what each agent needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from guardian_ci.cli.agents.agent import Agent, Place, Setup

AGENT_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "anthropic": ("ANTHROPIC_API_KEY",),
    "openai": ("OPENAI_API_KEY", "CODEX_API_KEY"),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"),
}
"""Where agents look for each provider's key."""
_OTHER_CREDENTIALS: Final[Mapping[str, tuple[str, ...]]] = {
    "anthropic": ("ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "COPILOT_PROVIDER_BEARER_TOKEN"),
    "openai": ("COPILOT_PROVIDER_BEARER_TOKEN",),
}
"""What an agent would use before the key, and so go past the token."""
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is set, what is taken out, and what comes beside it.

    ``arguments`` are flags by the agent that takes them; ``files`` and ``links`` are by their path below the private
    folder; ``remarks`` are sentences for the user.
    """

    variables: Mapping[str, str]
    removed: tuple[str, ...]
    arguments: Mapping[str, tuple[str, ...]]
    files: Mapping[str, str]
    links: Mapping[str, Path]
    remarks: tuple[str, ...]

    def applied(self, environment: Mapping[str, str]) -> dict[str, str]:
        """An environment with the changes made."""
        return {name: value for name, value in environment.items() if name not in self.removed} | dict(self.variables)


def changes(agents: Sequence[Agent], place: Place) -> Changes:
    """What these agents need beside the base URLs that SDKs read. Raises ``UsageError`` for settings out of shape."""
    setups = {agent: agent.prepare(place) for agent in agents if agent.prepare}
    tokens = {name: place.token for provider in sorted(place.held) for name in AGENT_KEYS.get(provider, ())}
    detours = _present((name for agent in agents for name in agent.detours), place)
    others = _present((name for each in sorted(place.held) for name in _OTHER_CREDENTIALS.get(each, ())), place)
    return Changes(
        variables=_base_urls(place) | tokens | _variables(setups.values(), place) | _past_proxies(place),
        removed=(*detours, *others),
        arguments={agent.name: setup.arguments for agent, setup in setups.items() if setup.arguments},
        files={path: text for setup in setups.values() for path, text in setup.files.items()},
        links={path: target for setup in setups.values() for path, target in setup.links.items()},
        remarks=(
            *(f"{name} is taken out of the agent's environment: it leads past the proxy" for name in detours),
            *(remark for setup in setups.values() for remark in setup.remarks),
        ),
    )


def _present(names: Iterable[str], place: Place) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys(names) if place.environment.get(name))


def _base_urls(place: Place) -> dict[str, str]:
    """Where SDKs and most agents look for the proxy."""
    return {
        "ANTHROPIC_BASE_URL": place.base,
        "ANTHROPIC_API_BASE": place.base,
        "OPENAI_BASE_URL": f"{place.base}/v1",
        "OPENAI_API_BASE": f"{place.base}/v1",
        "GOOGLE_GEMINI_BASE_URL": place.base,
    }


def _variables(setups: Iterable[Setup], place: Place) -> dict[str, str]:
    found: dict[str, str] = {}
    for setup in setups:
        found |= {name: value for name, value in setup.defaults.items() if not place.environment.get(name)}
        found |= setup.variables
    return found


def _past_proxies(place: Place) -> dict[str, str]:
    """The way to the proxy must not itself go through a proxy of the network."""
    found: dict[str, str] = {}
    for name in ("NO_PROXY", "no_proxy"):
        parts = [part.strip() for part in place.environment.get(name, "").split(",") if part.strip()]
        found[name] = ",".join(dict.fromkeys((*parts, *_LOOPBACK)))
    return found
