from collections.abc import Callable

import pytest

from guardian_ci.model import Call, Operation
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules.interface import SessionView
from guardian_ci.policy.rules.retry_loop import RetryLoop

DEFAULT = load_policy("{}", "p.yml").settings[0]


@pytest.mark.parametrize(
    ("repeats", "found"),
    [([], False), ([98, 99], False), ([97, 98, 99], True), ([40, 98, 99], False), ([40.5, 98, 99], True)],
)
def test_the_fourth_call_with_one_prompt_in_a_minute_is_a_loop(
    repeats: list[float], found: object, call: Callable[..., Call]
) -> None:
    finding = RetryLoop().check(DEFAULT, call(), SessionView(now=100, repeats=repeats))
    assert (finding is not None) == found


def test_the_finding_says_how_often_and_how_long_to_wait_and_is_a_violation(call: Callable[..., Call]) -> None:
    finding = RetryLoop().check(DEFAULT, call(), SessionView(now=3, repeats=[0, 1, 2]))
    assert finding is not None
    assert finding.message == (
        "The same prompt came 4 times within 60 s; 3 are allowed. Try again in 300 s, with another prompt."
    )
    assert (finding.reason, finding.retry_after, finding.violation) == ("retry_loop", 300, True)


def test_a_policy_may_end_the_run_instead(call: Callable[..., Call]) -> None:
    settings = load_policy("loop_detection: {max_repeats: 1, window_seconds: 10, then: end}", "p.yml").settings[0]
    finding = RetryLoop().check(settings, call(), SessionView(now=3, repeats=[0]))
    assert finding is not None
    assert (finding.retry_after, finding.violation) == (None, True)
    assert finding.message.endswith("The run ends here.")
    assert finding.place is not None


def test_counting_tokens_again_is_no_loop(call: Callable[..., Call]) -> None:
    view = SessionView(now=3, repeats=[0, 1, 2])
    assert RetryLoop().check(DEFAULT, call(operation=Operation.COUNT_TOKENS), view) is None
