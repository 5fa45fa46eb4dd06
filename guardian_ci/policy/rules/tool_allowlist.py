"""Only the tools that the policy names may be used, and only in the way that it names."""

from typing import ClassVar

from guardian_ci.model import Finding, ToolUse, Verdict
from guardian_ci.policy.problems import quote
from guardian_ci.policy.rules.interface import ToolRule, ToolView
from guardian_ci.policy.rules.tool_lists import Refusal, allowed_tools
from guardian_ci.policy.settings import Settings


class ToolAllowlist(ToolRule):
    """``allowed_tools``: names, globs, patterns of arguments (``policy.tool_patterns``); without the key any tool."""

    id: ClassVar[str] = "tool_allowlist"

    def check(self, settings: Settings, tool: ToolUse, view: ToolView) -> Finding | None:  # noqa: D102
        if settings.allowed_tools is None or tool.calls:  # what only calls others is as good as those
            return None
        refusal = allowed_tools(settings.allowed_tools).refuses(tool, view)
        if refusal is None:
            return None
        return Finding(
            rule=self.id,
            verdict=Verdict.BLOCK,
            reason="tool_not_allowed",
            message=_message(settings.allowed_tools, tool, refusal),
            subject=tool.name,
            place=settings.place("allowed_tools"),
        )

    def stands_on(self, settings: Settings) -> str:  # noqa: D102
        if settings.allowed_tools is None:
            return "any tool is allowed"
        return f"allowed_tools: {', '.join(settings.allowed_tools) or 'none'}"


def _message(allowed: tuple[str, ...], tool: ToolUse, refusal: Refusal) -> str:
    shown = quote(tool.name)[1:-1]
    if refusal.instead:
        why = f": {refusal.why}" if refusal.why else ""
        return f"{shown} is not allowed {quote(refusal.what)}{why}. Allowed: {', '.join(refusal.instead)}."
    common = f" ({quote(tool.canonical)[1:-1]})" if tool.canonical != tool.name else ""
    return f"The tool {shown}{common} is not allowed here. Allowed tools: {', '.join(allowed) or 'none'}."
