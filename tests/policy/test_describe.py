"""What a policy means, in lines for people."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.model import PICODOLLARS
from guardian_ci.policy import default_policy, load_policy
from guardian_ci.policy.describe import describe_policy, dollars


def _lines(text: str) -> list[str]:
    return [line.strip() for line in load_policy(text, "guardian.yml").describe()]


@pytest.mark.parametrize(
    ("picodollars", "text"),
    [
        (0, "$0.00"),
        (5 * PICODOLLARS, "$5.00"),
        (PICODOLLARS // 10, "$0.10"),
        (PICODOLLARS // 1000, "$0.001"),
        (1, "$0.000000000001"),
        (1_234_567 * PICODOLLARS + PICODOLLARS // 4, "$1,234,567.25"),
        (-PICODOLLARS // 2, "-$0.50"),
    ],
)
def test_dollars_are_written_as_people_do(picodollars: int, text: str) -> None:
    assert dollars(picodollars) == text


@given(st.integers(-(10**24), 10**24))
def test_dollars_are_exact(picodollars: int) -> None:
    text = dollars(picodollars)
    assert re.fullmatch(r"-?\$\d{1,3}(,\d{3})*\.\d{2,12}", text)
    whole, _, rest = text.lstrip("-$").replace(",", "").partition(".")
    assert int(whole + rest.ljust(12, "0")) == abs(picodollars)
    assert text.startswith("-") is (picodollars < 0)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{}", "budget: no limit"),
        ("token_budget: 50000", "budget: 50,000 tokens per session"),
        ("{token_budget: 9, cost_limit_usd: 0.5}", "budget: $0.50 and 9 tokens per session"),
        ("budgets: {run: {usd: 2}, day: {tokens: 7}}", "budget: $2.00 per run; 7 tokens per day"),
        ("budgets: {user: {usd: 1}, pull_request: {usd: 3}}", "budget: $1.00 per user; $3.00 per pull request"),
        ("budgets: {model: {'claude-*': {usd: 1}}}", "budget: $1.00 for each model like claude-*"),
        ("{}", "models: any with a known price"),
        ("allowed_models: [a, b]", "models: a, b"),
        ("allowed_models: []", "models: none"),
        ("{}", "tools: any"),
        ("allowed_tools: []", "tools: none"),
        ("allowed_tools: [t1, t2, t3, t4, t5, t6, t7, t8]", "tools: t1, t2, t3, t4, t5, t6, t7, t8"),
        ("allowed_tools: [t1, t2, t3, t4, t5, t6, t7, t8, t9]", "tools: t1, t2, t3, t4, t5, t6, t7, t8 and 1 more"),
        ("file_blocklist: ['*.pem']", "files that no tool may touch: *.pem"),
        ("file_blocklist: []", "files that no tool may touch: none"),
        ("{}", "pace: no limit"),
        ("rate_limit: {requests_per_minute: 30}", "pace: 30 calls a minute"),
        ("{}", "loops: the same prompt at most 3 times in 60 seconds, then wait 300 seconds"),
        (
            "loop_detection: {max_repeats: 2, then: end}",
            "loops: the same prompt at most 2 times in 60 seconds, then the run ends",
        ),
        ("tool_denial: stop", "a denied tool call ends the run"),
        ("on_budget: {warn_agent_at: 0.9}", "the agent is warned at 90% of its budget"),
        ("on_budget: {downgrade: {at: 0.8, to: small}}", "from 80% of the budget on, calls go to small"),
        ("unknown_model: ceiling", "models without a price: charged as the dearest model of their provider"),
        ("prices: {m: {input: 1, output: 2}}", "prices of its own: m"),
        ("websockets: {responses: refuse}", "WebSockets are refused; agents fall back to POST"),
        ("websockets: {realtime_ceiling_usd: 0.5}", "OpenAI Realtime: $0.50 per connection, without tools"),
        ("upstreams: {openai: 'http://127.0.0.1:9'}", "upstreams: openai at http://127.0.0.1:9"),
        (
            "upstreams: {mine: {url: 'http://127.0.0.1:9/v1', models: ['llama*', gpt-oss], free: true}}",
            "models llama*, gpt-oss over openai-chat: mine at http://127.0.0.1:9/v1, free of charge",
        ),
        (
            "upstreams: {openai: {models: ['gpt-*']}}",
            "models gpt-* over openai-chat, openai-responses: openai at https://api.openai.com",
        ),
        ("rules: {retry_loop: off, cost_limit: warn}", "rules that do not block: retry_loop off, cost_limit warn"),
    ],
)
def test_each_thing_that_a_policy_says_has_its_line(text: str, line: str) -> None:
    assert line in _lines(text)


def test_what_a_policy_does_not_say_beyond_its_limits_has_no_line() -> None:
    kinds = [line.partition(":")[0] for line in _lines("{rules: {retry_loop: block}}")]
    assert kinds[1:] == ["budget", "models", "tools", "files that no tool may touch", "secrets", "pace", "loops"]


def test_each_entry_says_whose_it_is_and_the_rest_falls_to_the_default() -> None:
    lines = _lines("policies: [{name: a, sessions: [ci-*, nightly]}, {name: b, sessions: [x]}]")
    assert [line for line in lines if line.endswith(":")] == [
        "policy a (guardian.yml), for sessions ci-*, nightly:",
        "policy b (guardian.yml), for sessions x:",
        "any other session (built-in default):",
    ]
    assert "budget: $5.00 per run" in lines


def test_an_entry_for_all_sessions_leaves_nothing_to_the_default() -> None:
    lines = _lines("{policies: [{name: a, sessions: [x]}, {name: b}]}")
    assert [line for line in lines if line.endswith(":")][-1] == "policy b (guardian.yml), for all sessions:"


def test_the_default_says_that_it_is_built_in_without_brackets_in_brackets() -> None:
    policy = default_policy()
    assert policy.describe() == describe_policy(policy.file, policy.settings, None)
    assert policy.describe()[0] == "policy default (built-in default), for all sessions:"
