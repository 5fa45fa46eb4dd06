"""The most dollars that a scope may cost: what a refusal says when they do not suffice."""

from typing import Final

from guardian_ci.model import Finding, Verdict
from guardian_ci.policy.describe import dollars
from guardian_ci.policy.rules.scopes import budget_place, scope_words
from guardian_ci.policy.settings import Settings

ID: Final = "cost_limit"


def exceeded(settings: Settings, *, scope: str, limit: int, spent: int, reserved: int, needed: int) -> Finding:
    """Return the finding for a call that needs more picodollars than its scope has left."""
    place, key = budget_place(settings, scope, limit, tokens=False)
    return Finding(
        rule=ID,
        verdict=Verdict.BLOCK,
        reason="cost_limit_exceeded",
        message=f"The budget of {scope_words(scope)} is used up: {dollars(spent)} of {dollars(limit)} are spent"
        + (f", {dollars(reserved)} are reserved by calls in flight" if reserved else "")
        + f", and this call needs at least {dollars(needed)}. To allow more, raise {key} in the policy.",
        subject=scope,
        place=place,
    )
