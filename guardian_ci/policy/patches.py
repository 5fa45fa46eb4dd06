"""Which files a patch touches: the apply_patch form of Codex and cline, and unified diffs."""

import re
from typing import Final

_APPLY_PATCH: Final = re.compile(
    r"^[ \t]*\*\*\*[ \t]*(?:(?:Add|Update|Delete)[ \t]+File|Move[ \t]+to):(.+)$", re.IGNORECASE | re.MULTILINE
)
_GIT_HEADER: Final = re.compile(r'^diff --git (?:"a/(.+?)"|a/(.+?)) (?:"b/(.+)"|b/(.+))$', re.MULTILINE)
_UNIFIED: Final = re.compile(r"^(?:---|\+\+\+) ([^\t\n]+)", re.MULTILINE)
_RENAME: Final = re.compile(r"^(?:rename|copy) (?:from|to) (.+)$", re.MULTILINE)


def patch_paths(text: str) -> tuple[str, ...]:
    """Return the files that a patch names, each once: those of apply_patch first, then those of diffs."""
    found: dict[str, None] = {}
    for match in _APPLY_PATCH.finditer(text):
        found[match[1].strip().strip('"')] = None
    for pattern in (_GIT_HEADER, _UNIFIED, _RENAME):
        for match in pattern.finditer(text):
            found.update((_bare(group), None) for group in match.groups() if group)
    return tuple(path for path in found if path)


def _bare(path: str) -> str:
    """Drop the quotes and the ``a/`` or ``b/`` that diff tools put before a path; "" for the null device."""
    path = path.strip().strip('"')
    if path == "/dev/null":
        return ""
    return path[2:] if path.startswith(("a/", "b/")) else path
