"""What an agent is told, and with which status: by rule, protocol, agent and policy."""

import json

import anthropic
import openai
import pytest
from rig import Rig, Run
from scripted import Upstream, response
from speech import CHAT, MESSAGES, RESPONSES, Speech

from guardian_ci.model import Finding, Verdict, WireProtocol
from guardian_ci.policy import Settings
from guardian_ci.proxy.refusals import of_finding, of_upstream

CLAUDE_CODE = "claude-cli/2.1.330 (external, cli)"
ANTHROPIC, OPENAI = WireProtocol.ANTHROPIC_MESSAGES, WireProtocol.OPENAI_CHAT


def found(rule: str, retry_after: int | None = None) -> Finding:
    return Finding(rule=rule, verdict=Verdict.BLOCK, reason="why", message="No.", retry_after=retry_after)


@pytest.mark.parametrize(
    ("rule", "protocol", "agent", "budget_status", "status", "code"),
    [
        ("token_budget", ANTHROPIC, CLAUDE_CODE, None, 402, "billing_error"),
        ("cost_limit", ANTHROPIC, CLAUDE_CODE, None, 402, "billing_error"),
        ("cost_limit", ANTHROPIC, "anthropic-sdk-python/1", None, 400, "invalid_request_error"),
        ("cost_limit", ANTHROPIC, "", None, 400, "invalid_request_error"),
        ("cost_limit", ANTHROPIC, "not claude-cli/2", None, 400, "invalid_request_error"),
        ("cost_limit", OPENAI, CLAUDE_CODE, None, 400, "invalid_request_error"),
        ("cost_limit", OPENAI, "codex_cli_rs/0.169.0", None, 400, "invalid_request_error"),
        ("cost_limit", ANTHROPIC, CLAUDE_CODE, 400, 400, "invalid_request_error"),
        ("cost_limit", OPENAI, "aider", 402, 402, "billing_error"),
        ("token_budget", OPENAI, "aider", 429, 429, "rate_limit_error"),
        ("unknown_model", ANTHROPIC, CLAUDE_CODE, 429, 402, "billing_error"),
        ("model_allowlist", ANTHROPIC, CLAUDE_CODE, None, 402, "billing_error"),
        ("tool_allowlist", ANTHROPIC, "anthropic-sdk-python/1", 402, 400, "invalid_request_error"),
        ("retry_loop", OPENAI, "aider", 402, 400, "invalid_request_error"),
        ("run_integrity", ANTHROPIC, CLAUDE_CODE, 429, 402, "billing_error"),
        ("bad_request", ANTHROPIC, CLAUDE_CODE, 402, 400, "invalid_request_error"),
    ],
)
def test_a_final_refusal_takes_the_status_that_ends_the_agent(
    rule: str, protocol: WireProtocol, agent: str, budget_status: int | None, status: int, code: str
) -> None:
    refusal = of_finding(found(rule), Settings(budget_status=budget_status), protocol, agent)
    assert (refusal.status, refusal.code, refusal.final, refusal.retry_after) == (status, code, True, None)
    assert (refusal.message, refusal.reason) == ("guardian-ci: No.", "why")


@pytest.mark.parametrize("rule", ["rate_limit", "retry_loop"])
@pytest.mark.parametrize("budget_status", [None, 400, 402])
def test_what_shall_come_back_is_429_with_its_time_whatever_the_budgets_status(
    rule: str, budget_status: int | None
) -> None:
    refusal = of_finding(found(rule, 7), Settings(budget_status=budget_status), ANTHROPIC, CLAUDE_CODE)
    assert (refusal.status, refusal.code, refusal.final, refusal.retry_after) == (429, "rate_limit_error", False, 7)


def test_a_failure_of_the_upstream_is_as_transient_as_it_is() -> None:
    refusal = of_upstream(504, "it is slow")
    assert (refusal.status, refusal.code, refusal.final) == (504, "api_error", False)


def spend_all(run: Run, upstream: Upstream, speech: Speech) -> None:
    """Use a budget of 1,000 tokens up."""
    whole = json.dumps(speech.whole()).replace('_tokens": 7', '_tokens": 930')
    upstream.says(response(whole.encode()))
    assert run.post(speech).status_code == 200


