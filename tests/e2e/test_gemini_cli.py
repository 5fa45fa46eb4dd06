"""The real Gemini CLI, headless, through ``guardian-ci run``."""

import json
from pathlib import Path

import pytest
from desk import GEMINI, NODE, POLICY, Desk, Outcome, script, tool

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not GEMINI.exists(), reason="npm ci has not installed tests/agents"),
]


def gemini(desk: Desk, *steps: object, policy: str = POLICY) -> Outcome:
    # The tests' folder lies below one that all may write, where Gemini CLI does not trust what a variable names.
    settings = desk.folder / "home" / ".gemini" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"security": {"auth": {"selectedType": "gemini-api-key"}}}))
    prompt = script(*steps)  # type: ignore[arg-type]
    command: tuple[str | Path, ...] = (NODE, GEMINI, "-p", prompt, "--yolo", "--skip-trust")
    return desk.run(*command, policy=policy, env={"PATH": f"{NODE.parent}:/usr/bin:/bin"})


def test_work_within_the_policy_is_clean_and_metered_to_the_token(desk: Desk) -> None:
    outcome = gemini(
        desk,
        {"text": "Making.", "tools": [tool("run_shell_command", command="echo made > made.txt")]},
        {"tools": [tool("write_file", file_path=str(desk.folder / "work" / "note.txt"), content="written\n")]},
        {"text": "All good."},
    )
    assert (outcome.code, outcome.stdout.strip()) == (0, "Making.\nAll good."), outcome.stderr
    assert outcome.violations == []
    assert (desk.folder / "work" / "made.txt").read_text() == "made\n"
    assert (desk.folder / "work" / "note.txt").read_text() == "written\n"
    assert outcome.tools == [("run_shell_command", "allow"), ("write_file", "allow")]
    assert outcome.tokens() == sum(line["input_tokens"] + line["output_tokens"] for line in desk.bill.lines)  # type: ignore[operator]
    assert {line["status"] for line in outcome.log if line["type"] == "tool_result"} == {"ok"}


def test_a_blocked_file_is_not_read_and_the_agent_goes_on(desk: Desk) -> None:
    (desk.folder / "work").mkdir()
    (desk.folder / "work" / ".env").write_text("API_KEY=secret-that-nobody-reads\n")
    outcome = gemini(
        desk,
        {"tools": [tool("read_file", file_path=".env"), tool("run_shell_command", command="f=.e; cat ${f}nv")]},
        {"text": "I went on."},
    )
    assert (outcome.code, outcome.violations) == (1, ["file_blocklist"] * 2)
    assert outcome.stdout.strip() == "I went on."
    assert b"secret-that-nobody-reads" not in desk.heard
    assert b"the policy blocks .env" in desk.heard


def test_a_spent_budget_ends_it_at_once_with_our_words(desk: Desk) -> None:
    steps = [{"text": "More.", "tools": [tool("run_shell_command", command="true")], "output_tokens": 4000}] * 12
    outcome = gemini(desk, *steps, policy=POLICY.replace("5.00", "0.30"))
    assert (outcome.code, outcome.violations) == (1, ["cost_limit"])
    assert [call["decision"] for call in outcome.calls].count("rejected") == 1
    assert "guardian-ci" in outcome.stdout + outcome.stderr
    assert 0.05 < sum(call["cost_usd"] for call in outcome.calls) <= 0.30


def test_an_answer_that_is_cut_in_its_middle_ends_it(desk: Desk) -> None:
    leak = "AKIA" + "Q7ZX2MWJ5RT4KLNV"
    outcome = gemini(
        desk,
        {"text": f"The key is {leak}. " + "And so on. " * 300},
        policy=POLICY + "    secrets: {prompts: off, answers: block}\n",
    )
    assert (outcome.code, set(outcome.violations)) == (1, {"secret_leak"})
    assert next(call["outcome"] for call in outcome.calls if call["stream"]) == "cut"
    assert len(outcome.calls) <= 4
