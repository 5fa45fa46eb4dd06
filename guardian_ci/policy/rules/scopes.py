"""How refusals speak of scopes. A scope is its kind, alone or with the name of the one meant (``session:dev``)."""

import re
from collections.abc import Mapping
from typing import Final

from guardian_ci.model import Place
from guardian_ci.policy.problems import field_name
from guardian_ci.policy.settings import Settings

_WORDS: Final[Mapping[str, str]] = {
    "session": "this session",
    "run": "this run",
    "day": "this day",
    "user": "this user",
    "pull_request": "this pull request",
}


_DAY: Final = re.compile(r"@\d{4}-\d{2}-\d{2}$")
"""A ledger keeps some scopes per day, and says so at the end of their names."""


def scope_words(scope: str) -> str:
    """Return the words for a scope in a sentence."""
    kind, _, name = scope.partition(":")
    today = " today" if _DAY.search(name) else ""
    if kind == "model":
        return f"the model {_DAY.sub('', name)}{today}" if name else "this model"
    return _WORDS.get(kind, kind) + today


def budget_place(settings: Settings, scope: str, limit: int, *, tokens: bool) -> tuple[Place | None, str]:
    """Return where the budget of a scope says this limit, and the key that says it."""
    kind, _, name = scope.partition(":")
    unit, short = ("tokens", "token_budget") if tokens else ("usd", "cost_limit_usd")
    budgets = settings.budgets_of(kind, _DAY.sub("", name))
    budget = next(
        (each for each in budgets if (each.limit.tokens if tokens else each.limit.picodollars) == limit), None
    )
    place = None if budget is None else budget.tokens_place if tokens else budget.place
    if kind == "session" and (place is None or place == settings.places.get(short)):
        return place, short
    if budget is not None and budget.pattern is not None:
        return place, field_name(("budgets", "model", budget.pattern, unit))
    return place, f"budgets.{kind}.{unit}"
