"""How many input tokens a call will have, before the provider counts them: bounds, never averages.

Tokens a byte vary fivefold from prose to base64, so a text is weighed first: by how many of its bytes are letters,
digits, marks and characters of other scripts, and by how random its letters are (``j``, ``q``, ``x`` and ``z`` make
up 1 to 2 % of the letters of prose and code, and 15 % of random ones). The weights are thousandths of a token of the
o200k tokenizer, fitted to the corpus of ``tests/pricing/test_estimate.py``: texts come to 0.6 to 1.14 times their
weight.
"""

from dataclasses import dataclass, fields
from typing import Final

from guardian_ci.model import InputSize

_LETTERS: Final = frozenset(range(ord("A"), ord("Z") + 1)) | frozenset(range(ord("a"), ord("z") + 1))
_RARE: Final = frozenset(b"jqxzJQXZ")


def _classes() -> bytes:
    """Map each byte to the mark of its class, for ``bytes.translate``."""
    table = bytearray(b"m" * 256)
    for byte in range(256):
        if byte in _LETTERS:
            table[byte] = ord("r" if byte in _RARE else "l")
        elif byte in b"0123456789":
            table[byte] = ord("d")
        elif byte in b" \n\r\t":
            table[byte] = ord("s")
        elif byte >= 0x80:  # noqa: PLR2004 - UTF-8: continuations, then leads of 2, 3 and 4 bytes
            table[byte] = b"cccc2234"[(byte >> 4) - 8]
    return bytes(table)


_CLASSES: Final = _classes()
_RARE_IN_PROSE: Final = 0.02
_RARE_IN_NOISE: Final = 0.15
_PART: Final = 2048
"""Bytes over which a share of rare letters is taken."""

# Thousandths of a token a byte (of other scripts: a character).
_LETTER: Final = 240
_NOISE: Final = 520
_DIGIT: Final = 820
_MARK: Final = 500
_SPACE: Final = 90
_OF_2_BYTES: Final = 330
_OF_3_BYTES: Final = 900
_OF_4_BYTES: Final = 2200


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What a text weighs: ``plain`` and, apart because tokenizers differ less there, ``dense`` (digits, noise)."""

    plain: int = 0
    dense: int = 0


def weigh(text: bytes) -> Weight:
    """Weigh UTF-8 text, at a few milliseconds a megabyte."""
    marks = text.translate(_CLASSES)
    rare, digits, spaces = marks.count(b"r"), marks.count(b"d"), marks.count(b"s")
    letters = marks.count(b"l") + rare
    beyond = 0
    if not text.isascii():
        two, three, four = marks.count(b"2"), marks.count(b"3"), marks.count(b"4")
        rest = len(text) - marks.count(b"c") - two - three - four
        beyond = two * _OF_2_BYTES + three * _OF_3_BYTES + four * _OF_4_BYTES
    else:
        rest = len(text)
    noise = sum(_noise(marks, start) for start in range(0, len(marks), _PART))
    signs = rest - letters - digits - spaces
    plain = letters * _LETTER + signs * _MARK + spaces * _SPACE + beyond
    return Weight(plain=plain, dense=noise * _NOISE + digits * _DIGIT)


def _noise(marks: bytes, start: int) -> int:
    """Count the letters of one part that are random.

    Part by part, or prose would hide noise that follows it: what came to a conversation must weigh as much as alone.
    """
    end = start + _PART
    rare = marks.count(b"r", start, end)
    letters = marks.count(b"l", start, end) + rare
    excess = (rare - _RARE_IN_PROSE * letters) / (_RARE_IN_NOISE - _RARE_IN_PROSE)
    return int(min(letters, max(0.0, excess)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokenizer:
    """How a class of tokenizers counts, in hundredths.

    ``most_a_byte``: tokens a byte of ordinary text, at most; ``plain`` and ``dense``: tokens for one of o200k's.
    ``tools`` is what tools cost beside their text, in tokens.
    """

    most_a_byte: int
    plain: int
    dense: int
    tools: int = 0


TOKENIZERS: Final = {
    "o200k": Tokenizer(most_a_byte=35, plain=100, dense=100),
    "claude": Tokenizer(most_a_byte=50, plain=124, dense=120, tools=600),
    "claude-4.7": Tokenizer(most_a_byte=60, plain=166, dense=133, tools=600),
    "other": Tokenizer(most_a_byte=60, plain=150, dense=140, tools=600),
}
UNKNOWN: Final = Tokenizer(most_a_byte=100, plain=200, dense=200, tools=600)
"""A tokenizer that nobody measured: no text of any measured one has more than one token a byte."""

FRAME_TOKENS: Final = 32
IMAGE_TOKENS: Final = 4_800
PDF_PAGE_TOKENS: Final = 3_000 + IMAGE_TOKENS
"""A page's text, and the image of it."""
AUDIO_SECOND_TOKENS: Final = 100
_FIRST_MARGIN: Final = 125
_LATER_MARGIN: Final = 115
_COUNTED_MARGIN: Final = 104
"""Hundredths of what is expected that a text comes to at most: one on a first turn, one that came to a conversation,
and one that was counted already, when it is counted again with more behind it."""


def input_upper_bound(size: InputSize, tokenizer: str) -> int:
    """Bound the input of a conversation that nobody has counted yet."""
    kind = TOKENIZERS.get(tokenizer, UNKNOWN)
    text = max(_up(_expected(size, kind) * _FIRST_MARGIN, 100), _up(size.text_bytes * kind.most_a_byte, 100))
    return min(size.text_bytes, text) + _beside_text(size, kind)


def later_upper_bound(size: InputSize, tokenizer: str, *, before: InputSize, counted: int) -> int:
    """Bound the input of a conversation that was ``counted`` when its size was ``before``.

    Only what came to it is estimated. No ratio of tokens a byte is carried from one text to another: a file read
    next may be three times as dense.
    """
    kind = TOKENIZERS.get(tokenizer, UNKNOWN)
    grown = _grown(size, before)
    text = _up(_expected(grown, kind) * _LATER_MARGIN, 100)
    return _up(counted * _COUNTED_MARGIN, 100) + min(grown.text_bytes, text) + _beside_text(grown, kind)


def ceiling_tokens(size: InputSize) -> int:
    """Tell what the input cannot exceed whatever it says: a token a byte."""
    return size.text_bytes + _beside_text(size, UNKNOWN)


def _grown(size: InputSize, before: InputSize) -> InputSize:
    parts = {part.name: max(0, getattr(size, part.name) - getattr(before, part.name)) for part in fields(InputSize)}
    return InputSize(**{**parts, "has_tools": size.has_tools and not before.has_tools})


def _expected(size: InputSize, kind: Tokenizer) -> int:
    """Tell what the text should come to by its weight; unweighed text by the class's most."""
    if not size.plain_weight and not size.dense_weight:
        return _up(size.text_bytes * kind.most_a_byte, 100)
    return _up(size.plain_weight * kind.plain + size.dense_weight * kind.dense, 100_000)


def _beside_text(size: InputSize, kind: Tokenizer) -> int:
    return (
        size.images * IMAGE_TOKENS
        + size.pdf_pages * PDF_PAGE_TOKENS
        + size.audio_seconds * AUDIO_SECOND_TOKENS
        + size.hidden_tokens
        + (kind.tools if size.has_tools else 0)
        + FRAME_TOKENS
    )


def _up(value: int, per: int) -> int:
    return -(-value // per)
