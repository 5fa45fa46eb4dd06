"""Files that no tool may touch: neither as a tool's argument nor as a word of a shell command."""

from typing import ClassVar

from guardian_ci.model import Finding, ToolUse, Verdict
from guardian_ci.policy.paths import blocklist
from guardian_ci.policy.problems import quote
from guardian_ci.policy.rules.interface import ToolRule
from guardian_ci.policy.settings import Settings
from guardian_ci.policy.shell import words


class FileBlocklist(ToolRule):
    """``file_blocklist``: patterns as in .gitignore."""

    id: ClassVar[str] = "file_blocklist"

    def check(self, settings: Settings, tool: ToolUse) -> Finding | None:  # noqa: D102
        if not settings.file_blocklist:
            return None
        match = _first_match(settings, tool)
        if match is None:
            return None
        word, index = match
        pattern = settings.file_blocklist[index]
        return Finding(
            rule=self.id,
            verdict=Verdict.BLOCK,
            reason="file_blocked",
            message=f"{quote(tool.name)[1:-1]} may not touch {quote(word)}: the policy blocks {pattern}."
            " Go on without this file.",
            subject=word,
            place=settings.place(f"file_blocklist[{index}]"),
        )

    def stands_on(self, settings: Settings) -> str:  # noqa: D102
        return f"{len(settings.file_blocklist)} patterns" if settings.file_blocklist else "no file is blocked"


def _first_match(settings: Settings, tool: ToolUse) -> tuple[str, int] | None:
    """Return the first path or word that a pattern matches, with the pattern's index."""
    patterns = blocklist(settings.file_blocklist)
    for path in tool.paths:
        if (index := patterns.match(path)) is not None:
            return path, index
    for word in words(tool.command or ""):
        if (index := patterns.match_word(word)) is not None:
            return word, index
    return None
