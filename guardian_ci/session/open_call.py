"""What the machine holds of one call while it is open."""

from dataclasses import dataclass, field, replace
from typing import Final

from guardian_ci.model import Amount, Call, Evaluation, Finding, WireProtocol
from guardian_ci.policy import Settings
from guardian_ci.policy.upstreams import Upstream
from guardian_ci.pricing import ModelPrice
from guardian_ci.session import events as on
from guardian_ci.session.ledger import Ask, Demand
from guardian_ci.session.scopes import demands_of
from guardian_ci.session.state import SessionState

_FRAME: Final = 100
"""Bytes of JSON round a text of ours, whose characters may be escaped."""


@dataclass(slots=True, kw_only=True)
class OpenCall:
    """A call from its request to its settlement: what was decided on it, and what is held for it."""

    received: on.CallReceived
    settings: Settings
    state: SessionState
    findings: list[Finding]
    trace: list[Evaluation]
    upstream: Upstream | None = None
    price: ModelPrice | None = None
    others: tuple[ModelPrice, ...] = ()
    searches: int | None = None
    demands: tuple[Demand, ...] = ()
    asked: Ask | None = None
    held: Amount = field(default_factory=Amount)
    fixed: int = 0
    output_rate: int = 0
    output_tokens: int = 0
    charge: Amount = field(default_factory=Amount)
    remove_tools: tuple[int, ...] = ()
    model: str | None = None
    notice: str | None = None
    extending: bool = False
    revision: int = 0
    over: Finding | None = None

    def scopes(self, *, enforced: bool) -> tuple[Demand, ...]:
        """The scopes of this call, with the limits that block or with those to warn of."""
        received = self.received
        return demands_of(
            self.settings,
            session=self.state.scope,
            caller=received.caller,
            model=self.model or received.call.model,
            at=received.time,
            enforced=enforced,
        )

    @property
    def prices(self) -> tuple[ModelPrice, ...]:
        """The prices of every model that may answer, the requested one first."""
        return () if self.price is None else (self.price, *self.others)

    @property
    def told(self) -> str:
        """What the model is told beside what the agent says: why its calls came to nothing, what is left to spend.

        Some agents drop our words, and a provider that keeps the conversation has never had them.
        """
        denials = (f"[guardian-ci] {reason}" for reason in self.state.denials_of(self.received.call))
        return "\n".join((*denials, *([self.notice] if self.notice else ())))

    def as_forwarded(self) -> Call:
        """The request as it is forwarded: with what is told beside it, fewer searches, no tools that policy removes."""
        request = _with_text(self.received.call, self.told)
        if self.searches is not None:
            request = replace(request, max_web_searches=self.searches)
        left = (tool for index, tool in enumerate(request.tools) if index not in self.remove_tools)
        if not self.remove_tools or any(tool.provider_executed for tool in left):
            return request
        return replace(request, max_web_searches=0)

    def fewer_searches(self) -> int:
        """Half as many searches as the call may make now; 0 where there is nothing to halve."""
        if self.received.call.protocol in {WireProtocol.OPENAI_CHAT, WireProtocol.GEMINI_GENERATE}:
            return 0  # no member of their requests bounds searches, so a smaller bound would not be true
        return self.as_forwarded().max_web_searches // 2


def _with_text(request: Call, text: str) -> Call:
    """Bound a request's size with another text in it."""
    if not text:
        return request
    more = 2 * len(text.encode("utf-8", "replace")) + _FRAME
    return replace(request, size=request.size.with_text(more))
