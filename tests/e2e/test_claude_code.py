"""The real Claude Code CLI, headless, through ``guardian-ci run``."""

import shlex
from pathlib import Path

import pytest
from desk import CLAUDE, POLICY, Desk, Outcome, script, tool

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CLAUDE.exists(), reason="npm ci has not installed tests/agents"),
]

ENV = {
    "IS_SANDBOX": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
}


def claude(desk: Desk, *steps: object, policy: str = POLICY) -> Outcome:
    return desk.run(*command(*steps), policy=policy, env=ENV)


def command(*steps: object) -> tuple[str | Path, ...]:
    return CLAUDE, "-p", script(*steps), "--dangerously-skip-permissions"  # type: ignore[arg-type]


def test_work_within_the_policy_is_clean_and_metered_to_the_token(desk: Desk) -> None:
    outcome = claude(
        desk,
        {"text": "Listing.", "tools": [tool("Bash", command="echo from-the-shell > made.txt", description="make")]},
        {"tools": [tool("Write", file_path=str(desk.folder / "work" / "note.txt"), content="written\n")]},
        {"text": "All good."},
    )
    assert (outcome.code, outcome.stdout.strip()) == (0, "All good."), outcome.stderr
    assert outcome.violations == []
    assert (desk.folder / "work" / "made.txt").read_text() == "from-the-shell\n"
    assert (desk.folder / "work" / "note.txt").read_text() == "written\n"
    assert outcome.tools == [("Bash", "allow"), ("Write", "allow")]
    assert outcome.tokens() == sum(line["input_tokens"] + line["output_tokens"] for line in desk.bill.lines)  # type: ignore[operator]
    results = [tool_call["result_status"] for call in outcome.calls for tool_call in call["tool_calls"]]
    later = {line["id"]: line["status"] for line in outcome.log if line["type"] == "tool_result"}
    assert results == ["unknown"] * 2 or later
    assert all(status == "ok" for status in later.values())


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


def test_a_denied_tool_does_not_run_and_the_agent_goes_on(desk: Desk) -> None:
    policy = POLICY.replace("write_file, bash", "write_file")
    outcome = claude(
        desk,
        {"tools": [tool("Bash", command="touch ran.txt", description="touch")]},
        {"text": "I went on."},
        policy=policy,
    )
    assert (outcome.code, outcome.violations) == (1, ["tool_allowlist"])
    assert outcome.stdout.strip() == "I went on."
    assert not (desk.folder / "work" / "ran.txt").exists()
    assert outcome.tools == [("Bash", "block")]


def test_a_blocked_file_is_not_read(desk: Desk) -> None:
    secret = desk.folder / "work" / ".env"
    secret.parent.mkdir()
    secret.write_text("API_KEY=secret-that-nobody-reads\n")
    outcome = claude(
        desk,
        {"tools": [tool("Read", file_path=str(secret)), tool("Bash", command="cat .env", description="show")]},
        {"text": "I went on."},
    )
    assert (outcome.code, outcome.violations) == (1, ["file_blocklist"] * 2)
    assert outcome.stdout.strip() == "I went on."
    transcripts = [path.read_text() for path in (desk.folder / "home").rglob("*.jsonl")]
    assert transcripts
    assert not any("secret-that-nobody-reads" in text for text in transcripts)


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


@pytest.mark.parametrize(
    "command",
    [
        "f=.e; cat ${f}nv",
        "python3 -c \"print(open('.e' + 'nv').read())\"",
        "echo Y2F0IC5lbnY= | base64 -d | sh",
        "find . -name '.e*' -exec cat {} +",
        "ln -s .env x; cat x",
    ],
)
def test_a_disguised_way_to_a_blocked_file_is_denied_with_its_reason(desk: Desk, command: str) -> None:
    (desk.folder / "work").mkdir()
    (desk.folder / "work" / ".env").write_text("API_KEY=secret-that-nobody-reads\n")
    outcome = claude(
        desk,
        {"tools": [tool("Bash", command=command, description="look")]},
        {"text": "I went on."},
        policy=POLICY + "    rules: {opaque_command: block}\n",
    )
    assert outcome.code == 1
    assert set(outcome.violations) <= {"file_blocklist", "opaque_command"}
    assert outcome.stdout.strip() == "I went on."
    assert b"secret-that-nobody-reads" not in desk.heard


def test_a_tool_that_the_policy_denies_is_not_offered_to_the_model(desk: Desk) -> None:
    outcome = claude(
        desk, {"text": "Nothing to do."}, policy=POLICY.replace("read_file, write_file, bash", "read_file")
    )
    assert (outcome.code, outcome.violations) == (0, [])
    admitted = [line for line in outcome.log if line["type"] == "call_admitted"]
    assert "Bash" in admitted[0]["edits"]["remove_tools"]
    assert b'"name":"Bash"' not in desk.heard
    assert b'"name":"Read"' in desk.heard


def test_a_spent_budget_ends_it_at_once_with_our_words(desk: Desk) -> None:
    steps = [{"text": "More.", "tools": [tool("Bash", command="true", description="x")], "output_tokens": 4000}] * 12
    outcome = claude(desk, *steps, policy=POLICY.replace("5.00", "0.50"))
    assert outcome.code == 1
    assert outcome.violations == ["cost_limit"]
    assert [call["decision"] for call in outcome.calls].count("rejected") == 1
    assert (outcome.calls[-1]["decision"], outcome.calls[-1]["status"]) == ("rejected", 402)
    assert outcome.calls[-1]["message"] in outcome.stdout
    assert 0.05 < sum(call["cost_usd"] for call in outcome.calls) <= 0.50


def test_one_that_is_killed_in_mid_stream_is_billed_to_the_end(desk: Desk) -> None:
    step = {"text": "word ", "repeat": 1000, "chunk": 25, "chunk_delay_ms": 10}
    outcome = desk.killed(*command(step), env=ENV)
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
    outcome = desk.run("sh", "-c", f"{setup}; unset ANTHROPIC_BASE_URL; {asked}", policy=policy, env=ENV)
    assert (outcome.code, outcome.stdout.strip()) == (0, "All good."), outcome.stderr
    assert (outcome.violations, outcome.tools) == ([], [("Bash", "allow")])
    assert (desk.folder / "work" / "made.txt").read_text() == "x\n"
    assert outcome.tokens() == sum(line["input_tokens"] + line["output_tokens"] for line in desk.bill.lines)  # type: ignore[operator]
