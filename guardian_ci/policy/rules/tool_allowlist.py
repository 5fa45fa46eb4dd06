"""Only the tools that the policy names may be used."""

from fnmatch import fnmatchcase
from functools import lru_cache
from typing import ClassVar

from guardian_ci.model import Finding, ToolUse, Verdict
from guardian_ci.policy.problems import quote
from guardian_ci.policy.rules.interface import ToolRule, ToolView
from guardian_ci.policy.settings import Settings
from guardian_ci.policy.tools import SAME_ACT, canonical_name


class ToolAllowlist(ToolRule):
    """``allowed_tools``: by the agent's own name, by the common one, or by a glob; without the key any tool passes."""

    id: ClassVar[str] = "tool_allowlist"

    def check(self, settings: Settings, tool: ToolUse, view: ToolView) -> Finding | None:  # noqa: ARG002, D102
        if allows(settings, tool.name, tool.canonical):
            return None
        allowed = ", ".join(settings.allowed_tools or ()) or "none"
        shown = quote(tool.name)[1:-1]
        common = f" ({quote(tool.canonical)[1:-1]})" if tool.canonical != tool.name else ""
        return Finding(
            rule=self.id,
            verdict=Verdict.BLOCK,
            reason="tool_not_allowed",
            message=f"The tool {shown}{common} is not allowed here. Allowed tools: {allowed}.",
            subject=tool.name,
            place=settings.place("allowed_tools"),
        )

    def stands_on(self, settings: Settings) -> str:  # noqa: D102
        if settings.allowed_tools is None:
            return "any tool is allowed"
        return f"allowed_tools: {', '.join(settings.allowed_tools) or 'none'}"


def allows(settings: Settings, name: str, canonical: str | None = None) -> bool:
    """Whether the policy's list lets a tool pass; without a list every tool passes."""
    if settings.allowed_tools is None:
        return True
    canonical = canonical_name(name) if canonical is None else canonical
    exact, globs = _ready(settings.allowed_tools)
    return name in exact or canonical in exact or any(fnmatchcase(name, g) or fnmatchcase(canonical, g) for g in globs)


@lru_cache(maxsize=64)
def _ready(allowed: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the names that a list means, the common names and what goes with them included, and its globs."""
    globs = tuple(entry for entry in allowed if any(c in entry for c in "*?["))
    names = {entry for entry in allowed if entry not in globs}
    names |= {canonical_name(entry) for entry in names}
    for entry in tuple(names):
        names |= SAME_ACT.get(entry, frozenset())
    return frozenset(names), globs
