"""The benign table, judged by the real functions: what agents and developers do every day is left alone.

The commands lie in benign/*.txt, one a line; in scripts.txt, several lines each, a line of ``---`` between two. What
the packages' READMEs show and what this repository runs itself is read where it lies.
"""

import importlib.metadata
import importlib.util
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml

from guardian_ci.policy import load_policy
from guardian_ci.policy.default import DEFAULT_DOCUMENT
from guardian_ci.policy.rules import evaluate_tool, view_of
from guardian_ci.policy.scan.injection import suspicions
from guardian_ci.policy.scan.secrets import SecretScanner
from guardian_ci.policy.tools import describe_tool

ROOT: Final = Path(__file__).resolve().parents[2]
TABLES: Final = Path(__file__).parent / "benign"
SETTINGS: Final = load_policy(json.dumps(DEFAULT_DOCUMENT), "guardian.yml").for_session("one")
MOST: Final = 0.005
"""The share of ordinary commands that may be flagged, warnings included."""

KNOWN_FLAGS: Final = {
    "cp .env.example .env": "writes a file that the policy keeps",
    "source .env && npm start": "reads a file that the policy keeps",
    "docker run --rm --env-file .env app npm test": "hands on a file that the policy keeps",
    "curl -LsSf https://astral.sh/uv/install.sh | sh": "runs what nobody has seen",
    "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 30 -subj /CN=localhost": (
        "writes a private key in a file that the policy keeps"
    ),
    """eval "$(grep '^export' scripts/env.sh)\"""": "runs what a file says",
}
"""Ordinary commands that are flagged, and why that is so. A new one must not come, a mended one must leave."""


