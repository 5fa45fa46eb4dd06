"""The real Codex with its built-in provider, which speaks WebSocket, headless, through ``guardian-ci run``."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from desk import NODE, POLICY, ROOT, Desk, Outcome, script, tool

CODEX = ROOT / "tests/agents/node_modules/@openai/codex/bin/codex.js"

pytestmark = [
    pytest.mark.matrix,
    pytest.mark.skipif(not CODEX.exists(), reason="npm ci has not installed tests/agents"),
]


def codex(desk: Desk, *steps: Mapping[str, object], policy: str = POLICY) -> Outcome:
    home = desk.folder / "codex"
    home.mkdir()
    # Its own home: what guardian-ci sets up there is a provider that speaks HTTP.
    command = (
        f'export CODEX_HOME="{home}" CODEX_API_KEY="$OPENAI_API_KEY"; exec "$0" "$@" '
        '-c "openai_base_url=\\"$OPENAI_BASE_URL\\"" "$PROMPT"'
    )
    flags = ("--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "--disable", "plugins")
    agent: tuple[str | Path, ...] = ("sh", "-c", command, NODE, CODEX, "exec", *flags, "-m", "gpt-5.4")
    return desk.run(*agent, policy=policy, env={"PROMPT": script(*steps)})


def over_the_socket(outcome: Outcome) -> bool:
    return {call.get("transport") for call in outcome.calls} == {"websocket"}


def test_work_within_the_policy_is_clean_and_metered_to_the_token(desk: Desk) -> None:
    outcome = codex(
        desk,
        {"text": "Making.", "tools": [tool("exec_command", cmd="echo made > made.txt")]},
        {"text": "Looking.", "tools": [tool("exec_command", cmd="cat made.txt")]},
        {"text": "All good."},
        policy=POLICY.replace("[read_file, write_file, bash]", "[bash, update_plan]"),
    )
    assert (outcome.code, outcome.stdout.strip()) == (0, "All good."), outcome.stderr
    assert over_the_socket(outcome)
    assert outcome.violations == []
    assert (desk.folder / "work" / "made.txt").read_text() == "made\n"
    assert outcome.tools == [("exec_command", "allow")] * 2
    assert outcome.tokens() == sum(line["input_tokens"] + line["output_tokens"] for line in desk.bill.lines)  # type: ignore[operator]
    assert not any(call["estimated"] for call in outcome.calls)


def test_a_policy_that_refuses_websockets_makes_it_post(desk: Desk) -> None:
    outcome = codex(desk, {"text": "All good."}, policy=POLICY + "    websockets: {responses: refuse}\n")
    assert (outcome.code, outcome.stdout.strip(), outcome.violations) == (0, "All good.", [])
    assert [call["status"] for call in outcome.calls] == [426, 200]
