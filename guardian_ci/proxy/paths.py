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
    stream: bool = False
    """The path itself asks for a stream."""

    @property
    def route(self) -> str:
        """The path as a route: with a place for the model, where the path names it."""
        return self.path.replace("MODEL", "{model}")


_GEMINI: Final = (
    ("generateContent", Operation.GENERATE, False),
    ("streamGenerateContent", Operation.GENERATE, True),
    ("countTokens", Operation.COUNT_TOKENS, False),
)


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
    *(
        Endpoint(
            path=f"/{version}/models/MODEL:{method}",
            method="POST",
            protocol=WireProtocol.GEMINI_GENERATE,
            operation=operation,
            provider="gemini",
            stream=stream,
        )
        for version in ("v1beta", "v1")
        for method, operation, stream in _GEMINI
    ),
)

RESPONSES_SOCKET: Final = Endpoint(
    path="/v1/responses",
    method="GET",
    protocol=WireProtocol.OPENAI_RESPONSES,
    operation=Operation.GENERATE,
    provider="openai",
)
"""The same protocol over WebSocket."""

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
    "gemini": Endpoint(
        path="/v1beta/models",
        method="GET",
        protocol=WireProtocol.GEMINI_GENERATE,
        operation=Operation.MODELS,
        provider="gemini",
    ),
}
"""All providers answer at ``/v1/models``, Google there too: without a prefix the key's header tells whose it is."""


def provider_of(base: str, spoken: str) -> str:
    """Whose prices and usage fields hold at an upstream: its host's, else those of the protocol that is spoken."""
    return host_facts(urlsplit(base).hostname or "").provider or spoken


def geo_of(base: str) -> str | None:
    """Where an upstream's host says that it processes tokens, which may cost more."""
    return host_facts(urlsplit(base).hostname or "").geo


def upstream_url(base: str, path: str, query: str) -> str:
    """Where a call goes. ``base`` may end in ``/v1``, as SDKs write it; the path's own is then not doubled."""
    base = base.rstrip("/")
    version = next((each for each in ("/v1beta", "/v1") if path.startswith(f"{each}/")), "")
    if version and base.endswith(version):
        base = base[: -len(version)]
    return f"{base}{path}{'?' + query if query else ''}"
