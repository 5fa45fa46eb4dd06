"""What a dialect of upstreams does with a call: its address, its headers and body, and the answer turned back."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from guardian_ci.model import Operation, WireProtocol
from guardian_ci.policy.upstreams import Upstream
from guardian_ci.proxy.upstream import Answer, Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A call that is to be forwarded, in the form of its wire protocol.

    ``path`` and ``query`` are those of the provider's own API; ``model`` is what the upstream calls the model (``""``
    where the call names none); ``headers`` are the agent's, without those that end here, with the upstream's key.
    """

    upstream: Upstream
    protocol: WireProtocol
    operation: Operation
    path: str
    query: str
    model: str
    headers: Headers
    body: bytes = b""
    stream: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What leaves the proxy."""

    url: str
    headers: Headers
    body: bytes


class Dialect(ABC):
    """One kind of upstream."""

    rewrites: ClassVar[bool] = False
    """Whether it edits bodies, which must then come without the agent's compression."""

    async def open(self, upstream: Upstream) -> None:  # noqa: B027 - most have nothing to get ready
        """Get ready for an upstream before the first call. Raises ``StartError``."""

    @abstractmethod
    def outgoing(self, asked: Asked) -> Outgoing:
        """Turn a call into what the upstream takes. Raises ``BadRequest`` where it cannot take it."""

    async def signed(self, outgoing: Outgoing, upstream: Upstream) -> Outgoing:  # noqa: ARG002 - most have sent a key
        """Add credentials that cannot be told in advance. Raises ``UnreachedError`` where there are none."""
        return outgoing

    def answer(self, answer: Answer) -> Answer:
        """Turn an answer into the form of its wire protocol."""
        return answer
