"""Real clients that are told no base URL, through ``guardian-ci run --intercept``."""

import sys
from pathlib import Path

import pytest
from desk import CLAUDE, CODEX, INTERCEPT, NODE, POLICY, Desk, Outcome, script, tool

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not INTERCEPT.exists(), reason="tests/run has not installed tests/intercept.txt"),
]

HERE = Path(__file__).parent
BASES = ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_BASE", "OPENAI_BASE_URL", "OPENAI_API_BASE", "GOOGLE_GEMINI_BASE_URL")
ENV = {
    "PATH": f"{NODE.parent}:/usr/bin:/bin",
    "IS_SANDBOX": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
}


def caught(desk: Desk, *command: str | Path, policy: str = POLICY) -> Outcome:
    """Run a command as if its base URL could not be changed."""
    unset = [word for name in BASES for word in ("-u", name)]
    options = ("--intercept", "--agent", "none")
    return desk.run("env", *unset, *command, policy=policy, options=options, env=ENV, python=INTERCEPT)


def claude(*steps: object) -> tuple[str | Path, ...]:
    return CLAUDE, "-p", script(*steps), "--dangerously-skip-permissions"  # type: ignore[arg-type]


def billed(desk: Desk) -> int:
    return sum(int(str(line["input_tokens"])) + int(str(line["output_tokens"])) for line in desk.bill.lines)


def test_claude_code_is_metered_to_the_token_and_goes_on_past_a_denied_tool(desk: Desk) -> None:
    command = claude(
        {"text": "Listing.", "tools": [tool("Bash", command="echo from-the-shell > made.txt", description="make")]},
        {"tools": [tool("Bash", command="cat .env", description="look")]},
        {"text": "I went on."},
    )
    outcome = caught(desk, *command)
    assert (outcome.code, outcome.violations) == (1, ["file_blocklist"]), outcome.stderr
    assert outcome.stdout.strip() == "I went on."
    assert (desk.folder / "work" / "made.txt").read_text() == "from-the-shell\n"
    assert outcome.tools == [("Bash", "allow"), ("Bash", "block")]
    assert outcome.tokens() == billed(desk) > 0


def test_claude_code_ends_at_once_with_our_words_where_the_budget_is_spent(desk: Desk) -> None:
    steps = [{"text": "More.", "tools": [tool("Bash", command="true", description="x")], "output_tokens": 4000}] * 12
    outcome = caught(desk, *claude(*steps), policy=POLICY.replace("5.00", "0.50"))
    assert (outcome.code, outcome.violations) == (1, ["cost_limit"])
    assert (outcome.calls[-1]["decision"], outcome.calls[-1]["status"]) == ("rejected", 402)
    assert outcome.calls[-1]["message"] in outcome.stdout


def test_codex_with_its_built_in_provider_is_metered_to_the_token_over_its_websocket(desk: Desk) -> None:
    prompt = script({"tools": [tool("exec_command", cmd="echo made > made.txt")]}, {"text": "All good."})
    flags = ("--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "--disable", "plugins")
    outcome = caught(desk, CODEX, "exec", *flags, "-m", "gpt-5.1", prompt)
    assert (outcome.code, outcome.violations, outcome.stdout.strip()) == (0, [], "All good."), outcome.stderr
    assert (desk.folder / "work" / "made.txt").read_text() == "made\n"
    assert outcome.tokens() == billed(desk) > 0
    assert {(one.path, one.headers.get("upgrade")) for one in desk.served} == {("/v1/responses", "websocket")}
    noticed = [line["message"] for line in outcome.log if line["type"] == "notice" and line.get("findings")]
    assert any(message.startswith("chatgpt.com:443 serves models") for message in noticed)


def test_an_official_sdk_is_metered_to_the_token(desk: Desk) -> None:
    prompt = script({"text": "Listing.", "tools": [tool("Bash", command="ls")]}, {"text": "All good."})
    outcome = caught(desk, sys.executable, HERE / "sdk_anthropic.py", "messages", "stream", prompt)
    assert (outcome.code, outcome.violations) == (0, []), outcome.stderr
    assert outcome.stdout.endswith("All good.\n")
    assert outcome.tools == [("Bash", "allow")]
    assert outcome.tokens() == billed(desk) > 0
