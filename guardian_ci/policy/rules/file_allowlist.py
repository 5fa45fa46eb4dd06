"""Only the files that the policy names may be touched."""

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from guardian_ci.model import Finding, ToolUse, Verdict
from guardian_ci.policy.arguments import FILE_TOOLS, SHELL_TOOLS
from guardian_ci.policy.paths import allowlist
from guardian_ci.policy.problems import quote
from guardian_ci.policy.rules.interface import ToolRule, ToolView
from guardian_ci.policy.rules.touched import Patience, shown, touched
from guardian_ci.policy.settings import FilePattern, Settings
from guardian_ci.policy.shell.facts import UNKNOWN, Access, Touch

_FIELD: Final = "file_allowlist"
_SHOWN: Final = 8
_NAME: Final = re.compile(r"[\w-]+")


class FileAllowlist(ToolRule):
    """``file_allowlist``: patterns as in .gitignore, from the agent's folder on; without the key any file passes."""

    id: ClassVar[str] = "file_allowlist"

    def check(self, settings: Settings, tool: ToolUse, view: ToolView) -> Finding | None:  # noqa: D102
        for touch, allowed in _judged(settings, tool, view):
            if allowed is False:
                return Finding(
                    rule=self.id,
                    verdict=Verdict.BLOCK,
                    reason="file_not_allowed",
                    message=f"{quote(tool.name)[1:-1]} may not {touch.access.value} {shown(touch)}: the policy allows"
                    f" {_list(_patterns(settings, touch.access))}. Go on with those, or have the file added to"
                    f" {_FIELD}.",
                    subject=touch.word,
                    place=settings.place(f"{_FIELD}.{touch.access.value}"),
                )
        return None

    def stands_on(self, settings: Settings) -> str:  # noqa: D102
        lists = {access.value: _patterns(settings, access) for access in Access}
        said = [f"{access}: {_list(patterns)}" for access, patterns in lists.items() if patterns is not None]
        return "; ".join(said) or "any file may be touched"


def undecided(settings: Settings, tool: ToolUse, view: ToolView) -> tuple[str, str] | None:
    """Return the first path of a call of which nobody can say whether the list holds it, and the list's name."""
    if settings.action(FileAllowlist.id) != "off":
        for touch, allowed in _judged(settings, tool, view):
            if allowed is None:
                return touch.word, _FIELD
    return None


def _judged(settings: Settings, tool: ToolUse, view: ToolView) -> Iterator[tuple[Touch, bool | None]]:
    """Yield each file that a list speaks of, and whether it is allowed; None where nobody can know."""
    lists = {access: patterns for access in Access if (patterns := _patterns(settings, access)) is not None}
    if not lists:
        return
    ready = {access: allowlist(tuple(each.pattern for each in lists[access]), view.root) for access in lists}
    from_arguments = tool.command is None
    patience = Patience()
    foreign = tool.canonical not in FILE_TOOLS | SHELL_TOOLS
    for touch in touched(tool, view):
        if touch.access not in ready or not (touch.sure or _is_path(touch.path)):
            continue
        if foreign and from_arguments and _NAME.fullmatch(touch.word) is not None:
            continue  # "target": "main" is a path to hardly any tool but those for files
        allowed = ready[touch.access].allows(touch.path) if patience.lasts(touch.path) else None
        # Whether a file tool starts from the shell's folder differs from agent to agent.
        yield touch, None if allowed is False and from_arguments and not touch.sure else allowed


def _is_path(word: str) -> bool:
    """Whether a word that may be a file or something else looks like a path."""
    return "/" in word and UNKNOWN not in word and not word.startswith("-") and "://" not in word


def _patterns(settings: Settings, access: Access) -> tuple[FilePattern, ...] | None:
    return settings.file_allowlist.read if access is Access.READ else settings.file_allowlist.write


def _list(patterns: tuple[FilePattern, ...] | None) -> str:
    if not patterns:
        return "no file"
    more = f" and {len(patterns) - _SHOWN} more" if len(patterns) > _SHOWN else ""
    return ", ".join(each.pattern for each in patterns[:_SHOWN]) + more
