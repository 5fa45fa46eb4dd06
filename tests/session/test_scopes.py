"""Which scopes a call is charged to, what each may spend, and when to warn of it."""

import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.model import Amount, Finding, Limit, Verdict
from guardian_ci.policy import Settings, load_policy
from guardian_ci.session.events import Caller
from guardian_ci.session.ledger import Balance, Demand
from guardian_ci.session.scopes import demands_of, fraction_of, warnings_of

AT: Final = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
DOLLAR: Final = 10**12


def _settings(**document: Any) -> Settings:
    return load_policy(json.dumps({"name": "tests"} | document), "guardian.yml").settings[0]


def _limits(settings: Settings, *, model: str = "m", enforced: bool = True, **caller: Any) -> dict[str, Limit]:
    told = Caller(**{"session": "one", "run": "R", "provider": "anthropic"} | caller)
    demands = demands_of(settings, session="session:one#1", caller=told, model=model, at=AT, enforced=enforced)
    assert len({demand.scope for demand in demands}) == len(demands)
    assert demands[0].scope == "session:one#1"
    return {demand.scope: demand.limit for demand in demands}


def test_session_run_and_day_are_charged_without_a_limit_too() -> None:
    assert _limits(_settings()) == {"session:one#1": Limit(), "run:R": Limit(), "day:2026-11-22": Limit()}


def test_a_pull_request_is_charged_wherever_it_is_known() -> None:
    assert "pull_request:o/r#7" in _limits(_settings(), pull_request="o/r#7")
    limited = _settings(budgets={"pull_request": {"usd": 1}})
    assert _limits(limited, pull_request="o/r#7")["pull_request:o/r#7"] == Limit(picodollars=DOLLAR)
    assert not [scope for scope in _limits(limited) if scope.startswith("pull_request")]


@pytest.mark.parametrize(
    ("budgets", "caller", "scope", "limit"),
    [
        ({"session": {"usd": 2}}, {}, "session:one#1", Limit(picodollars=2 * DOLLAR)),
        ({"run": {"usd": 2, "tokens": 7}}, {}, "run:R", Limit(picodollars=2 * DOLLAR, tokens=7)),
        ({"day": {"tokens": 7}}, {}, "day:2026-11-22", Limit(tokens=7)),
        ({"user": {"tokens": 7}}, {"user": "ann"}, "user:ann@2026-11-22", Limit(tokens=7)),
        ({"user": {"tokens": 7}}, {}, "user:one@2026-11-22", Limit(tokens=7)),
        ({"model": {"m*": {"tokens": 7}}}, {}, "model:m@2026-11-22", Limit(tokens=7)),
    ],
)
def test_each_scope_has_the_limit_that_the_policy_gives_it(
    budgets: dict[str, Any], caller: dict[str, Any], scope: str, limit: Limit
) -> None:
    assert _limits(_settings(budgets=budgets), **caller)[scope] == limit


def test_a_model_that_no_glob_means_has_no_scope_of_its_own() -> None:
    assert not [scope for scope in _limits(_settings(budgets={"model": {"x*": {"usd": 1}}})) if "model" in scope]


def test_of_two_limits_of_one_scope_the_tighter_of_each_kind_holds() -> None:
    budgets = {"model": {"m*": {"usd": 3, "tokens": 5}, "*": {"usd": 2}, "m": {"tokens": 9}}}
    limits = _limits(_settings(budgets=budgets))
    assert limits["model:m@2026-11-22"] == Limit(picodollars=2 * DOLLAR, tokens=5)
    short = _limits(_settings(token_budget=5, cost_limit_usd=3))
    assert short["session:one#1"] == Limit(picodollars=3 * DOLLAR, tokens=5)


