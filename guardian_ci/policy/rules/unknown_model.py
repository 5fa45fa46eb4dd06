"""A model without a price: the refusal that shows the line of policy which would allow it."""

from typing import Final

from guardian_ci.model import Finding, Verdict
from guardian_ci.policy.problems import quote
from guardian_ci.policy.settings import Settings

ID: Final = "unknown_model"


def refused(settings: Settings, model: str, nearest: str | None) -> Finding:
    """Return the finding for a call to a model that nobody knows the price of."""
    meant = f" Did you mean {nearest}?" if nearest else ""
    return Finding(
        rule=ID,
        verdict=Verdict.BLOCK,
        reason="unknown_model",
        message=f"The price of the model {quote(model)} is not known, so no budget could hold.{meant}"
        f" To allow it, add its price in dollars per million tokens to the policy: {policy_line(model)}",
        subject=model,
        place=settings.place("unknown_model"),
    )


def policy_line(model: str) -> str:
    """Return the one line of policy that gives a model a price; the rates in it are examples."""
    return f"prices: {{{quote(model)}: {{input: 3.00, output: 15.00}}}}"
