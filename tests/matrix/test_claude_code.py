"""The real Claude Code CLI, headless, through ``guardian-ci run``."""

import shlex
from pathlib import Path

import pytest
from desk import CLAUDE, POLICY, Desk, Outcome, script, tool

pytestmark = [
    pytest.mark.matrix,
    pytest.mark.skipif(not CLAUDE.exists(), reason="npm ci has not installed tests/agents"),
]


def claude(desk: Desk, *steps: object, policy: str = POLICY) -> Outcome:
    return desk.run(*command(*steps), policy=policy)


def command(*steps: object) -> tuple[str | Path, ...]:
    return CLAUDE, "-p", script(*steps), "--dangerously-skip-permissions"  # type: ignore[arg-type]


def test_what_a_subagent_costs_is_told_apart(desk: Desk) -> None:
    prompt = script({"tools": [tool("Bash", command="echo x", description="x")]}, {"text": "Found."}, task="Look.")
    given = tool("Task", description="look", prompt=prompt, subagent_type="general-purpose")
    outcome = claude(desk, {"tools": [given]}, {"text": "All good."}, policy=POLICY.replace("bash]", "bash, task]"))
    assert outcome.violations == [], outcome.stderr
    told = [call["attribution"] for call in outcome.calls]
    assert len({one["agent_session"] for one in told}) == 1
    assert [("subagent" in one) for one in told].count(True) == 2
    (subagent,) = {one["subagent"] for one in told if "subagent" in one}
    assert f"| `{subagent}` | 2 | 0 |" in (outcome.reports / "summary.md").read_text()


LEAK = "AKIA" + "Q7ZX2MWJ5RT4KLNV"


def _with_a_key(desk: Desk) -> None:
    (desk.folder / "work").mkdir()
    (desk.folder / "work" / "notes.txt").write_text(f"The key is {LEAK}, do not tell.\n")


def test_a_key_in_a_tools_result_is_taken_out_of_every_turn_and_the_agent_goes_on(desk: Desk) -> None:
    _with_a_key(desk)
    outcome = claude(
        desk,
        {"tools": [tool("Bash", command="cat notes.txt", description="show")]},
        {"tools": [tool("Bash", command="ls", description="list")]},
        {"text": "I have seen it."},
        policy=POLICY + "    secrets: redact\n",
    )
    assert (outcome.code, outcome.violations) == (0, []), outcome.stderr
    assert outcome.stdout.strip() == "I have seen it."
    assert LEAK.encode() not in desk.heard
    assert desk.heard.count(b"[redacted:aws-key-id]") >= 2
    assert [line["edits"].get("redact") for line in outcome.log if line["type"] == "call_admitted"][-2:] == [
        ["tool_result"],
        ["tool_result"],
    ]
    warnings = [found["message"] for call in outcome.calls for found in call["findings"]]
    assert warnings == ["A secret (aws-key-id) in a tool's result: it was taken out before the call was forwarded."]


def test_a_key_in_a_tools_result_ends_it_at_once_where_the_policy_blocks(desk: Desk) -> None:
    _with_a_key(desk)
    outcome = claude(
        desk,
        {"tools": [tool("Bash", command="cat notes.txt", description="show")]},
        {"text": "never"},
        policy=POLICY + "    secrets: block\n",
    )
    assert (outcome.code, set(outcome.violations)) == (1, {"secret_leak"})
    assert LEAK.encode() not in desk.heard
    assert [call["status"] for call in outcome.calls].count(402) == 1
    assert "A secret (aws-key-id) in a tool's result" in outcome.stdout


def test_a_key_in_a_tool_calls_arguments_does_not_reach_the_tool(desk: Desk) -> None:
    outcome = claude(
        desk,
        {"tools": [tool("Write", file_path=str(desk.folder / "work" / "k.txt"), content=LEAK)]},
        {"text": "I went on."},
        policy=POLICY + "    secrets: {prompts: warn, tool_calls: block}\n",
    )
    assert (outcome.code, outcome.violations) == (1, ["secret_leak"])
    assert outcome.stdout.strip() == "I went on."
    assert not (desk.folder / "work" / "k.txt").exists()


def test_one_that_is_killed_in_mid_stream_is_billed_to_the_end(desk: Desk) -> None:
    step = {"text": "word ", "repeat": 1000, "chunk": 25, "chunk_delay_ms": 10}
    outcome = desk.killed(*command(step))
    assert outcome.code == 7
    (call,) = outcome.calls
    assert (call["decision"], call["estimated"], call["output_tokens"]) == ("approved", False, 1250)


def test_a_model_that_the_policy_does_not_allow_is_refused_with_its_name(desk: Desk) -> None:
    policy = POLICY.replace("rate_limit", 'allowed_models: ["claude-haiku-*"]\n    rate_limit')
    outcome = claude(desk, {"text": "never"}, policy=policy)
    assert (outcome.code, set(outcome.violations)) == (1, {"model_allowlist"})
    assert "claude-opus-5-5" in outcome.stdout
    assert desk.bill.lines == []


CLOUDS = {
    "bedrock": (
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        (
            "export CLAUDE_CODE_USE_BEDROCK=1 AWS_REGION=us-east-1 AWS_BEARER_TOKEN_BEDROCK=$ANTHROPIC_API_KEY"
            " ANTHROPIC_BEDROCK_BASE_URL=$ANTHROPIC_BASE_URL"
        ),
    ),
    "vertex": (
        "claude-sonnet-4-5@20250929",
        (
            "export CLAUDE_CODE_USE_VERTEX=1 CLAUDE_CODE_SKIP_VERTEX_AUTH=1 ANTHROPIC_VERTEX_PROJECT_ID=acme"
            ' CLOUD_ML_REGION=us-east5 ANTHROPIC_CUSTOM_HEADERS="x-api-key: $ANTHROPIC_API_KEY"'
            " ANTHROPIC_VERTEX_BASE_URL=$ANTHROPIC_BASE_URL/v1"
        ),
    ),
}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_it_works_in_its_modes_for_the_clouds_too(desk: Desk, cloud: str) -> None:
    model, setup = CLOUDS[cloud]
    steps = ({"tools": [tool("Bash", command="echo x > made.txt", description="make")]}, {"text": "All good."})
    asked = shlex.join(str(each) for each in (*command(*steps), "--model", model))
    policy = POLICY + 'prices: {"*": {input: 3, output: 15}}\n'
    outcome = desk.run("sh", "-c", f"{setup}; unset ANTHROPIC_BASE_URL; {asked}", policy=policy)
    assert (outcome.code, outcome.stdout.strip()) == (0, "All good."), outcome.stderr
    assert (outcome.violations, outcome.tools) == ([], [("Bash", "allow")])
    assert (desk.folder / "work" / "made.txt").read_text() == "x\n"
    assert outcome.tokens() == sum(line["input_tokens"] + line["output_tokens"] for line in desk.bill.lines)  # type: ignore[operator]
