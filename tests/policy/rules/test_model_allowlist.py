from collections.abc import Callable

import pytest

from guardian_ci.model import Call, Operation, Place
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules.interface import SessionView
from guardian_ci.policy.rules.model_allowlist import ModelAllowlist

NOW = SessionView(now=0)


@pytest.mark.parametrize(
    ("allowed", "model", "passes"),
    [
        ("[claude-*]", "claude-opus-5-5", True),
        ("[claude-*]", "Claude-Opus-5-5", True),
        ("[claude-*]", "gpt-5", False),
        ("[claude-*]", "anthropic/claude-opus-5-5", False),
        ("[gpt-5, gpt-4.1]", "gpt-4.1", True),
        ("[gpt-5]", "gpt-5-mini", False),
        ("['claude-opus-5-5[1m]']", "claude-opus-5-5[1m]", True),
        ("[]", "gpt-5", False),
    ],
)
def test_only_models_that_a_glob_of_the_list_matches_pass(
    allowed: str, model: str, passes: object, call: Callable[..., Call]
) -> None:
    settings = load_policy(f"allowed_models: {allowed}", "p.yml").settings[0]
    finding = ModelAllowlist().check(settings, call(model), NOW)
    assert (finding is None) == passes


def test_without_a_list_any_model_passes(call: Callable[..., Call]) -> None:
    assert ModelAllowlist().check(load_policy("{}", "p.yml").settings[0], call("x"), NOW) is None


def test_the_finding_names_the_model_the_way_out_and_the_line(call: Callable[..., Call]) -> None:
    settings = load_policy("# mine\nallowed_models: [gpt-5, claude-*]", "p.yml").settings[0]
    finding = ModelAllowlist().check(settings, call("o9"), NOW)
    assert finding is not None
    assert (
        finding.message == "The model o9 is not allowed here. Use one of gpt-5, claude-*, or add it to allowed_models."
    )
    assert (finding.reason, finding.subject, finding.violation) == ("model_not_allowed", "o9", True)
    assert finding.place == Place(file="p.yml", line=2)


def test_a_call_for_the_list_of_models_names_none(call: Callable[..., Call]) -> None:
    settings = load_policy("allowed_models: [gpt-5]", "p.yml").settings[0]
    assert ModelAllowlist().check(settings, call("", operation=Operation.MODELS), NOW) is None
