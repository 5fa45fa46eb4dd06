"""What a policy means once it is read."""

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.errors import PolicyError
from guardian_ci.model import PICODOLLARS, Limit, Place, WireProtocol
from guardian_ci.policy import Policy, default_policy, load_policy, policy_from_document
from guardian_ci.policy.settings import (
    Budget,
    FilePattern,
    FilePatterns,
    LoopDetection,
    OnBudget,
    SecretRules,
    Settings,
    Timeouts,
    WebSockets,
)
from guardian_ci.policy.upstreams import upstream_of
from guardian_ci.pricing import CustomPrice, CustomTier

HERE = Path(__file__).parent
PUBLISHED = (HERE / "published.yml").read_text()
EVERY_KEY = (HERE / "every_key.yml").read_text()


PUBLISHED_FILES = tuple(
    FilePattern(pattern=pattern, field=f"file_blocklist[{index}]")
    for index, pattern in enumerate(["~/.ssh/*", ".env", "*.pem"])
)


def blocked(settings: Settings, kind: str = "read") -> list[str]:
    patterns: tuple[FilePattern, ...] | None = getattr(settings.file_blocklist, kind)
    return [each.pattern for each in patterns or ()]


def budgets(settings: Settings) -> dict[tuple[str, str | None], Limit]:
    return {(budget.scope, budget.pattern): budget.limit for budget in settings.budgets}


def test_the_published_form_means_what_it_says() -> None:
    (settings,) = load_policy(PUBLISHED, "guardian.yml").settings
    assert settings == Settings(
        name="dev_session",
        budgets=(
            Budget(
                scope="session",
                limit=Limit(picodollars=5 * PICODOLLARS, tokens=50_000),
                place=Place(file="guardian.yml", line=4),
                tokens_place=Place(file="guardian.yml", line=3),
            ),
        ),
        file_blocklist=FilePatterns(read=PUBLISHED_FILES, write=PUBLISHED_FILES),
        allowed_tools=("read_file", "write_file", "bash"),
        requests_per_minute=30,
        log_level="debug",
    )


