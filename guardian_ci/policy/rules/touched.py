"""What the rules on files judge: every file that a tool call touches, by its arguments, its command and its links."""

import re
from collections.abc import Iterator
from typing import Final

from guardian_ci.model import ToolUse
from guardian_ci.policy.arguments import words_of
from guardian_ci.policy.paths import is_relative
from guardian_ci.policy.problems import quote
from guardian_ci.policy.rules.interface import ToolView
from guardian_ci.policy.shell.facts import TAME, UNKNOWN, Access, Touch

_READ: Final = (Access.READ,)
_WRITE: Final = (Access.WRITE,)
_BOTH: Final = (Access.READ, Access.WRITE)
_BY_ACT: Final = {
    **dict.fromkeys(("read_file", "list_dir", "glob", "grep", "bash", "write_stdin"), _READ),
    **dict.fromkeys(("write_file", "edit_file", "delete_file"), _WRITE),
}
_READING_WORDS: Final = "read get list search find view show open cat head tail tree stat info grep glob load"
_WRITING_WORDS: Final = "write create edit delete remove save update append put make mkdir insert replace patch apply"
_MOVING_WORDS: Final = "move rename copy sync upload download"
_READING: Final = frozenset(_READING_WORDS.split())
_WRITING: Final = frozenset(_WRITING_WORDS.split())
_MOVING: Final = frozenset(_MOVING_WORDS.split())
_GLOB: Final = re.compile(f"[*?\\[{{{UNKNOWN}]")
_MOST_GLOBS: Final = 512
_MOST_BRACES: Final = 5


def touched(tool: ToolUse, view: ToolView) -> Iterator[Touch]:
    """Yield each file that a call touches; ``word`` is what the call says, ``path`` what that means.

    A relative path is yielded as it stands and, not surely, as it reads from the folder that the agent's shell is in:
    some agents' file tools follow their shell, others do not.
    """
    kinds = accesses_of(tool)
    below = "/**" if tool.canonical == "grep" else ""  # a search reads all that lies below
    for word in tool.paths:
        for access in kinds:
            yield Touch(path=word.rstrip("/") + below if below else word, access=access, word=word)
            if (moved := _from(view.cwd, word)) is not None:
                yield Touch(path=moved + below, access=access, word=word, sure=False)
    yield from view.analysis.touches
    for word, real in tool.links:
        own = word in tool.paths
        for access in kinds if own else _accesses_of_touches(view, word):
            yield Touch(path=real, access=access, word=word)


def accesses_of(tool: ToolUse) -> tuple[Access, ...]:
    """Return what a tool does with the paths that its arguments name: by its act, else by the verbs of its name."""
    words = words_of(tool.name)
    if not words.isdisjoint(_MOVING):
        return _BOTH
    if (known := _BY_ACT.get(tool.canonical)) is not None:
        return known
    reads, writes = not words.isdisjoint(_READING), not words.isdisjoint(_WRITING)
    return _BOTH if reads is writes else _READ if reads else _WRITE


def _accesses_of_touches(view: ToolView, word: str) -> tuple[Access, ...]:
    found = {touch.access for touch in view.analysis.touches if touch.path == word}
    return tuple(access for access in Access if access in found) or _BOTH


def _from(cwd: str | None, path: str) -> str | None:
    if cwd is None or UNKNOWN in cwd or not is_relative(path):
        return None
    return f"{cwd}/{path}"


class Patience:
    """How many globs of one call are looked at: nobody writes more of them in good faith."""

    def __init__(self) -> None:
        self._left = _MOST_GLOBS

    def lasts(self, path: str) -> bool:
        """Whether to look at a path; braces make many of one."""
        if _GLOB.search(path) is not None:
            self._left -= 1 << min(path.count("{"), _MOST_BRACES)
            return self._left > 0
        return True


def shown(touch: Touch) -> str:
    """Return a touched file for a sentence: as it was written, and what that means where it is not the same."""
    word, path = (text.replace(UNKNOWN, "…").replace(TAME, "…") for text in (touch.word, touch.path))
    return quote(word) if path.removesuffix("/**") == word else f"{quote(word)} ({quote(path)})"
