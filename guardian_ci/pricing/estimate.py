"""How many input tokens a call will have, before the provider counts them: bounds, never averages."""

from typing import Final

from guardian_ci.model import InputSize

FACTORS: Final = {"o200k": 35, "claude": 50, "claude-4.7": 60, "other": 60}
"""Hundredths of a token a byte that ordinary text does not exceed, by tokenizer class."""
UNKNOWN_FACTOR: Final = 100
"""No text of any measured tokenizer has more than one token a byte."""
TOOL_OVERHEAD: Final = 600
"""Tokens that a provider adds to explain tools to the model."""
FRAME_OVERHEAD: Final = 32
IMAGE_TOKENS: Final = 4_800
PDF_PAGE_TOKENS: Final = 3_000 + IMAGE_TOKENS
"""A page's text, and the image of it."""
AUDIO_SECOND_TOKENS: Final = 100
LATER_MARGIN: Final = 1.15
"""What a session's own ratio is raised by: turns differ."""
NEW_WEIGHT: Final = 0.5


def input_upper_bound(size: InputSize, tokenizer: str, *, ratio: float | None) -> int:
    """Bound the input from above: by the class's factor on a first turn, later by the session's own ``ratio``."""
    factor = FACTORS.get(tokenizer, UNKNOWN_FACTOR) / 100 if ratio is None else ratio * LATER_MARGIN
    return _up(size.text_bytes * min(1.0, factor)) + _beside_text(size)


def ceiling_tokens(size: InputSize) -> int:
    """Tell what the input cannot exceed whatever it says: a token a byte."""
    return size.text_bytes + _beside_text(size)


def next_ratio(previous: float | None, size: InputSize, counted_tokens: int) -> float:
    """Learn tokens a byte from what the provider counted, weighing recent turns more."""
    text = max(0, counted_tokens)
    if size.text_bytes <= 0:
        return previous if previous is not None else 1.0
    seen = text / size.text_bytes
    return seen if previous is None else max(seen * NEW_WEIGHT + previous * (1 - NEW_WEIGHT), seen)


def _beside_text(size: InputSize) -> int:
    return (
        size.images * IMAGE_TOKENS
        + size.pdf_pages * PDF_PAGE_TOKENS
        + size.audio_seconds * AUDIO_SECOND_TOKENS
        + size.hidden_tokens
        + (TOOL_OVERHEAD if size.has_tools else 0)
        + FRAME_OVERHEAD
    )


def _up(value: float) -> int:
    return -int(-value // 1)
