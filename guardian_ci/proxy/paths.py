"""Which path is which: the endpoints that are metered. Every other path is refused; it would be a hole."""

from dataclasses import dataclass
from typing import Final

from guardian_ci.model import Operation, WireProtocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A metered endpoint. ``path`` is what the upstream gets, whatever prefixes the agent used.

    ``at`` is where agents ask for it, if that is another path. ``door`` is the cloud whose form the request has.
    """

    path: str
    method: str
    protocol: WireProtocol
    operation: Operation
    provider: str
    stream: bool = False
    """The path itself asks for a stream."""
    at: str = ""
    door: str = ""

    @property
    def route(self) -> str:
        """The path as a route: with a place for the model, where the path names it."""
        # An ARN has slashes, which the server has decoded.
        return (self.at or self.path).replace("MODEL", "{model:path}" if self.door == "bedrock" else "{model}")


_GEMINI: Final = (
    ("generateContent", Operation.GENERATE, False),
    ("streamGenerateContent", Operation.GENERATE, True),
    ("countTokens", Operation.COUNT_TOKENS, False),
)

_VERTEX: Final = "/projects/{project}/locations/{location}/publishers/anthropic/models"


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
    *(
        Endpoint(
            path="/v1/messages",
            at=f"/model/MODEL/{action}",
            method="POST",
            protocol=WireProtocol.ANTHROPIC_MESSAGES,
            operation=Operation.GENERATE,
            provider="anthropic",
            stream=stream,
            door="bedrock",
        )
        for action, stream in (("invoke", False), ("invoke-with-response-stream", True))
    ),
    *(
        Endpoint(
            path="/v1/messages/count_tokens",
            at=f"{version}{_VERTEX}/count-tokens:rawPredict",
            method="POST",
            protocol=WireProtocol.ANTHROPIC_MESSAGES,
            operation=Operation.COUNT_TOKENS,
            provider="anthropic",
            door="vertex",
        )
        for version in ("/v1", "")
    ),
    *(
        Endpoint(
            path="/v1/messages",
            at=f"{version}{_VERTEX}/MODEL:{method}",
            method="POST",
            protocol=WireProtocol.ANTHROPIC_MESSAGES,
            operation=Operation.GENERATE,
            provider="anthropic",
            stream=stream,
            door="vertex",
        )
        for version in ("/v1", "")
        for method, stream in (("rawPredict", False), ("streamRawPredict", True))
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
    Endpoint(
        path="/v1/chat/completions",
        at="/deployments/MODEL/chat/completions",
        method="POST",
        protocol=WireProtocol.OPENAI_CHAT,
        operation=Operation.GENERATE,
        provider="openai",
    ),
    Endpoint(
        path="/v1/responses",
        at="/responses",
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
"""``/deployments`` and ``/responses`` are Azure's, whose clients have ``/openai`` before them."""

RESPONSES_SOCKET: Final = Endpoint(
    path="/v1/responses",
    method="GET",
    protocol=WireProtocol.OPENAI_RESPONSES,
    operation=Operation.GENERATE,
    provider="openai",
)
"""The same protocol over WebSocket."""

REALTIME: Final = Endpoint(
    path="/v1/realtime",
    method="GET",
    protocol=WireProtocol.OPENAI_RESPONSES,
    operation=Operation.GENERATE,
    provider="openai",
)
"""Speech and text over WebSocket, billed like responses."""

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
