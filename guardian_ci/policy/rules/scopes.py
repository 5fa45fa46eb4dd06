"""How refusals speak of scopes. A scope is its kind, alone or with the name of the one meant (``session:dev``)."""

from collections.abc import Mapping
from typing import Final

from guardian_ci.model import Place
from guardian_ci.policy.settings import Settings

_WORDS: Final[Mapping[str, str]] = {
    "session": "this session",
    "run": "this run",
    "day": "this day",
    "user": "this user",
    "pull_request": "this pull request",
}


def scope_words(scope: str) -> str:
    """Return the words for a scope in a sentence."""
    kind, _, name = scope.partition(":")
    if kind == "model":
        return f"the model {name}" if name else "this model"
    return _WORDS.get(kind, scope)


def budget_place(settings: Settings, scope: str, *, tokens: bool) -> tuple[Place | None, str]:
    """Return where the budget of a scope is said, and the key that says it."""
    kind, _, name = scope.partition(":")
    unit, short = ("tokens", "token_budget") if tokens else ("usd", "cost_limit_usd")
    budget = settings.budget(kind, name or None)
    place = None if budget is None else budget.tokens_place if tokens else budget.place
    if kind == "session" and (place is None or place == settings.places.get(short)):
        return place, short
    if kind == "model" and budget is not None and budget.pattern is not None:
        return place, f'budgets.model["{budget.pattern}"].{unit}'
    return place, f"budgets.{kind}.{unit}"
