import pytest

from guardian_ci.model import Place
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules import token_budget

POLICY = """\
token_budget: 50000
budgets:
  run: {tokens: 7}
  model:
    gpt-*: {tokens: 5}
"""


@pytest.mark.parametrize(
    ("scope", "limit", "words", "key", "line"),
    [
        ("session", 50_000, "this session", "token_budget", 1),
        ("session:dev#2", 50_000, "this session", "token_budget", 1),
        ("run:abc", 7, "this run", "budgets.run.tokens", 3),
        ("model:gpt-4.1@2026-11-22", 5, "the model gpt-4.1 today", 'budgets.model["gpt-*"].tokens', 5),
        ("day:2026-11-22", 9, "this day", "budgets.day.tokens", None),
        ("user:x@2026-11-22", 9, "this user today", "budgets.user.tokens", None),
    ],
)
def test_the_finding_names_the_scope_and_where_its_limit_is_said(
    scope: str, limit: int, words: str, key: str, line: int | None
) -> None:
    settings = load_policy(POLICY, "p.yml").settings[0]
    finding = token_budget.exceeded(settings, scope=scope, limit=limit, spent=1, reserved=0, needed=1)
    assert f"The token budget of {words} is used up" in finding.message
    assert f"raise {key} in the policy" in finding.message
    assert finding.place == (Place(file="p.yml", line=line) if line else None)
    assert (finding.rule, finding.reason, finding.subject) == ("token_budget", "token_budget_exceeded", scope)


def test_the_message_has_the_figures() -> None:
    settings = load_policy("token_budget: 50000", "p.yml").settings[0]
    finding = token_budget.exceeded(settings, scope="session", limit=50_000, spent=40_000, reserved=9_000, needed=2_000)
    assert finding.message == (
        "The token budget of this session is used up: 40,000 of 50,000 tokens are used, 9,000 are reserved by calls in"
        " flight, and this call needs at least 2,000. To allow more, raise token_budget in the policy."
    )
    assert finding.violation
