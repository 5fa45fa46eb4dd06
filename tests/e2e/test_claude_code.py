"""The real Claude Code CLI, headless, through ``guardian-ci run``."""

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
