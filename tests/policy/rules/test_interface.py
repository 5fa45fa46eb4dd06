"""How the list of rules is asked, and how a policy's action becomes a verdict."""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from guardian_ci.model import Call, ToolOffer, Verdict
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules import (
    CALL_RULES,
    MONEY_RULES,
    RULE_IDS,
    TOOL_RULES,
    evaluate_call,
    evaluate_tool,
    judged,
    offers_to_remove,
)
from guardian_ci.policy.rules.interface import SessionView, ToolView
from guardian_ci.policy.schema import load_schema
from guardian_ci.policy.tools import describe_tool

STRICT = "allowed_models: [gpt-5]\nallowed_tools: [Read]\nfile_blocklist: [.env]\n"
LOOPING = SessionView(now=0, repeats=[0, 0, 0])
WRITE = describe_tool("c", "Write", json.dumps({"file_path": ".env", "content": ""}))


def test_each_rule_has_one_id_for_its_module_and_its_policy_key() -> None:
    for rule in (*CALL_RULES, *TOOL_RULES):
        assert type(rule).__module__ == f"guardian_ci.policy.rules.{rule.id}"
    for rule_id in MONEY_RULES:
        assert rule_id == import_module(f"guardian_ci.policy.rules.{rule_id}").ID
    schema = json.loads(json.dumps(load_schema()))
    assert set(schema["$defs"]["rules"]["properties"]) == set(RULE_IDS)


def test_each_rule_has_its_test_file() -> None:
    here = Path(__file__).parent
    ids = [rule.id for rule in (*CALL_RULES, *TOOL_RULES)] + list(MONEY_RULES)
    assert [rule_id for rule_id in ids if not (here / f"test_{rule_id}.py").exists()] == []


def test_every_call_rule_is_in_the_trace_whatever_the_first_one_found(call: Callable[..., Call]) -> None:
    findings, trace = evaluate_call(load_policy(STRICT, "p.yml").settings[0], call("o9"), LOOPING)
    assert [finding.rule for finding in findings] == ["model_allowlist", "retry_loop"]
    assert [line.rule for line in trace] == [rule.id for rule in CALL_RULES]
    blocked = [line.rule for line in trace if line.verdict is Verdict.BLOCK]
    assert blocked == ["model_allowlist", "retry_loop"]
    assert trace[1].detail == "no rate limit"


@pytest.mark.parametrize(
    ("action", "verdicts"),
    [
        ("block", [Verdict.BLOCK, Verdict.BLOCK]),
        ("warn", [Verdict.WARN, Verdict.BLOCK]),
        ("off", [Verdict.BLOCK]),
    ],
)
def test_the_policy_says_what_follows_from_a_finding(action: str, verdicts: list[Verdict]) -> None:
    settings = load_policy(f"{STRICT}rules: {{tool_allowlist: {action}}}", "p.yml").settings[0]
    findings, trace = evaluate_tool(settings, WRITE, ToolView())
    assert [finding.verdict for finding in findings] == verdicts
    assert [line.rule for line in trace] == [rule.id for rule in TOOL_RULES]
    if action == "off":
        assert trace[1].detail == "off in this policy"


def test_a_warning_asks_nobody_to_wait(call: Callable[..., Call]) -> None:
    settings = load_policy("rules: {retry_loop: warn}", "p.yml").settings[0]
    (finding,), _ = evaluate_call(settings, call(), LOOPING)
    assert (finding.verdict, finding.retry_after, finding.violation) == (Verdict.WARN, None, False)


def test_what_nothing_is_wrong_with_has_a_trace_and_no_finding(call: Callable[..., Call]) -> None:
    settings = load_policy("{}", "p.yml").settings[0]
    findings, trace = evaluate_call(settings, call(), SessionView(now=0))
    assert findings == []
    assert {line.verdict for line in trace} == {Verdict.ALLOW}
    assert [line.detail for line in trace][:3] == [
        "any model is allowed",
        "no rate limit",
        "the same prompt at most 3 times in 60 s",
    ]


def test_a_finding_of_a_rule_that_is_off_is_none() -> None:
    finding = evaluate_tool(load_policy(STRICT, "p.yml").settings[0], WRITE, ToolView())[0][0]
    assert judged(load_policy("rules: {tool_allowlist: off}", "p.yml").settings[0], finding) is None


OFFERS = (
    ToolOffer(name="Bash", canonical="bash"),
    ToolOffer(name="Read", canonical="read_file"),
    ToolOffer(name="TodoWrite", canonical="todo"),
    ToolOffer(name="mcp__github__create_issue", canonical="mcp__github__create_issue"),
    ToolOffer(name="web_search", canonical="web_search", provider_executed=True),
    ToolOffer(name="web_fetch", canonical="web_fetch", provider_executed=True),
)


@pytest.mark.parametrize(
    ("policy", "removed"),
    [
        ("{}", set()),
        ("allowed_tools: [Read]", {"Bash", "TodoWrite", "mcp__github__create_issue", "web_search", "web_fetch"}),
        ("allowed_tools: [Read]\ndenied_definitions: keep", {"web_search", "web_fetch"}),
        ("allowed_tools: [web_search, Bash, Read, todo, mcp__github]", {"web_fetch"}),
        ("allowed_tools: ['Bash(git diff:*)', '*_*', Read, todo]", set()),
        (
            "allowed_tools: ['Bash(git diff:*)', 'WebFetch(domain:x.example)', 'mcp__*', Read, todo, web_search]",
            {"web_fetch"},
        ),
        ("allowed_tools: [Read]\nrules: {tool_allowlist: warn}", set()),
        ("denied_tools: [Bash, web_search]", {"Bash", "web_search"}),
        ("denied_tools: [Bash, web_search]\ndenied_definitions: keep", {"web_search"}),
        ("denied_tools: ['Bash(rm:*)', 'Read(.env)']", set()),
        ("denied_tools: ['WebFetch(domain:evil.example)']", {"web_fetch"}),
        ("denied_tools: ['mcp__github']", {"mcp__github__create_issue"}),
        ("denied_tools: [Bash]\nrules: {tool_blocklist: warn}", set()),
        ("allowed_tools: ['*']\ndenied_tools: [Bash]", {"Bash"}),
        ("network_allowlist: [github.com]", {"web_fetch"}),
        ("network_allowlist: [github.com]\nallowed_tools: ['*']", set()),
        ("network_allowlist: ['*']", set()),
        ("network_allowlist: [github.com]\nrules: {network_allowlist: warn}", set()),
    ],
)
def test_tools_that_no_call_could_use_or_that_run_unseen_are_taken_out(
    policy: str, removed: set[str], call: Callable[..., Call]
) -> None:
    settings = load_policy(policy, "p.yml").settings[0]
    indexes = offers_to_remove(settings, call(tools=OFFERS))
    assert {OFFERS[index].name for index in indexes} == removed
    assert offers_to_remove(settings, call("another", tools=OFFERS)) == indexes