class TestOverTheWire:
    @pytest.mark.parametrize(
        ("speech", "agent", "budget_status", "status"),
        [
            (MESSAGES, CLAUDE_CODE, "auto", 402),
            (MESSAGES, "anthropic-sdk", "auto", 400),
            (MESSAGES, CLAUDE_CODE, 429, 429),
            (CHAT, "aider", "auto", 400),
            (CHAT, "aider", 402, 402),
            (RESPONSES, "codex_cli_rs/0.169.0", "auto", 400),
        ],
        ids=lambda value: getattr(value, "name", str(value)),
    )
    def test_a_budget_that_is_used_up(
        self, start: Rig, upstream: Upstream, speech: Speech, agent: str, budget_status: object, status: int
    ) -> None:
        run = start({"name": "tests", "token_budget": 1000, "budget_status": budget_status})
        spend_all(run, upstream, speech)
        got = run.post(speech, speech.body("Go on."), user_agent=agent)
        assert got.status_code == status
        assert got.headers["x-should-retry"] == "false"
        assert got.headers["x-guardian-reason"] == "token_budget_exceeded"
        assert "retry-after" not in got.headers
        message = speech.message_of(got.json())
        assert "token_budget" in message
        assert "1,000" in message or "1000" in message
        record = run.record_of(got)
        assert (record["decision"], record["status"], record["agent"]) == ("rejected", status, agent)
        traced = [each["rule"] for each in record["trace"]]
        assert {"model_allowlist", "rate_limit", "retry_loop", "token_budget"} <= set(traced)
        (shown,) = [each for each in record["findings"] if each["violation"]]
        assert (shown["rule"], shown["file"]) == ("token_budget", "guardian.yml")
        assert len(upstream.seen) == 1

    def test_the_official_sdks_raise_what_the_status_means(self, start: Rig, upstream: Upstream) -> None:
        run = start({"name": "tests", "cost_limit_usd": 0, "budget_status": 402})
        upstream.says(response(b""))
        with (
            anthropic.Anthropic(base_url=run.url, api_key="agent") as claude,
            pytest.raises(anthropic.APIStatusError) as refused,
        ):
            claude.messages.create(model=MESSAGES.model, max_tokens=9, messages=[{"role": "user", "content": "Hello."}])
        assert refused.value.status_code == 402
        assert "cost_limit_usd" in str(refused.value)
        with (
            openai.OpenAI(base_url=f"{run.url}/v1", api_key="agent") as gpt,
            pytest.raises(openai.APIStatusError) as denied,
        ):
            gpt.chat.completions.create(model=CHAT.model, messages=[{"role": "user", "content": "Hello."}])
        assert denied.value.status_code == 402
        assert upstream.seen == []
        assert len(run.calls) == 2  # neither has tried again

    def test_a_rate_limit_paces_with_a_true_retry_after_and_is_no_violation(
        self, start: Rig, upstream: Upstream, speech: Speech
    ) -> None:
        run = start({"name": "tests", "rate_limit": {"requests_per_minute": 2}})
        upstream.says(response(json.dumps(speech.whole()).encode()))
        assert [run.post(speech, speech.body(text)).status_code for text in ("One.", "Two.")] == [200, 200]
        got = run.post(speech, speech.body("Three."))
        assert (got.status_code, got.headers["x-guardian-reason"]) == (429, "rate_limit_exceeded")
        first, now = (run.calls[number]["timestamp"] for number in (0, 2))
        assert 1 <= int(got.headers["retry-after"]) <= 60
        assert first <= now
        assert "x-should-retry" not in got.headers
        assert speech.message_of(got.json())
        assert not [each for each in run.record_of(got)["findings"] if each["violation"]]

    @pytest.mark.parametrize(("then", "status"), [("wait", 429), ("end", 400)])
    def test_the_same_prompt_again_and_again(
        self, start: Rig, upstream: Upstream, speech: Speech, then: str, status: int
    ) -> None:
        run = start({"name": "tests", "loop_detection": {"then": then}})
        upstream.says(response(json.dumps(speech.whole()).encode()))
        assert [run.post(speech).status_code for _ in range(3)] == [200, 200, 200]
        got = run.post(speech)
        assert (got.status_code, got.headers["x-guardian-reason"]) == (status, "retry_loop")
        assert got.headers.get("retry-after") == ("300" if then == "wait" else None)
        assert got.headers.get("x-should-retry") == (None if then == "wait" else "false")
        assert run.record_of(got)["findings"][0]["violation"] is True
        assert run.post(speech, speech.body("Another prompt.")).status_code == 200

    def test_a_retry_that_the_upstream_asked_for_is_no_loop(self, start: Rig, upstream: Upstream) -> None:
        run = start()
        upstream.says(response(b'{"type": "error"}', status=529))
        assert [run.post(MESSAGES).status_code for _ in range(5)] == [529] * 5

    def test_a_model_that_is_not_allowed(self, start: Rig, upstream: Upstream, speech: Speech) -> None:
        run = start({"name": "tests", "allowed_models": ["claude-haiku-*"]})
        got = run.post(speech)
        assert (got.status_code, got.headers["x-guardian-reason"]) == (400, "model_not_allowed")
        assert "claude-haiku-*" in speech.message_of(got.json())
        assert upstream.seen == []

    def test_a_rule_that_only_warns_lets_the_call_pass_and_says_so(
        self, start: Rig, upstream: Upstream, speech: Speech
    ) -> None:
        run = start({"name": "tests", "allowed_models": [], "rules": {"model_allowlist": "warn"}})
        upstream.says(response(json.dumps(speech.whole()).encode()))
        assert run.post(speech).status_code == 200
        (shown,) = run.call()["findings"]
        assert (shown["rule"], shown["verdict"], shown["violation"]) == ("model_allowlist", "warn", False)
