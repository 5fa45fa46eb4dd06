"""Makes text that a model, an agent or a repository wrote fit to be shown.

Everything that a log holds is such text. Each report passes it through ``one_line`` or ``lines`` and then through
its own format's escape; nothing else of a log enters a report.
"""

import re
import unicodedata
from typing import Final

_MORE: Final = "…"
# A runner reads `##[command]` anywhere in a line of a step's output (its old form of workflow commands).
_OLD_COMMAND: Final = re.compile(r"##(?=\[)")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_PLAIN: Final = re.compile(r"[ -~]*")


def one_line(text: str, limit: int) -> str:
    """Return the text on one line, without what is invisible or steers a terminal, cut to ``limit`` characters."""
    # What is left of the cut may only get shorter by the steps that follow it.
    shown = " ".join(_visible(text[: 4 * limit]).split())
    return shown if len(shown) <= limit and len(text) <= 4 * limit else shown[: limit - 1] + _MORE


def lines(text: str, limit: int) -> str:
    """Return the text with its line breaks, else as ``one_line`` does."""
    shown = "\n".join(_visible(line).rstrip() for line in text[: 4 * limit].splitlines())
    return shown if len(shown) <= limit and len(text) <= 4 * limit else shown[: limit - 1] + _MORE


def defuse(text: str) -> str:
    """Break up what a runner would take for a workflow command in the middle of a line."""
    return _OLD_COMMAND.sub("## ", text)


def _visible(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in "\t\r\n":
        return " "
    code = ord(character)
    no_character = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF  # noqa: PLR2004 -- Unicode's own numbers
    if no_character or unicodedata.category(character) in _INVISIBLE:
        return "\N{REPLACEMENT CHARACTER}"
    return character
