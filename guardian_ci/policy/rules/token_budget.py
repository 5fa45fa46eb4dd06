"""The most tokens that a scope may use: what a refusal says when they do not suffice."""

from typing import Final

from guardian_ci.model import Finding, Verdict
from guardian_ci.policy.rules.scopes import budget_place, scope_words
from guardian_ci.policy.settings import Settings

ID: Final = "token_budget"


def exceeded(settings: Settings, *, scope: str, limit: int, spent: int, reserved: int, needed: int) -> Finding:
    """Return the finding for a call that needs more tokens than its scope has left."""
    place, key = budget_place(settings, scope, limit, tokens=True)
    return Finding(
        rule=ID,
        verdict=Verdict.BLOCK,
        reason="token_budget_exceeded",
        message=f"The token budget of {scope_words(scope)} is used up: {spent:,} of {limit:,} tokens are used"
        + (f", {reserved:,} are reserved by calls in flight" if reserved else "")
        + f", and this call needs at least {needed:,}. To allow more, raise {key} in the policy.",
        subject=scope,
        place=place,
    )
