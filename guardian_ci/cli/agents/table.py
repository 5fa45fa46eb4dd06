"""Every agent. One that needs a few variables is an entry here; one that needs more has a file of its own."""

import json
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import PurePath
from typing import Final

from guardian_ci.cli.agents.agent import Agent, Place, Setup
from guardian_ci.cli.agents.claude_code import CLAUDE_CODE
from guardian_ci.cli.agents.cline import CLINE
from guardian_ci.cli.agents.codex import CODEX
from guardian_ci.cli.agents.continue_cli import CONTINUE
from guardian_ci.cli.agents.copilot_cli import COPILOT
from guardian_ci.cli.agents.opencode import KILO, OPENCODE
from guardian_ci.cli.agents.pi import PI
from guardian_ci.errors import UsageError
from guardian_ci.model import WireProtocol

NONE: Final = "none"
"""In the place of an agent's name: base URLs and the token, and nothing that only one agent understands."""

_PROGRAM_ENDINGS: Final = (".exe", ".cmd", ".bat", ".ps1")


def _gemini_cli(place: Place) -> Setup:
    """A base URL makes it sign in by a gateway, which it does not know how to: settings say that the key is meant.

    It trusts such a file only where no folder above it may be written by all.
    """
    settings = {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
        "privacy": {"usageStatisticsEnabled": False},
    }
    return Setup(
        defaults={
            "GEMINI_CLI_SYSTEM_SETTINGS_PATH": str(place.home / "gemini-cli.json"),
            "GEMINI_CLI_TRUST_WORKSPACE": "true",
        },
        files={"gemini-cli.json": json.dumps(settings)},
    )


def _qwen_code(place: Place) -> Setup:
    """Settings of the system outrank a repository's, which may name another provider."""
    settings = {
        "security": {"auth": {"selectedType": "openai"}},
        "general": {"enableAutoUpdate": False},
        "privacy": {"usageStatisticsEnabled": False},
    }
    return Setup(
        variables={"QWEN_CODE_SYSTEM_SETTINGS_PATH": str(place.home / "qwen-code.json")},
        defaults={"OPENAI_MODEL": "gpt-4.1"},
        files={"qwen-code.json": json.dumps(settings)},
    )


def _aider(place: Place) -> Setup:
    """Base URLs also as flags: it reads a repository's .env and .aider.conf.yml over the environment.

    LiteLLM, by which it calls models, knows two names of most.
    """
    base = place.base
    urls = {
        "OPENAI_BASE_URL": f"{base}/v1",
        "ANTHROPIC_API_BASE": base,
        "ANTHROPIC_BASE_URL": base,
        "GEMINI_API_BASE": f"{base}/v1beta",
    }
    return Setup(
        variables={"GEMINI_API_BASE": urls["GEMINI_API_BASE"]},
        defaults={
            "AIDER_ANALYTICS_DISABLE": "true",
            "AIDER_CHECK_UPDATE": "false",
            "AIDER_SHOW_RELEASE_NOTES": "false",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        },
        arguments=(f"--openai-api-base={base}/v1", *(f"--set-env={name}={url}" for name, url in urls.items())),
    )


AGENTS: Final[tuple[Agent, ...]] = (
    CLAUDE_CODE,
    CODEX,
    Agent(
        name="gemini-cli",
        title="Gemini CLI",
        commands=("gemini",),
        protocols=(WireProtocol.GEMINI_GENERATE,),
        prepare=_gemini_cli,
        set_by="environment, a file of settings",
        detours=(
            "GOOGLE_GENAI_USE_VERTEXAI",
            "GOOGLE_GENAI_USE_GCA",
            "GEMINI_CLI_USE_COMPUTE_ADC",
            "GOOGLE_VERTEX_BASE_URL",
        ),
        outside=("pages, which web_fetch fetches itself",),
    ),
    COPILOT,
    Agent(
        name="aider",
        title="Aider",
        commands=("aider",),
        protocols=(WireProtocol.OPENAI_CHAT, WireProtocol.ANTHROPIC_MESSAGES, WireProtocol.GEMINI_GENERATE),
        prepare=_aider,
        set_by="environment; flags",
        outside=(
            "a list of prices at raw.githubusercontent.com",
            "models of other providers, which it calls where LiteLLM says",
        ),
    ),
    OPENCODE,
    CONTINUE,
    Agent(
        name="qwen-code",
        title="Qwen Code",
        commands=("qwen",),
        protocols=(WireProtocol.OPENAI_CHAT,),
        prepare=_qwen_code,
        set_by="environment, a file of settings",
    ),
    CLINE,
    PI,
    KILO,
    Agent(
        name="cursor",
        title="Cursor CLI",
        commands=("cursor-agent",),
        way_out="its models lie behind its vendor's server and login, which no base URL and no --intercept changes",
    ),
    Agent(
        name="amp",
        title="Amp",
        commands=("amp",),
        way_out="it calls models through its vendor's server and login, which no base URL changes",
    ),
    Agent(
        name="auggie",
        title="Auggie",
        commands=("auggie",),
        way_out="it calls models through its vendor's server and login, which no base URL changes",
    ),
)
"""Without a name, all that can be set by environment is set: no two of them need different values of one variable."""


def recognised(command: str) -> Agent | None:
    """The agent that a command's program is, by the last part of its path."""
    program = PurePath(command.replace("\\", "/")).name.lower()
    for ending in _PROGRAM_ENDINGS:
        program = program.removesuffix(ending)
    return next((agent for agent in AGENTS if program in agent.commands), None)


def agents_named(names: Sequence[str], *, also_unreachable: bool = False) -> tuple[Agent, ...]:
    """The agents of these names (their ids or commands); of none, all that can be set up.

    ``none`` alone stands for no agent at all. Raises ``UsageError`` for a name that is no agent's, and, with the way
    out, for an agent that cannot be told of the proxy.
    """
    if list(names) == [NONE]:
        return ()
    if not names:
        return tuple(agent for agent in AGENTS if agent.prepare)
    found = tuple(dict.fromkeys(_agent_named(name) for name in names))
    for agent in found:
        if agent.prepare is None and not also_unreachable:
            raise UsageError(f"{agent.title} cannot be told of the proxy: {agent.way_out}")
    return found


def _agent_named(name: str) -> Agent:
    by_word = {word: agent for agent in AGENTS for word in (agent.name, *agent.commands)}
    agent = by_word.get(name.lower())
    if agent is None:
        close = get_close_matches(name.lower()[:100], by_word, n=1, cutoff=0.6)
        meant = f" (is {by_word[close[0]].name} meant?)" if close else ""
        known = ", ".join(each.name for each in AGENTS)
        raise UsageError(f"there is no agent {name[:100]!r}{meant}; known are {known}, and {NONE}")
    return agent
