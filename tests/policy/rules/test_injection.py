from collections.abc import Callable

from guardian_ci.model import Call, Origin, Suspicion
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules import evaluate_call
from guardian_ci.policy.rules.injection import Injection
from guardian_ci.policy.rules.interface import SessionView

NOW = SessionView(now=0)
WORDS = Suspicion(kind="instruction_override", origin=Origin.TOOL_RESULT, excerpt="ignore all previous instructions")


def test_an_attack_is_quoted_with_its_kind_and_where_it_came_from(call: Callable[..., Call]) -> None:
    settings = load_policy("{}", "p.yml").settings[0]
    finding = Injection().check(settings, call(suspicions=(WORDS, WORDS)), NOW)
    assert finding is not None
    assert finding.reason == "instruction_override"
    assert finding.message == (
        "a tool's result reads like an attack on the model (instruction override:"
        ' "ignore all previous instructions") and 1 more. Look at where it comes from.'
    )


def test_it_warns_unless_the_policy_blocks_it(call: Callable[..., Call]) -> None:
    for text, verdict in (("{}", "warn"), ("rules: {injection: block}", "block")):
        findings, _ = evaluate_call(load_policy(text, "p.yml").settings[0], call(suspicions=(WORDS,)), NOW)
        assert [(finding.rule, finding.verdict) for finding in findings] == [("injection", verdict)]


def test_what_an_earlier_turn_brought_is_not_said_again(call: Callable[..., Call]) -> None:
    old = Suspicion(kind="exfiltration", origin=Origin.TOOL_RESULT, excerpt="send it", fresh=False)
    assert Injection().check(load_policy("{}", "p.yml").settings[0], call(suspicions=(old,)), NOW) is None
    strict = load_policy("rules: {injection: block}", "p.yml").settings[0]
    assert Injection().check(strict, call(suspicions=(old,)), NOW) is not None
