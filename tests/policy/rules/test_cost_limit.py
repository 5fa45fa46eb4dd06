import pytest

from guardian_ci.model import PICODOLLARS, Place
from guardian_ci.policy import load_policy
from guardian_ci.policy.describe import dollars
from guardian_ci.policy.rules import cost_limit


def test_the_message_has_the_figures_and_the_way_out() -> None:
    settings = load_policy("name: x\nbudgets: {run: {usd: 0.1}}", "p.yml").settings[0]
    finding = cost_limit.exceeded(
        settings,
        scope="run:1",
        limit=PICODOLLARS // 10,
        spent=99 * PICODOLLARS // 1000,
        reserved=PICODOLLARS // 2000,
        needed=PICODOLLARS // 400,
    )
    assert finding.message == (
        "The budget of this run is used up: $0.099 of $0.10 are spent, $0.0005 are reserved by calls in flight, and"
        " this call needs at least $0.0025. To allow more, raise budgets.run.usd in the policy."
    )
    assert (finding.rule, finding.reason, finding.violation) == ("cost_limit", "cost_limit_exceeded", True)
    assert finding.place == Place(file="p.yml", line=2)


def test_a_sessions_limit_is_named_as_the_policy_writes_it() -> None:
    short = load_policy("cost_limit_usd: 1", "p.yml").settings[0]
    long = load_policy("budgets: {session: {usd: 1}}", "p.yml").settings[0]
    figures = {"scope": "session:a", "limit": PICODOLLARS, "spent": 0, "reserved": 0, "needed": 0}
    assert "raise cost_limit_usd in" in cost_limit.exceeded(short, **figures).message
    assert "raise budgets.session.usd in" in cost_limit.exceeded(long, **figures).message


@pytest.mark.parametrize(
    ("picodollars", "shown"),
    [
        (0, "$0.00"),
        (PICODOLLARS, "$1.00"),
        (1, "$0.000000000001"),
        (1_234_500_000_000_000, "$1,234.50"),
        (-5 * 10**11, "-$0.50"),
    ],
)
def test_an_amount_is_shown_exactly(picodollars: int, shown: str) -> None:
    assert dollars(picodollars) == shown
