"""Record the logs in examples/ anew, from the real agents against the demo upstream.

``python tests/e2e/record_examples.py [--codex PATH] [NAME…]``: needs what tests/run installs, and for the Codex
example its CLI (npm, ``@openai/codex`` 0.169.0). It works in /home/runner/work/adder/adder, as a runner does, so
that the paths in the logs are those of a job.
"""

import argparse
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import uvicorn
from desk import AIDER, CLAUDE, ROOT, script, tool

from guardian_ci.demo.upstream import config, create_app, listen

HOME = Path("/home/runner")
WORK = HOME / "work" / "adder" / "adder"
PORT = 9100
TASK = "Mend the failing test."
KEYS = {
    "ANTHROPIC_API_KEY": "sk-recorded-with-the-demo-upstream",
    "OPENAI_API_KEY": "sk-recorded-with-the-demo-upstream",
}
CODE = "def add(a, b):\n    return a - b\n"
TEST = 'from adder import add\n\nassert add(2, 3) == 5, add(2, 3)\nprint("passed")\n'
CHECK = "python3 test_adder.py"


def claude_code(_: Path) -> Sequence[str]:
    """Read, edit, test: clean."""
    path = str(WORK / "adder.py")
    edit = tool("Edit", file_path=path, old_string="a - b", new_string="a + b")
    prompt = script(
        {"text": "I read the code.", "tools": [tool("Read", file_path=path)], "output_tokens": 320},
        {"text": "The sign is wrong.", "tools": [edit], "output_tokens": 410},
        {"tools": [tool("Bash", command=CHECK, description="Run the test")], "output_tokens": 120},
        {"text": "The test passes: add subtracted.", "output_tokens": 60},
        task=TASK,
    )
    return [str(CLAUDE), "-p", prompt, "--dangerously-skip-permissions"]


def codex(program: Path) -> Sequence[str]:
    """Look into .env, which is blocked; then patch and test: one violation."""
    patch = "*** Begin Patch\n*** Update File: adder.py\n@@\n-    return a - b\n+    return a + b\n*** End Patch\n"
    prompt = script(
        {"text": "I look round.", "tools": [tool("exec_command", cmd="ls -a; cat .env")], "output_tokens": 240},
        {"text": "Then without it.", "tools": [tool("exec_command", cmd="cat adder.py")], "output_tokens": 180},
        {"tools": [{"name": "apply_patch", "input": patch}], "output_tokens": 260},
        {"tools": [tool("exec_command", cmd=CHECK)], "output_tokens": 90},
        {"text": "The test passes: add subtracted.", "output_tokens": 50},
        task=TASK,
    )
    options = ["--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "-m", "gpt-5.5"]
    return [str(program), "exec", *options, prompt]


def aider(_: Path) -> Sequence[str]:
    """Edit after edit does not mend it, until the budget is spent: one violation."""
    edits = [
        {"text": f"adder.py\n```\n<<<<<<< SEARCH\n    return {old}\n=======\n    return {new}\n>>>>>>> REPLACE\n```\n"}
        for old, new in pairwise(("a - b", "a * b", "a - -b * 2"))
    ]
    # Between two edits Aider answers itself three times ("Ok."): those steps are never asked for.
    steps = [edits[0], *[{"text": "Ok."}] * 3, edits[1]]
    flags = (
        "--model openai/gpt-4.1 --edit-format diff --yes-always --no-check-update --analytics-disable --no-gitignore"
    )
    quiet = "--no-show-model-warnings --no-show-release-notes --no-pretty --auto-test"
    words = [*flags.split(), *quiet.split(), "--test-cmd", CHECK, "--message", script(*steps, task=TASK), "adder.py"]
    return [str(AIDER), *words]


EXAMPLES: Mapping[str, tuple[str, Callable[[Path], Sequence[str]]]] = {
    "claude-code": ("anthropic", claude_code),
    "codex": ("openai", codex),
    "aider": ("openai", aider),
}


def workspace(example: Path) -> None:
    """Make the repository that the agent works in."""
    shutil.rmtree(WORK, ignore_errors=True)
    (WORK / ".github").mkdir(parents=True)
    (WORK / "adder.py").write_text(CODE)
    (WORK / "test_adder.py").write_text(TEST)
    (WORK / ".env").write_text("API_KEY=of-the-example\n")
    shutil.copy(example / "guardian.yml", WORK / ".github" / "guardian.yml")
    for arguments in ("init -q", "add .", "-c user.name=n -c user.email=n@example.com commit -qm start"):
        subprocess.run(["git", *arguments.split()], cwd=WORK, check=True)


def record(name: str, program: Path) -> None:
    """Run one example's agent and keep the log and the reports."""
    provider, command = EXAMPLES[name]
    example = ROOT / "examples" / name
    workspace(example)
    temporary = HOME / "work" / "_temp" / "guardian"
    shutil.rmtree(temporary, ignore_errors=True)
    environment = {
        **KEYS,
        "PATH": os.environ["PATH"],
        "HOME": str(HOME),
        "CI": "true",
    }
    ours = ["--policy", ".github/guardian.yml", "--upstream", f"{provider}=http://127.0.0.1:{PORT}", "--session", name]
    ours += ["--agent", name, "--state", str(temporary / "state"), "--report-dir", str(temporary / "report")]
    run = [sys.executable, "-m", "guardian_ci.cli.main", "run", *ours, "--", *command(program)]
    done = subprocess.run(run, cwd=WORK, env=environment, stdin=subprocess.DEVNULL, check=False)
    print(f"{name}: exit {done.returncode}")
    for report in ("log.ndjson", "junit.xml", "summary.md"):
        shutil.copy(temporary / "report" / report, example / report)


def main() -> None:
    """Record the examples that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codex", type=Path, default=Path("codex"))
    parser.add_argument("names", nargs="*", default=list(EXAMPLES))
    given = parser.parse_args()
    server = uvicorn.Server(config(create_app()))
    threading.Thread(target=server.run, kwargs={"sockets": [listen("127.0.0.1", PORT)]}, daemon=True).start()
    for name in given.names:
        record(name, given.codex)
    server.should_exit = True


if __name__ == "__main__":
    main()
