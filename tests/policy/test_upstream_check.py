"""What keeps an upstream's entry from being obeyed."""

import pytest

from guardian_ci.policy import check_policy
from guardian_ci.policy.upstreams import KINDS

SECRET = "sk-or-v1-0123456789abcdef"


def said(upstreams: str) -> list[str]:
    _, problems = check_policy(f"upstreams: {{{upstreams}}}", "p.yml")
    return [str(problem).removeprefix("p.yml:1:").partition(" ")[2] for problem in problems]


@pytest.mark.parametrize(
    ("upstreams", "problem"),
    [
        ("x: {models: [a]}", f"upstreams.x: needs url or kind; kinds: {', '.join(KINDS)}"),
        (
            "x: {url: 'http://x'}",
            'upstreams.x: needs models; list the model ids that go here, as globs: models: ["llama*"]',
        ),
        ("x: 'http://x'", 'upstreams.x: needs models; list the model ids that go here, as globs: models: ["llama*"]'),
        (
            "X Y: {url: 'http://x', models: [a]}",
            'upstreams["X Y"]: "X Y" is no name; use lower-case letters, digits, - and _',
        ),
        ("x: {kind: azure, models: [a]}", "upstreams.x: needs url, being of kind azure"),
        ("x: {kind: bedrock, models: [a]}", "upstreams.x: needs region, being of kind bedrock"),
        ("x: {kind: vertex, project: acme, models: [a]}", "upstreams.x: needs location, being of kind vertex"),
        (
            "x: {kind: bedrock, region: 'us east', models: [a]}",
            'upstreams.x.region: "us east" is no name of a place; write it as us-east-1 or us-east5',
        ),
        (
            "x: {kind: vertex, project: 'a/b', location: global, models: [a]}",
            'upstreams.x.project: "a/b" is no project\'s id',
        ),
        ("x: {kind: compatible, models: [a]}", "upstreams.x: needs url, being of kind compatible"),
        (
            "x: {kind: mistral, api_version: '1', models: [a]}",
            "upstreams.x.api_version: is only for kind azure, and this is mistral",
        ),
        (
            "mistral: {models: [a], protocols: [openai-chat, anthropic-messages]}",
            "upstreams.mistral.protocols[1]: is not spoken by kind mistral; it speaks openai-chat",
        ),
        (
            "x: {url: 'http://x', models: [a], free: true, prices: {a: {input: 1, output: 1}}}",
            "upstreams.x.prices: says what costs something, and free that nothing does; keep one of them",
        ),
        (
            "x: {url: 'http://x', models: [a, b]}, y: {url: 'http://y', models: [b]}",
            "upstreams.y.models: go to x, which comes before: this entry is never chosen",
        ),
        (
            "x: {url: 'http://x', models: ['*']}, y: {url: 'http://y', models: [b]}",
            "upstreams.y.models: go to x, which comes before: this entry is never chosen",
        ),
        ("x: {url: 'http://x', models: [' a']}", 'upstreams.x.models[0]: " a" begins or ends with a blank; remove it'),
        ("x: {url: 'http://x', models: []}", "upstreams.x.models: the list is empty; give it one or remove the key"),
        (
            "x: {url: 'http://x', models: [a], prices: {a: {}}}",
            (
                "upstreams.x.prices.a: says nothing: it needs at least one key; known keys: input, output, cache_read,"
                " cache_write, cache_write_1h, effective_from, multiplier, tiers"
            ),
        ),
        (
            "x: {url: 'x', models: [a]}",
            'upstreams.x.url: "x" does not begin with http:// or https://; write "https://x"',
        ),
        (
            f"openrouter: {{models: [a], key_variable: {SECRET}}}",
            (
                "upstreams.openrouter.key_variable: is no name of an environment variable;"
                " name one in capitals, such as OPENROUTER_API_KEY, and put the key into it"
            ),
        ),
        (
            f"openrouter: {{models: [a], api_key: {SECRET}}}",
            "upstreams.openrouter.api_key: unknown key; did you mean key_variable?",
        ),
        (
            "azure: {url: 'http://x', models: [a], deployments: {a: b}}",
            "upstreams.azure.deployments: unknown key; did you mean model_ids?",
        ),
    ],
)
def test_each_fault_is_told_with_the_way_out_and_no_key_is_shown(upstreams: str, problem: str) -> None:
    assert said(upstreams) == [problem]
    assert SECRET not in problem


def test_entries_for_the_same_models_over_other_protocols_are_both_of_use() -> None:
    assert (
        said("x: {url: 'http://x', models: [a]}, y: {url: 'http://y', models: [a], protocols: [anthropic-messages]}")
        == []
    )


def test_an_entry_of_a_policy_is_completed_by_the_top_level() -> None:
    text = """
upstreams: {mine: {url: 'http://x', models: [a]}}
policies: [{sessions: [s], upstreams: {mine: {free: true}}}, {upstreams: {yours: {models: [b]}}}]
"""
    _, problems = check_policy(text, "p.yml")
    assert [problem.field for problem in problems] == ["policies[1].upstreams.yours"]
