"""What an agent is told when it is refused, and with which status.

The statuses are measured on the agents themselves: 400 in the protocol's own shape ends every one within seconds
with our text in its log; Claude Code ends sooner on 402 and shows more. 401, 403 and 5xx make some retry for
minutes. A 429 is for what shall come back, and then its ``Retry-After`` is true.
"""

from dataclasses import dataclass
from typing import Final

from guardian_ci.model import Finding, WireProtocol
from guardian_ci.policy import Settings

_MONEY: Final = frozenset({"token_budget", "cost_limit"})
_CODES: Final = {400: "invalid_request_error", 402: "billing_error", 429: "rate_limit_error"}
_TRANSIENT: Final = "api_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The answer to a refused call. ``retry_after`` in seconds; ``final`` tells SDKs not to try again."""

    status: int
    code: str
    message: str
    reason: str
    retry_after: int | None = None
    final: bool = True


def of_finding(finding: Finding, settings: Settings, protocol: WireProtocol | None, agent: str) -> Refusal:
    """The refusal that ends (or paces) this agent best."""
    message = f"guardian-ci: {finding.message}"
    if finding.retry_after is not None:
        return Refusal(
            status=429,
            code=_CODES[429],
            message=message,
            reason=finding.reason,
            retry_after=finding.retry_after,
            final=False,
        )
    claude_code = protocol is WireProtocol.ANTHROPIC_MESSAGES and agent.startswith("claude-cli/")
    status = 402 if claude_code and finding.rule != "bad_request" else 400
    if finding.rule in _MONEY and settings.budget_status is not None:
        status = settings.budget_status
    return Refusal(status=status, code=_CODES.get(status, _CODES[400]), message=message, reason=finding.reason)


def of_upstream(status: int, message: str) -> Refusal:
    """The answer where the upstream failed: as transient as the failure itself, so the agent may try again."""
    return Refusal(
        status=status, code=_TRANSIENT, message=f"guardian-ci: {message}", reason="upstream_error", final=False
    )
