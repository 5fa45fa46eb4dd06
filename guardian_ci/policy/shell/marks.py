"""Marks in a text for what is not known: computed (``UNKNOWN``), harmless (``TAME``), printed, given from outside.

The last two are the interpreter's own. ``GIVEN`` stands for what comes as it is from a place that the command does not
tell: a variable that nobody has set, the text of a file. Scripts are full of ``rm -f "$PIDFILE"``, and nothing in it
tells of a file that matters; ``cat .e$X`` and ``eval "$X"`` are another matter. So outside the interpreter a word, or
a part of a path, that is nothing but ``GIVEN`` is ``TAME``, and ``GIVEN`` as a piece of more is ``UNKNOWN``.
"""

import re
from typing import Final

from guardian_ci.policy.shell.facts import TAME, UNKNOWN

GIVEN: Final = "\ufff8"

PRINTED: Final = "\ufff6"
"""What a plain program prints: ``eval "$(direnv hook bash)"`` is ordinary, though as a file's name it is not known."""

MARKS: Final = UNKNOWN + PRINTED + GIVEN + TAME

HERE: Final = "\ufff7"
"""The folder in which the command began: what ``$PWD`` says there, wherever the shell has gone since."""

_OUTSIDE: Final = str.maketrans({GIVEN: UNKNOWN, PRINTED: TAME, HERE: "."})
_SHOWN: Final = str.maketrans({GIVEN: UNKNOWN, PRINTED: UNKNOWN, HERE: "."})
_FOREIGN: Final = {
    but: str.maketrans({**dict.fromkeys((MARKS + HERE).replace(but, ""), "\ufffd"), "\0": None})
    for but in ("", UNKNOWN)
}
_ALL: Final = frozenset(MARKS)
_NOT_KNOWN: Final = _ALL | {HERE}
_WHOLE: Final = re.compile(f"(?<![^/=:,@*]){GIVEN}(?![^/=:,@*])")


def without_marks(text: str, *, but: str = "") -> str:
    """Return a text from outside without marks (``but`` one) and NULs.

    A command that brought its own would speak for us.
    """
    return text.translate(_FOREIGN[but])


def is_known(text: str) -> bool:
    """Whether nothing in a text is unknown."""
    return _NOT_KNOWN.isdisjoint(text)


def is_bare(text: str) -> bool:
    """Whether a text is nothing but marks."""
    return bool(text) and _ALL.issuperset(text)


def nothing_known(text: str) -> str:
    """Return the mark for what is made of a text that is not known."""
    return next((mark for mark in MARKS if mark in text), UNKNOWN)


def as_word(text: str) -> str:
    """Return a word as a program is told of it."""
    text = text.replace(PRINTED, UNKNOWN)
    if GIVEN not in text:
        return text
    return text.replace(GIVEN, UNKNOWN) if text.startswith("~") else _WHOLE.sub(TAME, text).replace(GIVEN, UNKNOWN)


def as_program(text: str) -> str:
    """Return a text that is run, decoded or kept: what is given in it is not known."""
    return text.translate(_OUTSIDE)


def as_shown(text: str) -> str:
    """Return a text as it is told to others."""
    return text.translate(_SHOWN)
