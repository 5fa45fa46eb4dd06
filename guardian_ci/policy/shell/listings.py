"""Lists of names that nobody knows before: lines with globs, each of which stands for some names.

``ls`` prints ``*``, ``find -name '*.py'`` prints ``./**/*.py``: such lines are told from others by their ``*``.
"""

from typing import Final

from guardian_ci.policy.shell.patterns import globs_of

_MOST_LINES: Final = 4_096


def is_listing(text: str) -> bool:
    """Whether some line of a text stands for names that are not known."""
    return "*" in text


def lines_of(text: str) -> list[str]:
    """Return a text's lines, up to a bound."""
    return text.removesuffix("\n").split("\n", _MOST_LINES)[:_MOST_LINES] if text else []


def narrowed(line: str, source: str, *, extended: bool, fixed: bool = False, whole: bool = False) -> list[str] | None:
    """Return what of a listing's line a filter by a pattern lets pass, as globs; None where no glob says it.

    ``*`` narrowed by ``nv`` is ``*nv*``; ``.*``, which a shell's ``*`` does not mean, becomes ``.*nv*``. A line that
    has letters in its name already (``./**/*.py``) passes as it is.
    """
    folder, slash, name = line.rpartition("/")
    if name.strip("*.") != "" or not any(map(str.isalnum, source)):
        return [line]
    globs = globs_of(source, extended=extended, fixed=fixed, whole=whole)
    if globs is None:
        return None
    if "/" in source:  # it speaks of the path: what follows the last slash begins the name
        globs = sorted({glob.rpartition("/")[2] for glob in globs} - {"", "*"})
        if not globs:
            return [line]
    if name == "**":
        slash = f"{slash}**/"
    elif name == "*":
        globs = [glob for glob in globs if not glob.startswith(".")]
    else:
        globs = [glob for glob in globs if glob.startswith((".", "?", "["))]
    return [folder + slash + glob for glob in globs]


def hidden_too(name: str) -> list[str]:
    """Return the globs of a name for a program whose ``*`` and ``?`` mean a leading dot as well."""
    folder, slash, last = name.rpartition("/")
    rest = last.lstrip("*")
    if last[:1] not in {"*", "?", "["} or not any(map(str.isalnum, rest)):
        return [name]
    if last[0] == "*":
        others = [f".*{rest}", *([rest] if rest[0] == "." else [])]
    else:
        others = [f".{last[1:] if last[0] == '?' else last.partition(']')[2]}"]
    return [name, *(folder + slash + other for other in others)]
