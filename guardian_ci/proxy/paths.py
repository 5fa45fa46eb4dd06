"""Which path is which: the endpoints that are metered. Every other path is refused; it would be a hole."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from guardian_ci.model import Operation, WireProtocol
from guardian_ci.pricing.hosts import host_facts


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


def provider_of(base: str, spoken: str) -> str:
    """Whose prices and usage fields hold at an upstream: its host's, else those of the protocol that is spoken."""
    return host_facts(urlsplit(base).hostname or "").provider or spoken


def geo_of(base: str) -> str | None:
    """Where an upstream's host says that it processes tokens, which may cost more."""
    return host_facts(urlsplit(base).hostname or "").geo


def upstream_url(base: str, path: str, query: str) -> str:
    """Where a call goes. ``base`` may end in ``/v1``, as SDKs write it; the path's own is then not doubled."""
    base = base.rstrip("/")
    if base.endswith("/v1") and path.startswith("/v1/"):
        base = base[: -len("/v1")]
    return f"{base}{path}{'?' + query if query else ''}"
