"""What people are told of a policy that cannot be obeyed."""

import re
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardian_ci.errors import PolicyError
from guardian_ci.policy import check_policy, load_policy

HERE = Path(__file__).parent
PUBLISHED = (HERE / "published.yml").read_text()
EVERY_KEY = (HERE / "every_key.yml").read_text()


def said(text: str) -> list[str]:
    policy, problems = check_policy(text, "p.yml")
    assert (policy is None) == bool(problems)
    return [str(problem).removeprefix("p.yml:") for problem in problems]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        # unknown keys
        ("token_bugdet: 5", "1:1: token_bugdet: unknown key; did you mean token_budget?"),
        ("Token-Budget: 5", "1:1: Token-Budget: unknown key; did you mean token_budget?"),
        ("requests_per_minute: 5", "1:1: requests_per_minute: unknown key; it belongs under rate_limit"),
        ("max_repeats: 5", "1:1: max_repeats: unknown key; it belongs under loop_detection"),
        ("models: [x]", "1:1: models: unknown key; did you mean allowed_models?"),
        ("disallowed_tools: [x]", "1:1: disallowed_tools: unknown key; did you mean denied_tools?"),
        ("tool_denylist: [x]", "1:1: tool_denylist: unknown key; did you mean denied_tools?"),
        ("allowed_domains: [x]", "1:1: allowed_domains: unknown key; did you mean network_allowlist?"),
        ("egress: [x]", "1:1: egress: unknown key; did you mean network_allowlist?"),
        ("allowed_files: [x]", "1:1: allowed_files: unknown key; did you mean file_allowlist?"),
        ("secret_scanner: off", "1:1: secret_scanner: unknown key; did you mean secrets?"),
        (
            "rate_limit: {request_per_minute: 5}",
            "1:14: rate_limit.request_per_minute: unknown key; did you mean requests_per_minute?",
        ),
        ("rules: {tool_allow_list: off}", "1:9: rules.tool_allow_list: unknown key; did you mean tool_allowlist?"),
        (
            "budgets: {week: {usd: 1}}",
            "1:11: budgets.week: unknown key; known keys: session, run, day, user, pull_request, model",
        ),
        ("upstreams: {antropic: 'http://x'}", "1:13: upstreams.antropic: needs models; did you mean anthropic?"),
        (
            "<<: {}",
            '1:1: ["<<"]: unknown key; merge keys are not known here; a key at the top level',
        ),
        ('"a\\nb": 1', '1:1: ["a\\nb"]: unknown key; known keys: policies'),
        # wrong types
        ("token_budget: many", '1:15: token_budget: must be a whole number, not the text "many"'),
        ("token_budget: 50_000", '1:15: token_budget: must be a whole number, not the text "50_000"; write 50000'),
        ("token_budget: 50k", '1:15: token_budget: must be a whole number, not the text "50k"; write 50000'),
        ("token_budget: 1.5", "1:15: token_budget: must be a whole number, not 1.5"),
        ("token_budget: true", "1:15: token_budget: must be a whole number, not true"),
        ("token_budget:", "1:14: token_budget: has no value; it must be a whole number; give it one or remove the key"),
        ("cost_limit_usd: $5.50", '1:17: cost_limit_usd: must be a number, not the text "$5.50"; write 5.50'),
        ("cost_limit_usd: [5]", "1:17: cost_limit_usd: must be a number, not a list"),
        ("allowed_tools: Bash", '1:16: allowed_tools: must be a list, not the text "Bash"; write ["Bash"]'),
        ("allowed_tools: [1]", '1:17: allowed_tools[0]: must be text, not 1; write "1", in quotes'),
        ("allowed_tools: [yes, true]", '1:22: allowed_tools[1]: must be text, not true; write "true", in quotes'),
        ("rate_limit: 30", "1:13: rate_limit: must be a mapping, not 30"),
        ("upstreams: {openai: 5}", '1:21: upstreams.openai: must be text or a mapping, not 5; write "5", in quotes'),
        ("policies: {}", "1:11: policies: must be a list, not a mapping"),
        ("policies: [dev]", '1:12: policies[0]: must be a mapping, not the text "dev"'),
        ("- name: x", "1:1: policy: must be a mapping, not a list"),
        ("just words", '1:1: policy: must be a mapping, not the text "just words"'),
        ("5", "1:1: policy: must be a mapping, not 5"),
        # out of bounds
        (
            "token_budget: -1",
            "1:15: token_budget: must be at least 0, not -1; leave the key out where there is no limit",
        ),
        (
            "cost_limit_usd: -0.01",
            "1:17: cost_limit_usd: must be at least 0, not -0.01; leave the key out where there is no limit",
        ),
        (
            "budgets: {day: {usd: -5}}",
            "1:22: budgets.day.usd: must be at least 0, not -5; leave the key out where there is no limit",
        ),
        ("cost_limit_usd: 2000000000", "1:17: cost_limit_usd: must be at most 1,000,000,000, not 2000000000"),
        ("rate_limit: {requests_per_minute: 0}", "1:35: rate_limit.requests_per_minute: must be at least 1, not 0"),
        ("budget_warnings: [80]", "1:19: budget_warnings[0]: must be at most 1, not 80; write 0.8 for 80 %"),
        ("timeouts: {connect_seconds: 0}", "1:29: timeouts.connect_seconds: must be more than 0, not 0"),
        (
            "cost_limit_usd: .nan",
            "1:17: cost_limit_usd: must be a finite number, not .nan; leave the key out where there is no limit",
        ),
        (
            "cost_limit_usd: .inf",
            "1:17: cost_limit_usd: must be a finite number, not .inf; leave the key out where there is no limit",
        ),
        ("cost_limit_usd: 0.0000000000001", "1:17: cost_limit_usd: has 13 decimals; money has at most 12"),
        ("cost_limit_usd: 123456.7890123456", "1:17: cost_limit_usd: has more than 15 digits"),
        ("prices: {m: {input: 0.0000001, output: 1}}", "1:21: prices.m.input: has 7 decimals; a rate has at most 6"),
        # choices
        (
            "rules: {retry_loop: false}",
            "1:21: rules.retry_loop: must be block, warn or off, not false; did you mean off?",
        ),
        (
            "log_level: warn",
            '1:12: log_level: must be debug, info, warning or error, not the text "warn"; did you mean warning?',
        ),
        ("budget_status: 403", "1:16: budget_status: must be auto, 400, 402 or 429, not 403"),
        ("loop_detection: {then: stop}", '1:24: loop_detection.then: must be wait or end, not the text "stop"'),
        # incomplete
        ("prices: {m: {input: 1}}", "1:13: prices.m: needs output beside input"),
        (
            "prices: {m: {effective_from: 2026-01-01}}",
            "1:13: prices.m: gives no rates; add input and output, or a multiplier",
        ),
        ("rate_limit: {}", "1:13: rate_limit: needs requests_per_minute"),
        ("on_budget: {downgrade: {at: 0.5}}", "1:24: on_budget.downgrade: needs to"),
        ("budgets: {run: {}}", "1:16: budgets.run: says nothing: it needs at least one key; known keys: usd, tokens"),
        ("policies: []", "1:11: policies: the list is empty; give it one or remove the key"),
        ("sessions: []", "1:11: sessions: the list is empty; give it one or remove the key"),
        # what has the right type and no sense
        (
            "upstreams: {openai: llm.example}",
            '1:21: upstreams.openai: "llm.example" does not begin with http:// or https://; write "https://llm.example"',
        ),
        ("upstreams: {openai: 'ftp://x'}", '1:21: upstreams.openai: "ftp://x" does not begin with http:// or https://'),
        ("upstreams: {openai: 'http://'}", '1:21: upstreams.openai: "http://" names no host'),
        (
            "upstreams: {openai: 'http://x:99999'}",
            '1:21: upstreams.openai: "http://x:99999" is no URL: its host or port cannot be read',
        ),
        (
            "upstreams: {openai: 'http://[::1'}",
            '1:21: upstreams.openai: "http://[::1" is no URL: its host or port cannot be read',
        ),
        (
            "upstreams: {openai: 'http://a b'}",
            '1:21: upstreams.openai: "http://a b" is no URL: it holds a character that none can',
        ),
        (
            "upstreams: {openai: 'http://u:p@x'}",
            '1:21: upstreams.openai: "http://…@x" holds a user name or password; keys come from the environment',
        ),
        (
            "upstreams: {openai: {url: 'http://x?a=b'}}",
            '1:27: upstreams.openai.url: "http://x?a=b" has a query or a fragment; a base URL has neither',
        ),
        (
            "allowed_models: ['claude-[opus']",
            '1:18: allowed_models[0]: the [ in "claude-[opus" is never closed; write [[] for a bracket itself',
        ),
        ("allowed_models: ['']", "1:18: allowed_models[0]: the text is empty; give it one or remove the key"),
        ("file_blocklist: [' .env']", '1:18: file_blocklist[0]: " .env" begins or ends with a blank; remove it'),
        ("file_blocklist: [/]", '1:18: file_blocklist[0]: "/" names no file; write * for every file'),
        (
            "allowed_tools: ['Bash(git diff:*']",
            '1:17: allowed_tools[0]: the brackets in "Bash(git diff:*" do not fit; write "Bash(git diff:*)"',
        ),
        (
            "denied_tools: ['Bash(git:push)']",
            (
                '1:16: denied_tools[0]: "Bash(git:push)": a colon means something only in :* at the end;'
                ' write "Bash(git push)"'
            ),
        ),
        (
            "denied_tools: ['Bash(curl * | sh)']",
            '1:16: denied_tools[0]: "curl * | sh" names several commands; write an entry for each of them',
        ),
        (
            "allowed_tools: ['Agent(model:opus)']",
            (
                '1:17: allowed_tools[0]: "Agent(model:opus)": one argument cannot show that a call is safe;'
                ' write "Agent", or deny others in denied_tools'
            ),
        ),
        (
            "network_allowlist: ['https://example.com/x']",
            '1:21: network_allowlist[0]: "https://example.com/x" is a URL, not a host; write "example.com"',
        ),
        (
            "network_allowlist: [.example.com]",
            '1:21: network_allowlist[0]: ".example.com" is no host; write "*.example',
        ),
        ("network_allowlist: [' x']", '1:21: network_allowlist[0]: " x" begins or ends with a blank; remove it'),
        (
            "budgets: {model: {'a[': {usd: 1}}}",
            '1:19: budgets.model["a["]: the [ in "a[" is never closed; write [[] for a bracket itself',
        ),
        ("prices: {'x ': {multiplier: 2}}", '1:10: prices["x "]: "x " begins or ends with a blank; remove it'),
        (
            "prices: {m: {multiplier: 2, effective_from: 31.1.2026}}",
            '1:45: prices.m.effective_from: "31.1.2026" is no date; write it as 2026-01-31',
        ),
        (
            "prices: {m: {multiplier: 2, effective_from: 2026-02-30}}",
            '1:45: prices.m.effective_from: "2026-02-30" is no date; write it as 2026-01-31',
        ),
        (
            "prices: {m: {input: 1, output: 1, tiers: [{above: 5}, {above: 5}]}}",
            "1:63: prices.m.tiers[1].above: 5 does not come after 5; sort the tiers upwards",
        ),
        ('name: "a\\nb"', "1:7: name: must be one line of printable text"),
        (
            "allowed_models: [gpt-5]\non_budget: {downgrade: {at: 0.5, to: claude-haiku-4-5}}",
            '2:38: on_budget.downgrade.to: "claude-haiku-4-5" is not one of allowed_models; add it there',
        ),
        (
            "policies: [{name: a}, {name: b}]",
            (
                "1:12: policies[0]: has no sessions, so it is for every session and the policies after it are never"
                " used; give it sessions: [a glob of session names], or put it last"
            ),
        ),
        (
            "policies: [{name: a, sessions: [x]}, {name: a}]",
            '1:45: policies[1].name: "a" is also the name of the policy on line 1',
        ),
    ],
)
def test_each_fault_is_told_with_its_place_and_the_way_out(text: str, problem: str) -> None:
    problems = said(text)
    assert problems[0].startswith(problem), problems
    assert len(problems) == 1, problems


