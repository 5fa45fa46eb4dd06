"""How many calls a session may make within any sixty seconds."""

import math
from typing import ClassVar, Final

from guardian_ci.model import Call, Finding, Operation, Verdict
from guardian_ci.policy.rules.interface import CallRule, SessionView
from guardian_ci.policy.settings import Settings

_MINUTE: Final = 60.0


class RateLimit(CallRule):
    """``rate_limit.requests_per_minute``. It paces the agent: the call is refused for now, and is no violation."""

    id: ClassVar[str] = "rate_limit"

    def check(self, settings: Settings, call: Call, view: SessionView) -> Finding | None:  # noqa: D102
        limit = settings.requests_per_minute
        if limit is None or call.operation is not Operation.GENERATE:
            return None
        recent = [time for time in view.recent_calls if view.now - time < _MINUTE]
        if len(recent) < limit:
            return None
        # The call may come once fewer than `limit` calls are left: when this one has left the minute.
        leaves = recent[len(recent) - limit] + _MINUTE
        wait = max(1, math.ceil(round(leaves - view.now, 6)))
        return Finding(
            rule=self.id,
            verdict=Verdict.BLOCK,
            reason="rate_limit_exceeded",
            message=f"This session has made {len(recent)} calls in the last minute; {limit} are allowed."
            f" Try again in {wait} s.",
            subject=f"{limit} a minute",
            place=settings.place("rate_limit.requests_per_minute"),
            retry_after=wait,
            throttle=True,
        )

    def stands_on(self, settings: Settings) -> str:  # noqa: D102
        limit = settings.requests_per_minute
        return "no rate limit" if limit is None else f"at most {limit} calls a minute"
