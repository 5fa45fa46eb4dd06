"""What a rule is: one thing that policy can forbid, with one id everywhere.

The id is the rule's module name, its key under ``rules:`` in a policy, its name in the log, in the JUnit report and
in the documentation. A rule says what it sees; whether that blocks, warns or is left alone is the policy's word,
applied in one place (``rules.evaluate_call`` and ``rules.evaluate_tool``).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from guardian_ci.model import Call, Finding, ToolUse
from guardian_ci.policy.settings import Settings
from guardian_ci.policy.shell.facts import NOTHING, Analysis


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """What rules may know of a session: the time, and when it has called before (Unix seconds, ascending).

    ``recent_calls`` are its admitted calls of at least the last minute; ``repeats`` those among its earlier calls
    that had this call's fingerprint. ``same_results`` counts how often a tool call (``same_tool``) has had the same
    result, this call's results included, since anything new; ``idle_turns`` the turns in a row that cost no less than
    the one before and brought nothing new.
    """

    now: float
    recent_calls: Sequence[float] = ()
    repeats: Sequence[float] = ()
    same_results: int = 0
    same_tool: str = ""
    idle_turns: int = 0


class CallRule(ABC):
    """A rule on a call before it is forwarded."""

    id: ClassVar[str]

    @abstractmethod
    def check(self, settings: Settings, call: Call, view: SessionView) -> Finding | None:
        """Return what is wrong with the call, as if the policy blocked it; None where nothing is."""

    @abstractmethod
    def stands_on(self, settings: Settings) -> str:
        """Return what the policy says for this rule, for the trace of a decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolView:
    """What rules may know of a tool call beside itself.

    ``analysis`` is what its shell command does; ``cwd`` the folder that the agent's shell has changed to, by what the
    session has seen (as in ``Analysis.cwd``), or that the call itself names. ``root`` is the agent's own folder as an
    absolute path; where it is None, an absolute path lies outside it. ``calls`` are the views of the calls behind it.
    """

    analysis: Analysis = NOTHING
    cwd: str | None = None
    root: str | None = None
    calls: tuple["ToolView", ...] = ()


class ToolRule(ABC):
    """A rule on a tool call in an answer, before the agent sees it."""

    id: ClassVar[str]

    @abstractmethod
    def check(self, settings: Settings, tool: ToolUse, view: ToolView) -> Finding | None:
        """Return what is wrong with the tool call, as if the policy blocked it; None where nothing is."""

    @abstractmethod
    def stands_on(self, settings: Settings) -> str:
        """Return what the policy says for this rule, for the trace of a decision."""