def test_all_problems_are_told_at_once_in_the_order_of_the_text() -> None:
    text = PUBLISHED.replace("token_budget: 50000", "token_budget: -5").replace("5.00", "five").replace("debug", "loud")
    assert [problem.split(": ")[0] for problem in said(text)] == ["3:19", "4:21", "8:16"]


def test_a_wrong_value_is_told_once() -> None:
    assert len(said("policies: [{name: a, token_budget: .inf}]\ncost_limit_usd: .nan")) == 2


@pytest.mark.parametrize(
    "text",
    [
        PUBLISHED,
        EVERY_KEY,
        "token_budget: 50000.0",
        "{}",
        "sessions: [a]",
        "allowed_tools: ['Bash(git diff:*)', 'Read(./src/**)', 'Bash([ -f x ])']",
        "denied_tools: ['Agent(model:opus)', 'WebFetch(domain:*)']",
        "network_allowlist: ['*.example.com', '10.0.0.0/8', 'example.org:8443', pypi]",
    ],
)
def test_what_is_well_formed_passes(text: str) -> None:
    assert said(text) == []


LINE = re.compile(r"p\.yml:[1-9]\d*:[1-9]\d*: .+")


def never_more_than_policy_error(text: str) -> None:
    policy, problems = check_policy(text, "p.yml")
    assert (policy is None) == bool(problems)
    if problems:
        with pytest.raises(PolicyError) as raised:
            load_policy(text, "p.yml")
        lines = str(raised.value).splitlines()
        assert len(lines) == len(problems)
        assert [line for line in lines if not LINE.fullmatch(line)] == []


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_policy_or_a_policy_error(data: bytes) -> None:
    never_more_than_policy_error(data.decode("utf-8", "replace"))


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.sampled_from(string.ascii_lowercase[:4] + "\n\t :-[]{},*&!\"'#|>%@`?~\\0123.\u2028\ufeff"), max_size=40)
)
def test_any_yaml_like_text_is_a_policy_or_a_policy_error(text: str) -> None:
    never_more_than_policy_error(text)


values = st.sampled_from(
    [
        "-1",
        "1e400",
        ".nan",
        "~",
        "true",
        "off",
        "[]",
        "{}",
        "[[1]]",
        "{a: 1}",
        '"\\u2028"',
        "*a",
        "&a 1",
        "!!int x",
        "0x",
        "9" * 40,
        "- 1",
        "'",
        "http://",
        "2026-13-01",
        "!!binary aGk=",
        "? a",
        "0o9",
        "1:2",
        "\u0085",
        "'\ud7ff'",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([PUBLISHED, EVERY_KEY]), st.data())
def test_any_mutation_of_a_policy_is_a_policy_or_a_policy_error(text: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        spots = [match.span() for match in re.finditer(r"[^\s:,\[\]{}]+", text)] or [(0, len(text))]
        start, end = data.draw(st.sampled_from(spots))
        text = text[:start] + data.draw(values | st.text(max_size=5)) + text[end:]
    never_more_than_policy_error(text)
