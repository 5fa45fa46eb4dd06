"""Files that no tool may touch: neither as a tool's argument nor as a word of a shell command."""

from collections.abc import Iterator
from typing import ClassVar

from guardian_ci.model import Finding, ToolUse, Verdict
from guardian_ci.policy.paths import Blocklist, blocklist
from guardian_ci.policy.problems import quote
from guardian_ci.policy.rules.interface import ToolRule, ToolView
from guardian_ci.policy.settings import FilePattern, Settings


class FileBlocklist(ToolRule):
    """``file_blocklist``: patterns as in .gitignore."""

    id: ClassVar[str] = "file_blocklist"

    def check(self, settings: Settings, tool: ToolUse, view: ToolView) -> Finding | None:  # noqa: D102
        for patterns in (settings.file_blocklist.read, settings.file_blocklist.write):
            match = _first_match(patterns or (), tool, view)
            if match is not None:
                word, pattern = match
                return Finding(
                    rule=self.id,
                    verdict=Verdict.BLOCK,
                    reason="file_blocked",
                    message=f"{quote(tool.name)[1:-1]} may not touch {quote(word)}: the policy blocks"
                    f" {pattern.pattern}. Go on without this file.",
                    subject=word,
                    place=settings.place(pattern.field),
                )
        return None

    def stands_on(self, settings: Settings) -> str:  # noqa: D102
        count = len({*(settings.file_blocklist.read or ()), *(settings.file_blocklist.write or ())})
        return f"{count} patterns" if count else "no file is blocked"


def _first_match(patterns: tuple[FilePattern, ...], tool: ToolUse, view: ToolView) -> tuple[str, FilePattern] | None:
    """Return the first path or word that a pattern matches, with the pattern."""
    ready = blocklist(tuple(each.pattern for each in patterns))
    for path, index in _matches(ready, tool, view):
        if index is not None:
            return path, patterns[index]
    return None


def _matches(ready: Blocklist, tool: ToolUse, view: ToolView) -> Iterator[tuple[str, int | None]]:
    for path in tool.paths:
        yield path, ready.match(path)
    for touch in view.analysis.touches:
        yield touch.path, ready.match(touch.path) if touch.sure else ready.match_word(touch.path)
