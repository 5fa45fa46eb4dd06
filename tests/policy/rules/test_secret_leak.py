from collections.abc import Callable

import pytest

from guardian_ci.model import Call, Leak, Operation, Origin, ToolUse, Verdict
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules.interface import SessionView, ToolView
from guardian_ci.policy.rules.secret_leak import SecretInToolCall, SecretLeak, found, to_redact
from guardian_ci.policy.settings import Settings

NOW = SessionView(now=0)
PROMPT = Leak(kind="aws-key-id", origin=Origin.PROMPT)
RESULT = Leak(kind="github-token", origin=Origin.TOOL_RESULT)


def settings_of(text: str) -> Settings:
    return load_policy(text, "p.yml").settings[0]


def test_a_secret_in_a_prompt_is_warned_of_unless_the_policy_says_otherwise(call: Callable[..., Call]) -> None:
    finding = SecretLeak().check(settings_of("{}"), call(leaks=(PROMPT, RESULT)), NOW)
    assert finding is not None
    assert finding.verdict is Verdict.WARN
    assert finding.message == "Secrets (aws-key-id, github-token) in a prompt and a tool's result."
    assert finding.subject == "aws-key-id, github-token"


def test_off_says_nothing_of_it(call: Callable[..., Call]) -> None:
    assert SecretLeak().check(settings_of("secrets: off"), call(leaks=(PROMPT, RESULT)), NOW) is None
    assert SecretLeak().check(settings_of("rules: {secret_leak: off}"), call(leaks=(PROMPT,)), NOW) is None


def test_block_refuses_the_call_and_says_the_way_out(call: Callable[..., Call]) -> None:
    settings = settings_of("secrets:\n  tool_results: block")
    finding = SecretLeak().check(settings, call(leaks=(PROMPT, RESULT)), NOW)
    assert finding is not None
    assert (finding.verdict, finding.subject) == (Verdict.BLOCK, "github-token")
    assert "let the policy take it out (secrets: redact)" in finding.message
    assert finding.place is not None
    assert finding.place.line == 2


def test_redact_is_said_once_and_done_every_turn(call: Callable[..., Call]) -> None:
    settings = settings_of("secrets: redact")
    again = call(leaks=(Leak(kind="github-token", origin=Origin.TOOL_RESULT, fresh=False),))
    finding = SecretLeak().check(settings, call(leaks=(RESULT,)), NOW)
    assert finding is not None
    assert finding.message.endswith("it was taken out before the call was forwarded.")
    assert SecretLeak().check(settings, again, NOW) is None
    assert to_redact(settings, again) == (Origin.TOOL_RESULT,)


def test_what_blocks_blocks_also_where_it_stands_in_an_earlier_turn(call: Callable[..., Call]) -> None:
    old = call(leaks=(Leak(kind="jwt", origin=Origin.PROMPT, fresh=False),))
    assert SecretLeak().check(settings_of("secrets: warn"), old, NOW) is None
    assert SecretLeak().check(settings_of("secrets: block"), old, NOW) is not None


def test_redact_never_edits_what_the_model_wrote(call: Callable[..., Call]) -> None:
    settings = settings_of("secrets: redact")
    told = call(leaks=(Leak(kind="jwt", origin=Origin.ANSWER), Leak(kind="jwt", origin=Origin.TOOL_CALL)))
    assert to_redact(settings, told) == ()
    assert (settings.secrets.answers, settings.secrets.tool_calls) == ("warn", "warn")


def test_each_place_may_have_its_own_action(call: Callable[..., Call]) -> None:
    settings = settings_of("secrets: {action: redact, prompts: block, answers: off}")
    assert settings.secrets.tool_results == "redact"
    assert SecretLeak().check(settings, call(leaks=(PROMPT,)), NOW) is not None
    assert found(settings, [Leak(kind="jwt", origin=Origin.ANSWER)]) is None


@pytest.mark.parametrize(("policy", "verdict"), [("{}", Verdict.WARN), ("secrets: block", Verdict.BLOCK)])
def test_a_secret_in_a_tool_calls_arguments_is_named_by_its_kind_only(policy: str, verdict: Verdict) -> None:
    tool = ToolUse(
        id="1", name="Bash", canonical="bash", arguments="", leaks=(Leak(kind="jwt", origin=Origin.TOOL_CALL),)
    )
    finding = SecretInToolCall().check(settings_of(policy), tool, ToolView())
    assert finding is not None
    assert finding.verdict is verdict
    assert finding.message.startswith("A secret (jwt) in the arguments of Bash.")


def test_a_list_of_models_carries_nothing(call: Callable[..., Call]) -> None:
    listing = call(operation=Operation.MODELS, leaks=(PROMPT,))
    assert SecretLeak().check(settings_of("secrets: block"), listing, NOW) is None
