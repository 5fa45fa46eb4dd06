"""GitHub Markdown in which untrusted text stays text.

What a log holds gets in by two doors only. ``code`` makes a code span, in which nothing is markup; ``prose``
writes each character that could be markup as an entity, which never is markup, and breaks up what GitHub would
turn into a mention, a reference or a link. A table has a bound in rows and in bytes.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from guardian_ci.reports.untrusted import one_line

NOTHING: Final = "—"
"""What an empty cell shows."""

_ZERO_WIDTH_SPACE: Final = "\u200b"
_NAME: Final = 120
# Without brackets there is no link and no image; an underscore between letters or digits is never markup.
_MARKUP: Final = re.compile(r"[\\`*~\[\]<>&|$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_REFERENCES: Final = re.compile(
    r"(?=@)|(?<=[@#])(?=\w)|(?<=:)(?=//)|(?<=mailto)(?=:)|(?<=xmpp)(?=:)|(?<=\bwww)(?=\.)|(?<=GH)(?=-\d)", re.IGNORECASE
)
_BACKTICKS: Final = re.compile(r"`+")


def section(
    title: str,
    head: Sequence[str],
    cells: Sequence[Sequence[str]],
    *,
    rows: int,
    size: int,
    total: int | None = None,
    right: Iterable[int] = (),
    rest: str = ": they are in `log.ndjson`, in the run's artifact",
) -> str:
    """Return a titled table; what does not fit into its bounds is counted below it."""
    if not cells and not total:
        return ""
    to_right = frozenset(right)
    rules = ["---:" if column in to_right else "---" for column in range(len(head))]
    written = [f"### {title}", "", _row(head), _row(rules)]
    kept = 0
    for row in cells[:rows]:
        line = _row(row)
        size -= len(line.encode()) + 1
        if size < 0:
            break
        written.append(line)
        kept += 1
    left = (len(cells) if total is None else total) - kept
    if left:
        written += ["", f"*{left:,} more are not shown here{rest}.*"]
    return "\n".join(written)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def code(text: str | None) -> str:
    """Write untrusted text as code, on one line, fit for a cell of a table."""
    shown = one_line(text or "", _NAME)
    if not shown:
        return NOTHING
    if "|" in shown:
        # In a code span a table would end the cell here; an entity does not.
        return f"<code>{_entities(shown)}</code>"
    longest = max((len(run) for run in _BACKTICKS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def prose(text: str, limit_of: int) -> str:
    """Write untrusted text as plain words, on one line, fit for a cell of a table."""
    return _entities(one_line(text, limit_of)) or NOTHING


def _entities(shown: str) -> str:
    apart = _REFERENCES.sub(_ZERO_WIDTH_SPACE, shown)
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", apart)
