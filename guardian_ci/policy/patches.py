"""Which files a patch touches: the apply_patch form of Codex and cline, and unified diffs."""

import re
from typing import Final

_APPLY_PATCH: Final = re.compile(
    r"^\s*\*\*\*\s*(?:Add|Update|Delete)\s+File:\s*(.+?)\s*$|^\s*\*\*\*\s*Move\s+to:\s*(.+?)\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_GIT_HEADER: Final = re.compile(r'^diff --git (?:"a/(.+?)"|a/(.+?)) (?:"b/(.+?)"|b/(.+?))\s*$', re.MULTILINE)
_UNIFIED: Final = re.compile(r"^(?:---|\+\+\+) (.+?)(?:\t.*)?\s*$", re.MULTILINE)
_RENAME: Final = re.compile(r"^(?:rename|copy) (?:from|to) (.+?)\s*$", re.MULTILINE)


def patch_paths(text: str) -> tuple[str, ...]:
    """Return the files that a patch names, each once, in the order of their first mention."""
    found: dict[str, None] = {}
    for match in _APPLY_PATCH.finditer(text):
        found.update((group.strip('"'), None) for group in match.groups() if group)
    for pattern in (_GIT_HEADER, _UNIFIED, _RENAME):
        for match in pattern.finditer(text):
            found.update((path, None) for group in match.groups() if group and (path := _bare(group)))
    return tuple(found)


def _bare(path: str) -> str:
    """Drop the quotes and the ``a/`` or ``b/`` that diff tools put before a path; "" for the null device."""
    path = path.strip().strip('"')
    if path == "/dev/null":
        return ""
    return path[2:] if path.startswith(("a/", "b/")) else path
