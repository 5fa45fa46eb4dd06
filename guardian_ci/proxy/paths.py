"""Which path is which: the endpoints that are metered. Every other path is refused; it would be a hole."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from guardian_ci.model import Operation, WireProtocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A metered endpoint. ``path`` is what the upstream gets, whatever prefixes the agent used."""

    path: str
    method: str
    protocol: WireProtocol
    operation: Operation
    provider: str


ENDPOINTS: Final = (
    Endpoint(
        path="/v1/messages",
        method="POST",
        protocol=WireProtocol.ANTHROPIC_MESSAGES,
        operation=Operation.GENERATE,
        provider="anthropic",
    ),
    Endpoint(
        path="/v1/messages/count_tokens",
        method="POST",
        protocol=WireProtocol.ANTHROPIC_MESSAGES,
        operation=Operation.COUNT_TOKENS,
        provider="anthropic",
    ),
    Endpoint(
        path="/v1/chat/completions",
        method="POST",
        protocol=WireProtocol.OPENAI_CHAT,
        operation=Operation.GENERATE,
        provider="openai",
    ),
    Endpoint(
        path="/v1/responses",
        method="POST",
        protocol=WireProtocol.OPENAI_RESPONSES,
        operation=Operation.GENERATE,
        provider="openai",
    ),
)

MODELS: Final = {
    "anthropic": Endpoint(
        path="/v1/models",
        method="GET",
        protocol=WireProtocol.ANTHROPIC_MESSAGES,
        operation=Operation.MODELS,
        provider="anthropic",
    ),
    "openai": Endpoint(
        path="/v1/models",
        method="GET",
        protocol=WireProtocol.OPENAI_CHAT,
        operation=Operation.MODELS,
        provider="openai",
    ),
}
"""Two providers answer at this path: without a prefix the header ``anthropic-version`` tells whose it is."""


_HOSTS: Final = {
    "api.anthropic.com": "anthropic",
    "api.openai.com": "openai",
    "generativelanguage.googleapis.com": "google",
    "openrouter.ai": "openrouter",
    "api.x.ai": "x-ai",
    "api.deepseek.com": "deepseek",
    "api.mistral.ai": "mistral",
    "api.moonshot.ai": "moonshotai",
    "api.z.ai": "zai",
    "api.groq.com": "groq",
    "api.together.xyz": "together",
    "api.fireworks.ai": "fireworks",
    "api.cerebras.ai": "cerebras",
    "api.perplexity.ai": "perplexity",
}


def provider_of(base: str, spoken: str) -> str:
    """Whose prices and usage fields hold at an upstream: its host's, else those of the protocol that is spoken."""
    host = (urlsplit(base).hostname or "").lower()
    for known, provider in _HOSTS.items():
        if host == known or host.endswith("." + known):
            return provider
    return spoken


def upstream_url(base: str, path: str, query: str) -> str:
    """Where a call goes. ``base`` may end in ``/v1``, as SDKs write it; the path's own is then not doubled."""
    base = base.rstrip("/")
    if base.endswith("/v1") and path.startswith("/v1/"):
        base = base[: -len("/v1")]
    return f"{base}{path}{'?' + query if query else ''}"
