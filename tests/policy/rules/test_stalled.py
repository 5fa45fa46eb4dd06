from collections.abc import Callable

import pytest

from guardian_ci.model import Call
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules.interface import SessionView
from guardian_ci.policy.rules.stalled import Stalled


@pytest.mark.parametrize(("turns", "found"), [(0, False), (9, False), (10, True), (11, False), (20, True)])
def test_it_is_said_at_every_tenth_idle_turn(turns: int, found: object, call: Callable[..., Call]) -> None:
    finding = Stalled().check(load_policy("{}", "p.yml").settings[0], call(), SessionView(now=0, idle_turns=turns))
    assert (finding is not None) == found


def test_the_policy_says_after_how_many(call: Callable[..., Call]) -> None:
    settings = load_policy("loop_detection: {max_idle_turns: 2}", "p.yml").settings[0]
    finding = Stalled().check(settings, call(), SessionView(now=0, idle_turns=2))
    assert finding is not None
    assert finding.message.startswith("2 turns in a row cost no less than the one before")