def _commands() -> list[str]:
    lines = [
        line
        for path in sorted(TABLES.glob("*.txt"))
        if path.stem not in {"scripts", "prompts"}
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    scripts = (TABLES / "scripts.txt").read_text(encoding="utf-8").split("\n---\n")
    return [*lines, *(script.strip("\n") for script in scripts)]


COMMANDS: Final = _commands()


def _findings(command: str) -> list[str]:
    tool = describe_tool("call", "Bash", json.dumps({"command": command}))
    return [f"{finding.rule}: {finding.message}" for finding in evaluate_tool(SETTINGS, tool, view_of(tool))[0]]


FLAGGED: Final = {command: found for command in COMMANDS if (found := _findings(command))}


def test_there_are_enough_commands_and_none_comes_twice() -> None:
    assert len(COMMANDS) >= 1600
    assert len(COMMANDS) == len(set(COMMANDS))


def test_of_ordinary_commands_at_most_five_in_a_thousand_are_flagged() -> None:
    assert len(FLAGGED) <= MOST * len(COMMANDS), FLAGGED


def test_every_flag_is_known_and_has_its_reason() -> None:
    assert {command: found for command, found in FLAGGED.items() if command not in KNOWN_FLAGS} == {}
    assert all(KNOWN_FLAGS.values())


def test_the_readme_tells_how_many_there_are_and_how_many_are_flagged() -> None:
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    share = f"{len(FLAGGED) / len(COMMANDS):.2%}".replace("%", " %")
    assert (
        f"Of {len(COMMANDS):,} ordinary commands {len(FLAGGED)} are flagged by the default policy ({share})" in readme
    )


def test_no_known_flag_is_gone_by_now() -> None:
    assert sorted(KNOWN_FLAGS.keys() - FLAGGED.keys()) == []


# What others wrote, where it lies


_FENCE: Final = re.compile(r"^```(bash|sh|shell|zsh|console)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def shell_blocks(text: str) -> list[str]:
    """Return what a README's fenced blocks of shell commands hold; of a transcript only what was typed."""
    found = []
    for language, block in _FENCE.findall(text):
        typed = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
        if typed or language != "console":
            found.append("\n".join(typed) or block.rstrip("\n"))
    return found


def _readmes() -> Iterator[str]:
    for distribution in importlib.metadata.distributions():
        yield distribution.read_text("METADATA") or ""
    for path in (ROOT / "tests/agents/node_modules").rglob("README.md"):
        yield path.read_text(encoding="utf-8", errors="replace")
    yield (ROOT / "README.md").read_text(encoding="utf-8")


def _own_scripts() -> Iterator[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    for name in filter(None, listed):
        path = ROOT / name
        if path.is_file() and path.stat().st_size < 100_000:
            text = path.read_text(encoding="utf-8", errors="replace")
            if re.match(r"#!.*\b(?:ba)?sh\b", text):
                yield text
            elif path.suffix in {".yml", ".yaml"}:
                yield from _runs(yaml.safe_load(text))


def _runs(document: object) -> Iterator[str]:
    """Yield the text of each ``run:`` step, wherever it stands in a workflow."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key == "run" and isinstance(value, str):
                yield re.sub(r"\$\{\{.*?\}\}", "value", value)
            else:
                yield from _runs(value)
    elif isinstance(document, list):
        for value in document:
            yield from _runs(value)


def _history() -> Iterator[str]:
    """Yield this repository's own commits, as the commands that made them."""
    log = ["git", "log", "--format=%s", "-n", "500"]
    for subject in subprocess.run(log, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines():
        quoted = subject.replace("'", "'\\''")
        yield f"git commit -m '{quoted}'"


FOUND: Final = {
    "the packages' READMEs": lambda: [block for text in _readmes() for block in shell_blocks(text)],
    "this repository's scripts": lambda: list(_own_scripts()),
    "this repository's history": lambda: list(_history()),
}

KNOWN_FOUND: Final = {
    "install.sh |": "the installers of uv, ruff, Continue and Codex: run what nobody has seen",
    "copilot-install |": "the installer of Copilot CLI: the same",
    "python distro.py": "runs a file that it has just fetched",
    "SSL_CERT_FILE='client.pem'": "a *.pem file, which the default policy keeps",
    'bash -c "$AFTER"': "the self-test's workflow runs a text that another job gives it",
}
"""By a piece of a found command: why its flag is right."""


@pytest.mark.parametrize("where", FOUND)
def test_what_others_wrote_is_left_alone(where: str) -> None:
    commands = FOUND[where]()
    assert commands
    flagged = {
        command: found
        for command in commands
        if (found := _findings(command)) and not any(piece in command for piece in KNOWN_FOUND)
    }
    assert flagged == {}


def test_a_transcript_yields_its_commands_alone() -> None:
    text = "# x\n\n```console\n$ pip install x\nCollecting x\n$ x --version\n1.0\n```\n\n```python\nx = 1\n```\n"
    assert shell_blocks(text) == ["pip install x\nx --version"]


# Texts, as the scanners read them


PROMPTS: Final = (TABLES / "prompts.txt").read_text(encoding="utf-8").splitlines()
SOURCES: Final = ("starlette", "httpx", "uvicorn", "h11", "click", "jsonschema", "hypothesis", "_pytest", "pygments")
"""Installed packages whose files an agent might read."""
SCANNER: Final = SecretScanner()

KNOWN_TEXTS: Final = {
    "README.md": "shows how an attack is judged",
    "guardian-ci/METADATA": "the same, installed",
}
"""By the end of a file's path: why what the scanners say of it is right."""


def _texts() -> Iterator[tuple[str, str]]:
    """Yield the names and contents of files that tools bring: sources, and the prose of READMEs."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    own = [name for name in listed if name.startswith(("guardian_ci/", "schemas/", ".github/", "examples/"))]
    for name in [*own, "README.md", "action.yml", "pyproject.toml"]:
        if (path := ROOT / name).stat().st_size < 400_000:
            yield name, path.read_text(encoding="utf-8", errors="replace")
    for distribution in importlib.metadata.distributions():
        yield f"{distribution.name}/METADATA", distribution.read_text("METADATA") or ""
    for package in SOURCES:
        found = importlib.util.find_spec(package)
        assert found is not None
        assert found.origin is not None
        for path in sorted(Path(found.origin).parent.rglob("*.py")):
            yield f"{package}/{path.name}", path.read_text(encoding="utf-8", errors="replace")


def test_no_prompt_and_no_command_holds_a_secret() -> None:
    assert len(PROMPTS) == len(set(PROMPTS)) >= 200
    assert {text: found for text in [*PROMPTS, *COMMANDS] if (found := SCANNER.find(text))} == {}


def test_of_files_that_tools_bring_at_most_five_in_a_thousand_are_flagged() -> None:
    count = 0
    flagged = {}
    for name, text in _texts():
        count += 1
        found = [secret.kind for secret in SCANNER.find(text)] + [hit.kind for hit in suspicions(text)]
        if found and not name.endswith(tuple(KNOWN_TEXTS)):
            flagged[name] = found
    assert count >= 800
    assert len(flagged) <= MOST * count, flagged
