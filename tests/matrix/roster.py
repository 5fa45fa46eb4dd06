"""The agents of the conformance matrix: how each is run without a terminal, and what its tools are called."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from desk import AIDER, CLAUDE, NODE, ROOT, tool

Tool = Mapping[str, object]

MODULES = ROOT / "tests" / "agents" / "node_modules"
COMMANDS = MODULES / ".bin"
SDKS = ROOT / "tests" / "e2e"


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What an agent's tools are called, as calls that a model would make of them."""

    shell: Callable[[str], Tool]
    write: Callable[[Path, str], Tool]
    read: Callable[[Path], Tool]


@dataclass(frozen=True, kw_only=True)
class Agent:
    """A row of the matrix. ``command`` makes the arguments of a prompt; ``tools`` is None for one that has none."""

    name: str
    protocol: str
    program: Path
    version: Callable[[], str]
    command: Callable[[str], Sequence[str]]
    tools: Tools | None
    env: Mapping[str, str] = field(default_factory=dict)
    home: Mapping[str, str] = field(default_factory=dict)
    """Files of its home, by their paths."""
    changed: Sequence[str] = ()
    """What guardian-ci changes in its calls although the policy asks for nothing."""
    budget: str = "token_budget: 60000"
    """A budget that a run of many turns outgrows."""

    def work(self, folder: Path) -> Sequence[Tool]:
        """Return the steps that mend the greeting in ``hello.py``."""
        if self.tools is None:
            # Between two edits Aider answers itself ("Ok."): those steps are never asked for.
            return [_edit("helo", "hullo"), *[{"text": "Ok."}] * 3, _edit("hullo", "hello")]
        return [
            {"text": "I look.", "tools": [self.tools.read(folder / "hello.py")]},
            {"tools": [self.tools.shell("sed -i s/helo/hello/ hello.py")]},
            {"text": "And a note.", "tools": [self.tools.write(folder / "note.txt", "written\n")]},
            {"text": "All good."},
        ]

    def turns(self, count: int, **usage: object) -> Sequence[Tool]:
        """Return steps that would go on and on."""
        if self.tools is None:
            return [{"text": "More.", **usage}]
        return [{"tools": [self.tools.shell(f"echo {number}")], **usage} for number in range(count)]


def _edit(old: str, new: str) -> Tool:
    block = f'hello.py\n```\n<<<<<<< SEARCH\nprint("{old}")\n=======\nprint("{new}")\n>>>>>>> REPLACE\n```\n'
    return {"text": block}


def _package(name: str) -> Callable[[], str]:
    """Return what tells the version of an npm package."""
    return lambda: str(json.loads((MODULES / name / "package.json").read_text(encoding="utf-8"))["version"])


def _distribution(name: str) -> Callable[[], str]:
    """Return what tells the version of a Python package of the tests' own environment."""
    return lambda: metadata.version(name)


def _new_file(path: Path, content: str) -> str:
    """Return a patch that adds a file of one line."""
    return f"*** Begin Patch\n*** Add File: {path.name}\n+{content}*** End Patch\n"


def _program(expression: str) -> Tool:
    """Return a call of code mode's one tool, which takes JavaScript."""
    return {"name": "exec", "input": f"const result = {expression};\ntext(result);"}


def _aider_version() -> str:
    (found,) = AIDER.parents[1].glob("lib/python3*/site-packages/aider_chat-*.dist-info")
    return found.name.removesuffix(".dist-info").partition("-")[2]


def _sdk(name: str, package: str, program: str, *words: str, changed: Sequence[str] = ()) -> Agent:
    """Return the row of a small agent on a provider's official SDK."""
    return Agent(
        name=name,
        protocol=words[0],
        program=Path(sys.executable),
        version=_distribution(package),
        command=lambda prompt: (str(SDKS / program), *words, prompt),
        tools=CLAUDE_TOOLS,
        budget="token_budget: 6000",
        changed=changed,
    )


