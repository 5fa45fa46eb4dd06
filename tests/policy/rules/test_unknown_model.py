import pytest

from guardian_ci.policy import load_policy
from guardian_ci.policy.rules import unknown_model

SETTINGS = load_policy("unknown_model: refuse", "p.yml").settings[0]


def test_the_message_names_the_nearest_model_and_the_line_that_would_allow_it() -> None:
    finding = unknown_model.refused(SETTINGS, "claude-opus-9", "claude-opus-5")
    assert finding.message == (
        'The price of the model "claude-opus-9" is not known, so no budget could hold. Did you mean claude-opus-5?'
        " To allow it, add its price in dollars per million tokens to the policy:"
        ' prices: {"claude-opus-9": {input: 3.00, output: 15.00}}'
    )
    assert (finding.rule, finding.reason, finding.subject, finding.violation) == (
        "unknown_model",
        "unknown_model",
        "claude-opus-9",
        True,
    )
    assert finding.place is not None


@pytest.mark.parametrize("model", ["my-model", "org/model:free", 'we"ird', "gpt 5", "claude-opus-5-5[1m]"])
def test_the_line_it_shows_is_a_policy_that_prices_the_model(model: str) -> None:
    (price,) = load_policy(unknown_model.policy_line(model), "p.yml").settings[0].prices
    assert price.pattern == model


def test_without_a_near_model_none_is_named() -> None:
    assert "Did you mean" not in unknown_model.refused(SETTINGS, "x", None).message
