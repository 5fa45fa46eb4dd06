"""Which scopes a call is charged to, what each may spend, and when to warn of it."""

from collections.abc import Callable, Iterator
from datetime import datetime

from guardian_ci.model import Amount, Finding, Limit, Verdict
from guardian_ci.policy import Settings
from guardian_ci.policy.model_globs import model_matches
from guardian_ci.session.events import Caller
from guardian_ci.session.ledger import Balance, Demand


def demands_of(
    settings: Settings, *, session: str, caller: Caller, model: str, at: datetime, enforced: bool = True
) -> tuple[Demand, ...]:
    """Every scope that a call is charged to; session, run and day always, limited or not.

    ``session`` is the session's scope with its generation. ``enforced``: a limit stands only where its rule blocks;
    else it stands where its rule is not off, as what to warn of.
    """
    day = at.date().isoformat()
    names = {
        "session": session,
        "run": f"run:{caller.run}",
        "day": f"day:{day}",
        "model": f"model:{model}@{day}",
        "user": f"user:{caller.user or caller.session}@{day}",
        "pull_request": f"pull_request:{caller.pull_request}" if caller.pull_request else None,
    }
    limits = {scope: Limit() for scope in (names["session"], names["run"], names["day"]) if scope}
    # A pull request's spend is asked for afterwards too (`gate`), so it is kept even without a limit.
    if names["pull_request"]:
        limits[names["pull_request"]] = Limit()
    for budget in settings.budgets:
        scope = names[budget.scope]
        if scope is None or (budget.pattern is not None and not model_matches(budget.pattern, model)):
            continue
        limits[scope] = _tighter(limits.get(scope, Limit()), _standing(settings, budget.limit, enforced=enforced))
    return tuple(Demand(scope=scope, limit=limit) for scope, limit in limits.items())


def _standing(settings: Settings, limit: Limit, *, enforced: bool) -> Limit:
    def stands(rule: str) -> bool:
        action = settings.action(rule)
        return action == "block" if enforced else action != "off"

    return Limit(
        picodollars=limit.picodollars if stands("cost_limit") else None,
        tokens=limit.tokens if stands("token_budget") else None,
    )


def _tighter(one: Limit, other: Limit) -> Limit:
    def least(left: int | None, right: int | None) -> int | None:
        return right if left is None else left if right is None else min(left, right)

    return Limit(picodollars=least(one.picodollars, other.picodollars), tokens=least(one.tokens, other.tokens))


def fraction_of(demand: Demand, balance: Balance) -> float:
    """How much of a scope's budget is spent, in its fuller kind; 0 without a limit."""
    parts = [spent / limit if limit else 1.0 for _, limit, spent in _kinds(demand.limit, balance.spent)]
    return max(parts, default=0.0)


def warnings_of(
    settings: Settings, demand: Demand, balance: Balance, charge: Amount, over: Callable[..., Finding]
) -> Iterator[Finding]:
    """What a charge that was just settled has crossed: the highest fraction of each kind, once.

    ``over`` makes the finding of a limit that only warns and is passed.
    """
    charged = {"cost": charge.picodollars, "tokens": charge.tokens}
    for kind, limit, spent in _kinds(demand.limit, balance.spent):
        rule = "cost_limit" if kind == "cost" else "token_budget"
        before = spent - charged[kind]
        if settings.action(rule) == "warn" and before <= limit < spent:
            yield over(kind=kind, scope=demand.scope, limit=limit, spent=spent)
        elif limit and any(before < part * limit <= spent for part in settings.budget_warnings):
            unit = "dollars" if kind == "cost" else "tokens"
            yield Finding(
                rule=rule,
                verdict=Verdict.WARN,
                reason="budget_warning",
                message=f"{spent / limit:.0%} of the {unit} of {demand.scope} are spent",
                subject=demand.scope,
            )


def _kinds(limit: Limit, spent: Amount) -> Iterator[tuple[str, int, int]]:
    if limit.picodollars is not None:
        yield "cost", limit.picodollars, spent.picodollars
    if limit.tokens is not None:
        yield "tokens", limit.tokens, spent.tokens