CLAUDE_TOOLS = Tools(
    shell=lambda command: tool("Bash", command=command, description="do it"),
    write=lambda path, content: tool("Write", file_path=str(path), content=content),
    read=lambda path: tool("Read", file_path=str(path)),
)
GEMINI_TOOLS = Tools(
    shell=lambda command: tool("run_shell_command", command=command),
    write=lambda path, content: tool("write_file", file_path=str(path), content=content),
    read=lambda path: tool("read_file", file_path=str(path)),
)
CODEX_TOOLS = Tools(
    shell=lambda command: tool("exec_command", cmd=command),
    write=lambda path, content: {"name": "apply_patch", "input": _new_file(path, content)},
    read=lambda path: tool("exec_command", cmd=f"cat {path}"),
)
CODE_MODE_TOOLS = Tools(
    shell=lambda command: _program(f"await tools.exec_command({{cmd: {json.dumps(command)}}})"),
    write=lambda path, content: _program(f"await tools.apply_patch({json.dumps(_new_file(path, content))})"),
    read=lambda path: _program(f"await tools.exec_command({{cmd: {json.dumps(f'cat {path}')}}})"),
)
COPILOT_TOOLS = Tools(
    shell=lambda command: tool("bash", command=command, description="do it"),
    write=lambda path, content: tool("create", path=str(path), file_text=content),
    read=lambda path: tool("view", path=str(path)),
)
OPENCODE_TOOLS = Tools(
    shell=lambda command: tool("bash", command=command, description="do it"),
    write=lambda path, content: tool("write", filePath=str(path), content=content),
    read=lambda path: tool("read", filePath=str(path)),
)
CONTINUE_TOOLS = Tools(
    shell=lambda command: tool("Bash", command=command),
    write=lambda path, content: tool("Write", filepath=str(path), content=content),
    read=lambda path: tool("Read", filepath=str(path)),
)
CODEX_FLAGS = "exec --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox"
CODEX_WIRES = {
    "HTTP": "-m gpt-5.5",
    "WebSocket": "-m gpt-5.5 -c model_providers.guardian.supports_websockets=true",
    "code mode": "-m gpt-5.6-sol",
}
COPILOT_WIRES: Mapping[str, Mapping[str, str]] = {
    "chat": {"COPILOT_PROVIDER_TYPE": "openai", "COPILOT_MODEL": "gpt-4.1"},
    "responses": {
        "COPILOT_PROVIDER_TYPE": "openai",
        "COPILOT_PROVIDER_WIRE_API": "responses",
        "COPILOT_MODEL": "gpt-5.4",
    },
    "messages": {"COPILOT_PROVIDER_TYPE": "anthropic", "COPILOT_MODEL": "claude-sonnet-4-6"},
}
AIDER_FLAGS = (
    "--model openai/gpt-4.1 --edit-format diff --yes-always --no-check-update --analytics-disable --no-gitignore "
    "--no-show-model-warnings --no-show-release-notes --no-pretty --auto-test --test-cmd"
)

USAGE_ASKED_FOR = ("request stream_options", "answer")
"""A client of chat that does not ask for a stream's usage: it is asked for, and the chunk that tells it taken out."""

SEARCHES_BOUND = ("request max_tool_calls",)
"""Codex lets the provider search as often as it likes, which no reservation could hold: the number is bounded."""

AGENTS = (
    Agent(
        name="Claude Code",
        protocol="messages",
        program=CLAUDE,
        version=_package("@anthropic-ai/claude-code"),
        command=lambda prompt: ("-p", prompt, "--dangerously-skip-permissions"),
        tools=CLAUDE_TOOLS,
    ),
    Agent(
        name="Gemini CLI",
        protocol="generate",
        program=COMMANDS / "gemini",
        version=_package("@google/gemini-cli"),
        command=lambda prompt: ("-p", prompt, "--yolo", "--skip-trust"),
        # The tests' folder lies below one that all may write, where Gemini CLI does not trust what a variable names.
        home={".gemini/settings.json": '{"security": {"auth": {"selectedType": "gemini-api-key"}}}'},
        tools=GEMINI_TOOLS,
    ),
    *(
        Agent(
            name=f"Codex ({wire})",
            protocol="responses",
            program=COMMANDS / "codex",
            version=_package("@openai/codex"),
            command=lambda prompt, flags=flags: (*f"{CODEX_FLAGS} {flags}".split(), prompt),
            tools=CODE_MODE_TOOLS if wire == "code mode" else CODEX_TOOLS,
            changed=() if wire == "code mode" else SEARCHES_BOUND,
        )
        for wire, flags in CODEX_WIRES.items()
    ),
    *(
        Agent(
            name=f"Copilot CLI ({protocol})",
            protocol=protocol,
            program=COMMANDS / "copilot",
            version=_package("@github/copilot"),
            command=lambda prompt: ("-p", prompt, "--allow-all-tools", "--allow-all-paths"),
            env=env,
            tools=COPILOT_TOOLS,
        )
        for protocol, env in COPILOT_WIRES.items()
    ),
    Agent(
        name="opencode",
        protocol="messages",
        program=MODULES / "opencode-linux-x64" / "bin" / "opencode",
        version=_package("opencode-linux-x64"),
        command=lambda prompt: ("run", "--model", "anthropic/claude-sonnet-4-6", prompt),
        tools=OPENCODE_TOOLS,
    ),
    Agent(
        name="Continue",
        protocol="messages",
        program=COMMANDS / "cn",
        version=_package("@continuedev/cli"),
        command=lambda prompt: ("--auto", "-p", prompt),
        tools=CONTINUE_TOOLS,
    ),
    Agent(
        name="Aider",
        protocol="chat",
        program=AIDER,
        version=_aider_version,
        command=lambda prompt: (*AIDER_FLAGS.split(), "grep -q hello hello.py", "--message", prompt, "hello.py"),
        tools=None,
        budget="token_budget: 500",
        changed=USAGE_ASKED_FOR,
    ),
    _sdk("Anthropic SDK", "anthropic", "sdk_anthropic.py", "messages", "stream"),
    _sdk("OpenAI SDK, chat", "openai", "sdk_openai.py", "chat", "stream", changed=USAGE_ASKED_FOR),
    _sdk("OpenAI SDK, responses", "openai", "sdk_openai.py", "responses", "stream"),
    _sdk("Google SDK", "google-genai", "sdk_google.py", "generate", "stream"),
)
PATH = f"{NODE.parent}:/usr/bin:/bin"
