"""Which of its own sessions and subagents an agent says that it calls for, by the headers that it sends unasked.

These headers are the agent's word and nothing more: they tell in the reports who spent what. They never select a
session, a policy or a budget: those go by the path, the header and the key that ``relay.session_name`` reads.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from guardian_ci.audit.records import Attribution


@dataclass(frozen=True, slots=True)
class _Headers:
    """The headers of one agent: its session's id, the id of who calls in it, the id of who started that one."""

    session: bytes
    caller: bytes
    parent: bytes


_AGENTS: Final = (
    _Headers(b"x-claude-code-session-id", b"x-claude-code-agent-id", b"x-claude-code-parent-agent-id"),  # Claude Code
    _Headers(b"session-id", b"thread-id", b"x-codex-parent-thread-id"),  # Codex: the first thread has the session's id
    _Headers(b"x-session-id", b"x-session-id", b"x-parent-session-id"),  # opencode: a subagent has a session of its own
)
"""Gemini CLI, Copilot CLI, Aider, Continue and cline send nothing of the kind."""

_LONGEST: Final = 1024
"""Longer is no id."""


def attribution(headers: Iterable[tuple[bytes, bytes]]) -> Attribution | None:
    """Read the headers of the agent that sends some; None where there are none. Names are in lower case."""
    given = {name: text for name, value in headers if (text := _id(value))}
    for agent in _AGENTS:
        session = given.get(agent.session)
        if session is None:
            continue
        caller, parent = given.get(agent.caller), given.get(agent.parent)
        if agent.caller == agent.session and parent is not None:
            return Attribution(agent_session=parent, subagent=caller, parent=parent)
        return Attribution(agent_session=session, subagent=None if caller == session else caller, parent=parent)
    return None


def _id(value: bytes) -> str | None:
    text = value[: _LONGEST + 1].decode("latin-1").strip()
    return text if 0 < len(text) <= _LONGEST and text.isascii() and text.isprintable() else None