def test_every_key_reaches_the_settings() -> None:
    docs, rest = load_policy(EVERY_KEY, "p.yml").settings
    assert docs.name == "docs"
    assert docs.sessions == ("docs-*", "nightly")
    assert budgets(docs) == {
        ("session", None): Limit(picodollars=PICODOLLARS // 10),
        ("run", None): Limit(picodollars=2 * PICODOLLARS, tokens=9_000_000),
        ("day", None): Limit(picodollars=50_250_000_000_000),
        ("user", None): Limit(picodollars=10 * PICODOLLARS),
        ("pull_request", None): Limit(picodollars=30 * PICODOLLARS),
        ("model", "claude-opus-*"): Limit(picodollars=4_500_000_000_000, tokens=100),
    }
    assert budgets(rest)["run", None] == Limit(picodollars=20 * PICODOLLARS, tokens=9_000_000)
    assert docs.budget_status == 402
    assert docs.budget_warnings == (Fraction(1, 2), Fraction(19, 20))
    assert (docs.min_output_tokens, docs.reservation_wait_seconds) == (512, 0.5)
    assert docs.on_budget.warn_agent_at == Fraction(9, 10)
    assert docs.on_budget.downgrade is not None
    assert (docs.on_budget.downgrade.at, docs.on_budget.downgrade.to) == (Fraction(4, 5), "claude-haiku-4-5")
    assert docs.allowed_models == ("claude-*", "gpt-5")
    assert docs.unknown_model == "ceiling"
    own, scaled = docs.prices
    assert (own.pattern, own.input, own.output) == ("my-model", 250_000, 1_500_000)
    assert (own.cache_read, own.cache_write, own.cache_write_1h) == (25_000, 300_000, 500_000)
    assert (own.effective_from, own.multiplier, own.tiers[0].above) == (date(2026, 1, 31), 1, 200_000)
    assert (own.tiers[0].input, own.tiers[0].output, own.tiers[0].cache_read) == (500_000, 3_000_000, None)
    assert (scaled.pattern, scaled.input, scaled.multiplier) == ("claude-*", None, Fraction(11, 10))
    assert own.source == "p.yml:16"
    assert (docs.allowed_tools, rest.allowed_tools) == (("Read",), None)
    assert (blocked(docs), blocked(docs, "write")) == ([".env"], ["secrets/**", "*.lock"])
    assert (blocked(rest), blocked(rest, "write")) == ([".env"], [".env"])
    assert docs.file_blocklist.write is not None
    assert docs.file_blocklist.write[1].field == "file_blocklist.write[1]"
    assert docs.file_allowlist == FilePatterns(write=(FilePattern(pattern="./**", field="file_allowlist.write[0]"),))
    assert docs.denied_tools == ("Bash(git push:*)", "mcp__*")
    assert docs.denied_definitions == "keep"
    assert docs.network_allowlist == ("github.com", "pip")
    assert docs.secrets == SecretRules(
        prompts="redact", tool_results="block", answers="off", environment=("DEPLOY_KEY",), rules="house.toml"
    )
    assert docs.tool_denial == "stop"
    assert docs.loop_detection == LoopDetection(
        max_repeats=5, window_seconds=30, retry_after_seconds=60, then="end", max_same_results=7, max_idle_turns=3
    )
    assert docs.idle_timeout_minutes == 5
    anthropic, openai, router, azure, mine, rented, aws, gcp = docs.upstreams.values()
    assert (anthropic.url, openai.url) == ("http://127.0.0.1:9000/anthropic", "https://llm.example/v1")
    assert (router.models, router.protocols, router.provider) == (("*/*",), (WireProtocol.OPENAI_CHAT,), "openrouter")
    assert (azure.kind, azure.model_ids, azure.api_version) == ("azure", {"gpt-4.1": "prod"}, "2024-10-21")
    assert (mine.kind, mine.key, mine.free) == ("compatible", "OWN_KEY", True)
    assert [(price.pattern, price.input, price.source) for price in mine.prices] == [("*", 0, "p.yml:34")]
    assert (aws.url, aws.region, aws.chain) == ("https://bedrock-runtime.us-east-1.amazonaws.com", "us-east-1", True)
    assert (gcp.project, gcp.location, gcp.geo, gcp.chain) == ("acme", "us-east5", "us-east5", True)
    assert [(price.pattern, price.input, price.source) for price in rented.prices] == [("qwen*", 100_000, "p.yml:35")]
    assert docs.websockets == WebSockets(responses="refuse", realtime_ceiling=3 * PICODOLLARS // 2)
    assert docs.timeouts == Timeouts(
        connect_seconds=1, silence_seconds=2.5, call_seconds=30, drain_seconds=4, tool_call_seconds=9
    )
    assert docs.max_request_mb == 8
    assert (docs.log_level, rest.log_level) == ("warning", "info")
    assert [docs.action(rule) for rule in ("retry_loop", "file_blocklist", "cost_limit")] == ["off", "warn", "block"]


def test_the_first_entry_whose_globs_match_the_session_is_used() -> None:
    policy = load_policy(EVERY_KEY, "p.yml")
    names = {session: policy.for_session(session).name for session in ("docs-1", "nightly", "nightly2", "")}
    assert names == {"docs-1": "docs", "nightly": "docs", "nightly2": "rest", "": "rest"}


def test_a_session_that_no_entry_names_gets_the_built_in_default_and_the_top_level() -> None:
    policy = load_policy("log_level: error\npolicies: [{name: a, sessions: [a], token_budget: 5}]", "p.yml")
    settings = policy.for_session("b")
    assert settings.log_level == "error"
    assert budgets(settings) == {("run", None): Limit(picodollars=5 * PICODOLLARS)}
    assert "~/.ssh/*" in blocked(settings)


def test_a_file_without_a_list_is_one_policy_named_default() -> None:
    (settings,) = load_policy("token_budget: 7", "p.yml").settings
    assert (settings.name, settings.sessions) == ("default", ())
    assert budgets(settings) == {("session", None): Limit(tokens=7)}


@pytest.mark.parametrize(
    ("text", "limit", "place"),
    [
        ("cost_limit_usd: 3\nbudgets: {session: {usd: 2}}", Limit(picodollars=2 * PICODOLLARS), 2),
        ("cost_limit_usd: 1\nbudgets: {session: {usd: 2}}", Limit(picodollars=PICODOLLARS), 1),
        (
            "budgets: {session: {usd: 2}}\npolicies: [{name: a, cost_limit_usd: 9}]",
            Limit(picodollars=2 * PICODOLLARS),
            1,
        ),
        ("cost_limit_usd: 0", Limit(picodollars=0), 1),
    ],
)
def test_of_two_budgets_for_a_session_the_tighter_counts(text: str, limit: Limit, place: int) -> None:
    (budget,) = load_policy(text, "p.yml").settings[0].budgets
    assert budget.limit == limit
    assert budget.place == Place(file="p.yml", line=place)


@given(st.integers(0, 10**12 - 1), st.integers(0, 12))
def test_money_is_exact_to_the_picodollar(digits: int, decimals: int) -> None:
    amount = Decimal(digits).scaleb(-decimals)
    if amount > 10**9:
        return
    policy = load_policy(f"cost_limit_usd: {amount:f}", "p.yml")
    expected = digits * 10 ** (12 - decimals)
    assert policy.settings[0].budgets[0].limit.picodollars == expected
    again = policy_from_document(json.loads(json.dumps(policy.document)), "p.yml", policy.lines)
    assert again.settings[0].budgets[0].limit.picodollars == expected


@pytest.mark.parametrize("text", [PUBLISHED, EVERY_KEY])
def test_a_policy_comes_back_whole_from_a_log(text: str) -> None:
    policy = load_policy(text, "p.yml")
    embedded = json.loads(json.dumps({"document": policy.document, "lines": policy.lines}))
    again = policy_from_document(embedded["document"], "p.yml", embedded["lines"])
    assert again == policy
    assert [each.places for each in again.settings] == [each.places for each in policy.settings]


def test_the_digest_names_what_is_said_and_not_how_it_is_written() -> None:
    one = load_policy("token_budget: 5 # five\nlog_level: info", "a.yml")
    same = load_policy('{"log_level": "info", "token_budget": 5}', "b.json")
    other = load_policy("token_budget: 6\nlog_level: info", "a.yml")
    assert one.digest == same.digest != other.digest
    assert len(one.digest) == 64


def test_an_embedded_policy_is_checked_as_a_file_is() -> None:
    with pytest.raises(PolicyError, match=r"^log:1:1: token_budget: must be at least 0, not -1"):
        policy_from_document({"token_budget": -1}, "log")


class TestOverride:
    def test_flags_set_the_budget_of_the_run_for_every_session(self) -> None:
        policy = load_policy(EVERY_KEY, "p.yml").override(budget_usd=Decimal("0.50"), token_budget=99)
        for settings in (*policy.settings, policy.fallback):
            assert budgets(settings)["run", None] == Limit(picodollars=PICODOLLARS // 2, tokens=99)
        assert policy.document["budgets"]["run"] == {"usd": 0.5, "tokens": 99}
        assert "budgets" not in policy.document["policies"][0]

    def test_the_rest_of_the_policy_and_its_lines_stay(self) -> None:
        policy = load_policy(PUBLISHED, "p.yml")
        changed = policy.override(budget_usd=Decimal(1), upstreams={"openai": "http://127.0.0.1:1"})
        assert changed.settings[0].upstreams == {"openai": upstream_of("openai", url="http://127.0.0.1:1")}
        assert changed.settings[0].budgets[0] == policy.settings[0].budgets[0]
        assert changed.settings[0].place("allowed_tools") == Place(file="p.yml", line=6)
        assert changed.settings[0].budgets[1].place is None
        assert changed.digest != policy.digest

    def test_without_flags_nothing_changes(self) -> None:
        policy = default_policy()
        assert policy.override() is policy
        assert policy.override(upstreams={}) is policy

    def test_a_url_that_is_none_is_an_error(self) -> None:
        with pytest.raises(PolicyError, match=r'upstreams\.openai: "nowhere" does not begin with http'):
            default_policy().override(upstreams={"openai": "nowhere"})

    def test_an_unknown_upstream_is_an_error_with_the_nearest_name(self) -> None:
        with pytest.raises(PolicyError, match="did you mean anthropic"):
            default_policy().override(upstreams={"antropic": "http://x"})

    @given(st.decimals(0, 1000, places=12))
    def test_any_amount_is_set_exactly_or_refused(self, amount: Decimal) -> None:
        try:
            policy = default_policy().override(budget_usd=amount)
        except PolicyError:
            assert len(amount.normalize().as_tuple().digits) > 14
        else:
            assert policy.settings[0].budgets[0].limit.picodollars == int(amount * PICODOLLARS)


class TestDefaultPolicy:
    def test_it_is_safe(self) -> None:
        policy = default_policy()
        (settings,) = policy.settings
        assert (settings.name, policy.file) == ("default", "(built-in default)")
        assert budgets(settings) == {("run", None): Limit(picodollars=5 * PICODOLLARS)}
        assert settings.allowed_tools is None
        assert settings.loop_detection == LoopDetection()
        assert settings.on_budget == OnBudget()
        assert {"~/.ssh/*", ".env", "*.pem"} <= set(blocked(settings))

    def test_it_says_what_it_is(self) -> None:
        lines = default_policy().describe()
        assert lines[0] == "policy default (built-in default), for all sessions:"
        assert "  budget: $5.00 per run" in lines


def describe(text: str) -> list[str]:
    return load_policy(text, "p.yml").describe()


def test_the_description_names_each_limit_and_what_has_none() -> None:
    assert describe(PUBLISHED) == [
        "policy dev_session (p.yml), for all sessions:",
        "  budget: $5.00 and 50,000 tokens per session",
        "  models: any with a known price",
        "  tools: read_file, write_file, bash",
        "  files that no tool may touch: ~/.ssh/*, .env, *.pem",
        "  secrets: warn everywhere",
        "  pace: 30 calls a minute",
        "  loops: the same prompt at most 3 times in 60 seconds, then wait 300 seconds",
    ]


def test_the_description_tells_of_sessions_that_no_entry_names() -> None:
    lines = describe("policies: [{name: a, sessions: [a, b], token_budget: 0, allowed_tools: []}]")
    assert lines[0] == "policy a (p.yml), for sessions a, b:"
    assert lines[1] == "  budget: 0 tokens per session"
    assert "  tools: none" in lines
    assert "any other session (built-in default):" in lines


def test_the_description_of_every_key_has_its_prices_upstreams_and_rules() -> None:
    text = "\n".join(describe(EVERY_KEY))
    assert "$4.50 and 100 tokens for each model like claude-opus-*" in text
    assert "from 80% of the budget on, calls go to claude-haiku-4-5" in text
    assert "the agent is warned at 90% of its budget" in text
    assert "a denied tool call ends the run" in text
    assert "prices of its own: my-model, claude-*" in text
    assert "upstreams: anthropic at http://127.0.0.1:9000/anthropic" in text
    assert "rules that do not block: retry_loop off, file_blocklist warn" in text


def test_policies_with_equal_words_are_equal() -> None:
    assert load_policy(PUBLISHED, "p.yml") == load_policy(PUBLISHED, "p.yml")
    assert isinstance(load_policy(PUBLISHED, "p.yml"), Policy)


PRICES = """
prices:
  my-model:
    input: 1.25
    output: 10
    cache_read: 0.125
    cache_write: 1.5
    cache_write_1h: 2.5
    effective_from: "2026-11-01"
    multiplier: 0.8
    tiers: [{above: 200000, input: 2.5, output: 15}]
  cheap-*:
    input: 0.1
    output: 0.2
"""


def test_prices_per_million_become_picodollars_a_token_with_their_place() -> None:
    prices = load_policy(PRICES, "guardian.yml").for_session("").prices
    assert prices == (
        CustomPrice(
            pattern="my-model",
            input=1_250_000,
            output=10_000_000,
            cache_read=125_000,
            cache_write=1_500_000,
            cache_write_1h=2_500_000,
            effective_from=date(2026, 11, 1),
            multiplier=Fraction(4, 5),
            tiers=(CustomTier(above=200_000, input=2_500_000, output=15_000_000),),
            source="guardian.yml:3",
        ),
        CustomPrice(pattern="cheap-*", input=100_000, output=200_000, source="guardian.yml:12"),
    )
