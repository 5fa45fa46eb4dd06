"""The official SDKs through ``guardian-ci run``: what the matrix does not ask of them, unstreamed answers above all."""

import sys

import pytest
from desk import POLICY, Desk, script, tool
from roster import SDKS

pytestmark = pytest.mark.matrix

AGENTS = {
    "messages": SDKS / "sdk_anthropic.py",
    "chat": SDKS / "sdk_openai.py",
    "responses": SDKS / "sdk_openai.py",
    "generate": SDKS / "sdk_google.py",
}
WIRES = list(AGENTS)


@pytest.mark.parametrize("wire", WIRES)
def test_work_within_the_policy_is_clean_and_metered_to_the_token(desk: Desk, wire: str) -> None:
    steps = ({"text": "Listing.", "tools": [tool("Bash", command="ls")]}, {"text": "All good."})
    outcome = desk.run(sys.executable, AGENTS[wire], wire, "whole", script(*steps))
    assert (outcome.code, outcome.violations) == (0, []), outcome.stderr
    assert 'Listing.\ntool Bash {"command": "ls"}\nAll good.' in outcome.stdout
    assert [(call["decision"], call["outcome"], call["estimated"]) for call in outcome.calls] == [
        ("approved", "complete", False)
    ] * 2
    assert outcome.tokens() == sum(line["input_tokens"] + line["output_tokens"] for line in desk.bill.lines)  # type: ignore[operator]
    assert outcome.tools == [("Bash", "allow")]
    assert "<failure" not in (outcome.reports / "junit.xml").read_text()


@pytest.mark.parametrize("wire", WIRES)
def test_a_denied_tool_is_an_unknown_one_to_the_agent_and_a_violation_to_the_build(desk: Desk, wire: str) -> None:
    calls = [tool("Bash", command="ls"), tool("WebFetch", url="https://example.com")]
    outcome = desk.run(sys.executable, AGENTS[wire], wire, "whole", script({"tools": calls}, {"text": "I went on."}))
    assert (outcome.code, outcome.violations) == (1, ["tool_allowlist"])
    assert "tool Bash" in outcome.stdout
    assert "tool guardian_denied_WebFetch" in outcome.stdout
    assert "\ntool WebFetch" not in outcome.stdout
    assert "I went on." in outcome.stdout
    assert outcome.tools == [("Bash", "allow"), ("WebFetch", "block")]
    assert "<failure" in (outcome.reports / "junit.xml").read_text()


@pytest.mark.parametrize("wire", WIRES)
def test_a_client_that_hangs_up_is_billed_to_the_end(desk: Desk, wire: str) -> None:
    step = {"text": "word ", "repeat": 1000, "chunk": 25, "chunk_delay_ms": 10}
    outcome = desk.run(sys.executable, AGENTS[wire], wire, "hang-up", script(step))
    assert outcome.code == 7
    (call,) = outcome.calls
    # The answer went on to its end without the client, so that its cost is known and no estimate.
    assert (call["decision"], call["estimated"], call["output_tokens"]) == ("approved", False, 1250)
    assert [line["complete"] for line in desk.bill.lines] == [True]


def test_the_agent_never_holds_the_provider_s_key(desk: Desk) -> None:
    code = "import os; print(os.environ['ANTHROPIC_API_KEY'], os.environ['OPENAI_API_KEY'])"
    outcome = desk.run(sys.executable, "-c", code)
    tokens = outcome.stdout.split()
    assert outcome.code == 0
    assert tokens[0] == tokens[1]
    assert tokens[0].startswith("gci-")
    assert tokens[0] not in (desk.folder / "log.ndjson").read_text()


GOOGLE = (sys.executable, AGENTS["generate"], "generate")


def test_googles_sdk_works_without_blocking_too(desk: Desk) -> None:
    outcome = desk.run(*GOOGLE, "async", script({"tools": [tool("Bash", command="echo hi")]}, {"text": "All good."}))
    assert (outcome.code, outcome.violations, outcome.tools) == (0, [], [("Bash", "allow")]), outcome.stderr
    assert "All good." in outcome.stdout


def test_googles_sdk_calls_functions_itself(desk: Desk) -> None:
    outcome = desk.run(*GOOGLE, "automatic", script({"tools": [tool("bash", command="echo hi")]}, {"text": "Done."}))
    assert (outcome.code, outcome.tools) == (0, [("bash", "allow")]), outcome.stderr
    assert "Done." in outcome.stdout


def test_googles_sdk_counts_and_lists_for_nothing(desk: Desk) -> None:
    outcome = desk.run(*GOOGLE, "lists", "Count these words.")
    assert (outcome.code, outcome.violations, outcome.tokens()) == (0, [], 0), outcome.stderr
    assert "models/claude-opus-5-5" in outcome.stdout


def test_a_denied_call_that_googles_sdk_would_make_itself_ends_the_program(desk: Desk) -> None:
    # The SDK looks a function up by its name and lets the error of an unknown one out. It must not be called.
    outcome = desk.run(*GOOGLE, "automatic", script({"tools": [tool("read_file", path=".env")]}, {"text": "On."}))
    assert (outcome.code, outcome.violations) == (1, ["file_blocklist"])
    assert "KeyError: 'guardian_denied_read_file'" in outcome.stderr
    assert "reads .env" not in outcome.stdout


def test_a_cut_answer_is_an_error_with_our_words_to_googles_sdk(desk: Desk) -> None:
    answer = {"text": "The key is AKIA" + "Q7ZX2MWJ5RT4KLNV. " + "And so on. " * 300}
    outcome = desk.run(*GOOGLE, "stream", script(answer), policy=POLICY + "    secrets: {answers: block}\n")
    assert (outcome.code, outcome.violations, len(outcome.calls)) == (1, ["secret_leak"], 1)
    assert "ClientError: 400 INVALID_ARGUMENT" in outcome.stderr
    assert "guardian-ci: A secret" in outcome.stderr
