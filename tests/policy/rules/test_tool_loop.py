from collections.abc import Callable

import pytest

from guardian_ci.model import Call
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules import evaluate_call
from guardian_ci.policy.rules.interface import SessionView
from guardian_ci.policy.rules.tool_loop import ToolLoop


@pytest.mark.parametrize(("times", "found"), [(0, False), (5, False), (6, True), (60, True)])
def test_the_sixth_time_with_nothing_new_is_a_loop(times: int, found: object, call: Callable[..., Call]) -> None:
    settings = load_policy("{}", "p.yml").settings[0]
    view = SessionView(now=0, same_results=times, same_tool="Bash")
    finding = ToolLoop().check(settings, call(), view)
    assert (finding is not None) == found
    if finding is not None:
        assert finding.message.startswith(f"The same call of Bash had the same result {times} times")
        assert finding.retry_after == 300


def test_it_warns_unless_the_policy_blocks_it(call: Callable[..., Call]) -> None:
    view = SessionView(now=0, same_results=4, same_tool="Bash")
    for text, verdict in (("", "warn"), ("rules: {tool_loop: block}", "block")):
        policy = load_policy(f"loop_detection: {{max_same_results: 3}}\n{text}", "p.yml")
        findings, _ = evaluate_call(policy.settings[0], call(), view)
        assert [(finding.rule, finding.verdict) for finding in findings] == [("tool_loop", verdict)]
        assert findings[0].place is not None
