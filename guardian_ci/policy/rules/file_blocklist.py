"""Files that no tool may touch: neither as a tool's argument, nor by a shell command, nor over a link."""

from collections.abc import Iterator
from typing import ClassVar

from guardian_ci.model import Finding, ToolUse, Verdict
from guardian_ci.policy.paths import Blocklist, Match, blocklist
from guardian_ci.policy.problems import quote
from guardian_ci.policy.rules import file_allowlist
from guardian_ci.policy.rules.interface import ToolRule, ToolView
from guardian_ci.policy.rules.touched import Patience, shown, touched
from guardian_ci.policy.settings import FilePattern, Settings
from guardian_ci.policy.shell.facts import Access, Touch


class FileBlocklist(ToolRule):
    """``file_blocklist``: patterns as in .gitignore. A path that only may be such a file is not this rule's."""

    id: ClassVar[str] = "file_blocklist"

    def check(self, settings: Settings, tool: ToolUse, view: ToolView) -> Finding | None:  # noqa: D102
        for touch, pattern, certain in _matches(settings, tool, view):
            if certain:
                return Finding(
                    rule=self.id,
                    verdict=Verdict.BLOCK,
                    reason="file_blocked",
                    message=f"{quote(tool.name)[1:-1]} may not {_verb(settings, touch)} {shown(touch)}:"
                    f" the policy blocks {pattern.pattern}. Go on without this file.",
                    subject=touch.word,
                    place=settings.place(pattern.field),
                )
        return None

    def stands_on(self, settings: Settings) -> str:  # noqa: D102
        count = len({*(settings.file_blocklist.read or ()), *(settings.file_blocklist.write or ())})
        return f"{count} patterns" if count else "no file is blocked"


def _verb(settings: Settings, touch: Touch) -> str:
    return "touch" if settings.file_blocklist.read == settings.file_blocklist.write else touch.access.value


def undecided(settings: Settings, tool: ToolUse, view: ToolView) -> tuple[str, str] | None:
    """Return the first path of a call that may be a file which the policy forbids, or may be another one.

    With it comes what the policy says: the pattern that blocks, or ``file_allowlist``.
    """
    if settings.action(FileBlocklist.id) != "off":
        for touch, pattern, certain in _matches(settings, tool, view):
            if not certain:
                return touch.word, pattern.pattern
    return file_allowlist.undecided(settings, tool, view)


def _matches(settings: Settings, tool: ToolUse, view: ToolView) -> Iterator[tuple[Touch, FilePattern, bool]]:
    """Yield what a pattern matches, with the pattern, and whether it surely does."""
    lists = {Access.READ: settings.file_blocklist.read or (), Access.WRITE: settings.file_blocklist.write or ()}
    ready = {access: blocklist(tuple(each.pattern for each in patterns)) for access, patterns in lists.items()}
    asked: set[tuple[int, str, bool]] = set()
    patience = Patience()
    for touch in touched(tool, view):
        key = (id(ready[touch.access]), touch.path, touch.sure)
        if key in asked or not lists[touch.access]:
            continue  # the same list for reading and for writing, or the same file once more
        asked.add(key)
        match = _ask(ready[touch.access], touch) if patience.lasts(touch.path) else Match(0, certain=False)
        if match is not None:
            yield touch, lists[touch.access][match.index], match.certain


def _ask(patterns: Blocklist, touch: Touch) -> Match | None:
    return patterns.match(touch.path) if touch.sure else patterns.match_word(touch.path)
