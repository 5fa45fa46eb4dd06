"""The real Aider, headless, through ``guardian-ci run``. It has no tools, and exits 0 whatever happens."""

import subprocess
from pathlib import Path

import pytest
from desk import AIDER, POLICY, Desk, Outcome, script

pytestmark = [
    pytest.mark.matrix,
    pytest.mark.skipif(not AIDER.exists(), reason="tests/run has not installed .venv-aider"),
]

EDIT = """hello.py
```
<<<<<<< SEARCH
print("helo")
=======
print("hello")
>>>>>>> REPLACE
```
"""


def aider(desk: Desk, *steps: object, policy: str = POLICY, killed: bool = False, more: str = "") -> Outcome:
    work = desk.folder / "work"
    work.mkdir()
    (work / "hello.py").write_text(f'print("helo")\n{more}')
    for arguments in ("init -q", "add .", "-c user.name=n -c user.email=n@example.com commit -qm start"):
        subprocess.run(["git", *arguments.split()], cwd=work, check=True)
    flags = (
        "--model openai/gpt-4.1 --edit-format diff --yes-always --no-check-update --analytics-disable --no-gitignore"
    )
    quiet = "--no-show-model-warnings --no-show-release-notes --no-pretty"
    prompt = script(*steps, task="Mend the greeting.")  # type: ignore[arg-type]
    command: tuple[str | Path, ...] = (AIDER, *flags.split(), *quiet.split(), "--message", prompt, "hello.py")
    return (desk.killed if killed else desk.run)(*command, policy=policy)


def test_a_key_in_a_file_of_the_chat_is_taken_out_before_it_leaves(desk: Desk) -> None:
    leak = "AKIA" + "Q7ZX2MWJ5RT4KLNV"
    outcome = aider(desk, {"text": EDIT}, policy=POLICY + "    secrets: redact\n", more=f"# {leak}\n")
    assert (outcome.code, outcome.violations) == (0, []), outcome.stdout + outcome.stderr
    assert leak.encode() not in desk.heard
    assert b"[redacted:aws-key-id]" in desk.heard
    assert leak in (desk.folder / "work" / "hello.py").read_text()


def test_a_key_in_a_file_of_the_chat_ends_it_where_the_policy_blocks(desk: Desk) -> None:
    leak = "AKIA" + "Q7ZX2MWJ5RT4KLNV"
    outcome = aider(desk, {"text": EDIT}, policy=POLICY + "    secrets: block\n", more=f"# {leak}\n")
    assert (outcome.code, set(outcome.violations)) == (1, {"secret_leak"})
    assert leak.encode() not in desk.heard
    assert desk.bill.lines == []
    assert "A secret (aws-key-id) in a prompt" in " ".join(outcome.stdout.split())


def test_one_that_is_killed_in_mid_stream_is_billed_to_the_end(desk: Desk) -> None:
    step = {"text": "word ", "repeat": 1000, "chunk": 25, "chunk_delay_ms": 10}
    outcome = aider(desk, step, killed=True)
    assert outcome.code == 7
    (call,) = outcome.calls
    assert (call["decision"], call["estimated"], call["output_tokens"]) == ("approved", False, 1250)
