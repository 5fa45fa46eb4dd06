"""Tools, commands, files and hosts that the policy denies, whatever it allows."""

from typing import ClassVar

from guardian_ci.model import Finding, ToolUse, Verdict
from guardian_ci.policy.problems import quote
from guardian_ci.policy.rules.interface import ToolRule, ToolView
from guardian_ci.policy.rules.tool_lists import denial_of
from guardian_ci.policy.settings import Settings


class ToolBlocklist(ToolRule):
    """``denied_tools``: entries as in ``allowed_tools``. What only may be meant is not this rule's."""

    id: ClassVar[str] = "tool_blocklist"

    def check(self, settings: Settings, tool: ToolUse, view: ToolView) -> Finding | None:  # noqa: D102
        denial = denial_of(settings.denied_tools, tool, view)
        if denial is None or not denial.certain:
            return None
        shown = quote(tool.name)[1:-1]
        if denial.what:
            message = f"{shown} is denied {quote(denial.what)}: the policy denies {denial.entry}. Go on without it."
        else:
            message = f"The tool {shown} is denied: the policy denies {denial.entry}. Use another one."
        return Finding(
            rule=self.id,
            verdict=Verdict.BLOCK,
            reason="tool_denied",
            message=message,
            subject=tool.name,
            place=settings.place(f"denied_tools[{denial.index}]"),
        )

    def stands_on(self, settings: Settings) -> str:  # noqa: D102
        return f"denied_tools: {', '.join(settings.denied_tools) or 'none'}"


def may_be_denied(settings: Settings, tool: ToolUse, view: ToolView) -> tuple[str, str] | None:
    """Return what of a call an entry of ``denied_tools`` may mean or may not, and the entry."""
    denial = denial_of(settings.denied_tools, tool, view)
    return None if denial is None or denial.certain else (denial.what, denial.entry)