@pytest.mark.parametrize(
    ("action", "enforced", "stands"),
    [
        ("block", True, True),
        ("block", False, True),
        ("warn", True, False),
        ("warn", False, True),
        ("off", True, False),
        ("off", False, False),
    ],
)
def test_a_limit_stands_where_its_rule_acts(*, action: str, enforced: bool, stands: bool) -> None:
    """A limit that only warns bounds nothing, and one whose rule is off is none."""
    settings = _settings(budgets={"run": {"usd": 1, "tokens": 7}}, rules={"cost_limit": action})
    limit = _limits(settings, enforced=enforced)["run:R"]
    assert limit == Limit(picodollars=DOLLAR if stands else None, tokens=7)


@pytest.mark.parametrize(
    ("limit", "spent", "fraction"),
    [
        (Limit(), Amount(picodollars=5, tokens=5), 0.0),
        (Limit(picodollars=10), Amount(picodollars=5, tokens=5), 0.5),
        (Limit(picodollars=10, tokens=6), Amount(picodollars=5, tokens=3), 0.5),
        (Limit(picodollars=10, tokens=5), Amount(picodollars=5, tokens=5), 1.0),
        (Limit(tokens=0), Amount(), 1.0),
    ],
)
def test_a_budget_is_spent_as_far_as_its_fuller_kind(limit: Limit, spent: Amount, fraction: float) -> None:
    assert fraction_of(Demand(scope="run:R", limit=limit), Balance(spent=spent)) == fraction


def _over(*, kind: str, scope: str, limit: int, spent: int) -> Finding:
    return Finding(rule=kind, verdict=Verdict.WARN, reason="over", message=f"{spent} of {limit}", subject=scope)


def _said(settings: Settings, limit: Limit, before: int, charge: int) -> list[str]:
    balance = Balance(spent=Amount(picodollars=before + charge, tokens=before + charge))
    demand = Demand(scope="run:R", limit=limit)
    amount = Amount(picodollars=charge, tokens=charge)
    return [found.reason for found in warnings_of(settings, demand, balance, amount, _over)]


@pytest.mark.parametrize(
    ("before", "charge", "said"),
    [
        (0, 79, []),
        (0, 80, ["budget_warning"]),
        (79, 1, ["budget_warning"]),
        (80, 1, []),
        (94, 1, ["budget_warning"]),
        (0, 100, ["budget_warning"]),
        (95, 50, []),
    ],
)
def test_a_fraction_is_said_by_the_charge_that_crosses_it(before: int, charge: int, said: list[str]) -> None:
    assert _said(_settings(), Limit(tokens=100), before, charge) == said
    assert _said(_settings(), Limit(tokens=100, picodollars=100), before, charge) == said * 2


@pytest.mark.parametrize(("before", "charge", "said"), [(0, 100, ["budget_warning"]), (90, 11, ["over"]), (101, 9, [])])
def test_a_limit_that_only_warns_says_when_it_is_passed(before: int, charge: int, said: list[str]) -> None:
    warns = _settings(rules={"token_budget": "warn"})
    assert _said(warns, Limit(tokens=100), before, charge) == said


@given(st.lists(st.integers(0, 60), max_size=20), st.lists(st.integers(1, 100), max_size=4))
def test_each_fraction_is_said_at_most_once_whatever_the_charges(charges: list[int], percents: list[int]) -> None:
    settings = _settings(budget_warnings=[percent / 100 for percent in percents])
    spent, said = 0, 0
    for charge in charges:
        said += len(_said(settings, Limit(tokens=100), spent, charge))
        spent += charge
    crossed = {percent for percent in percents if percent <= spent}
    assert (said > 0) is bool(crossed)
    assert said <= len(crossed)


@pytest.mark.parametrize("action", ["block", "warn"])
def test_a_limit_of_nothing_has_no_fractions(action: str) -> None:
    """Also where the ledger could not be asked and the balance is not known."""
    settings = _settings(rules={"token_budget": action})
    balance = Balance()
    demand = Demand(scope="run:R", limit=Limit(tokens=0))
    assert list(warnings_of(settings, demand, balance, Amount(tokens=5), _over)) == []
