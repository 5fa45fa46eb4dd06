"""Which path is which: the endpoints that are metered. Every other path is refused; it would be a hole."""

from dataclasses import dataclass
from typing import Final

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


def upstream_url(base: str, path: str, query: str) -> str:
    """Where a call goes. ``base`` may end in ``/v1``, as SDKs write it; the path's own is then not doubled."""
    base = base.rstrip("/")
    if base.endswith("/v1") and path.startswith("/v1/"):
        base = base[: -len("/v1")]
    return f"{base}{path}{'?' + query if query else ''}"
