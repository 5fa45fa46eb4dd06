from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardian_ci.model import Call, Operation
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules.interface import SessionView
from guardian_ci.policy.rules.rate_limit import RateLimit

LIMITED = load_policy("rate_limit: {requests_per_minute: 3}", "p.yml").settings[0]


@pytest.mark.parametrize(
    ("recent", "now", "retry_after"),
    [
        ([], 100, None),
        ([98, 99], 100, None),
        ([97, 98, 99], 100, 57),
        ([97.5, 98, 99], 100, 58),
        ([40, 98, 99], 100, None),
        ([40.001, 98, 99], 100, 1),
        ([10, 20, 97, 98, 99], 100, 57),
        ([90, 96, 97, 98, 99], 100, 57),
    ],
)
def test_the_call_comes_back_when_the_oldest_leaves_the_minute(
    recent: list[float], now: float, retry_after: int | None, call: Callable[..., Call]
) -> None:
    finding = RateLimit().check(LIMITED, call(), SessionView(now=now, recent_calls=recent))
    assert (finding.retry_after if finding else None) == retry_after


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recent=st.lists(st.floats(0, 120), max_size=8).map(sorted), now=st.floats(120, 130))
def test_after_the_wait_the_call_is_admitted_and_not_a_second_later_than_needed(
    recent: list[float], now: float, call: Callable[..., Call]
) -> None:
    def refused(at: float) -> int | None:
        finding = RateLimit().check(LIMITED, call(), SessionView(now=at, recent_calls=recent))
        return finding.retry_after if finding else None

    wait = refused(now)
    if wait is not None:
        assert refused(now + wait + 1e-5) is None
        assert wait == 1 or refused(now + wait - 1 - 1e-5) is not None


def test_pacing_is_no_violation(call: Callable[..., Call]) -> None:
    finding = RateLimit().check(LIMITED, call(), SessionView(now=1, recent_calls=[0, 0, 0]))
    assert finding is not None
    assert (finding.throttle, finding.violation, finding.reason) == (True, False, "rate_limit_exceeded")
    assert finding.message == "This session has made 3 calls in the last minute; 3 are allowed. Try again in 59 s."
    assert finding.place is not None
    assert finding.place.line == 1


@pytest.mark.parametrize("operation", [Operation.COUNT_TOKENS, Operation.MODELS])
def test_calls_that_cost_nothing_are_not_paced(operation: Operation, call: Callable[..., Call]) -> None:
    view = SessionView(now=1, recent_calls=[0, 0, 0])
    assert RateLimit().check(LIMITED, call(operation=operation), view) is None


def test_without_a_limit_nothing_is_paced(call: Callable[..., Call]) -> None:
    free = load_policy("{}", "p.yml").settings[0]
    assert RateLimit().check(free, call(), SessionView(now=1, recent_calls=[0] * 1000)) is None
