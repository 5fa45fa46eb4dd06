"""Prices as values: rates by unit, levels by size of the input, modes by service tier, periods by date.

All rates are whole picodollars a unit; a unit is one token except for ``web_search``, ``file_search`` and
``request``. A level's rates apply to the whole call once its input is larger than ``above``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Final

Rates = Mapping[str, int]

STANDARD: Final = "standard"
"""The mode of a call that asks for no service tier."""
OUTPUT_UNITS: Final = ("output", "reasoning", "output_audio", "output_image")
FLAT_UNITS: Final = ("web_search", "file_search", "request")
"""Units that no geography and no service tier multiplies."""

_SEARCH: Final = 10_000_000_000
"""A web search where no source names its price: one cent."""
_FILE_SEARCH: Final = 2_500_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The rates of calls with more than ``above`` input tokens."""

    above: int
    rates: Rates


Levels = tuple[Level, ...]
"""Ascending; the first one holds for every size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours with rates of their own: ISO weekdays and minutes of the day, in UTC, the end not included."""

    days: frozenset[int]
    minutes: tuple[tuple[int, int], ...]
    levels: Levels

    def covers(self, at: datetime) -> bool:
        """Whether the window is open at that time."""
        utc = at.astimezone(UTC)
        minute = utc.hour * 60 + utc.minute
        return utc.isoweekday() in self.days and any(start <= minute < end for start, end in self.minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What is charged from ``start`` on (None: ever since)."""

    start: date | None
    modes: Mapping[str, Levels]
    windows: tuple[Window, ...] = ()

    def at(self, when: datetime) -> Mapping[str, Levels]:
        """Resolve the windows: the modes as charged at that time."""
        for window in self.windows:
            if window.covers(when):
                return {**self.modes, STANDARD: window.levels}
        return self.modes


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPrice:
    """One model's price with its whole known history.

    ``source`` and ``as_of`` say who published it and when it was taken over; ``geo`` multiplies tokens that are
    processed in one geography; ``tokenizer`` is the class that input estimates go by.
    """

    model: str
    provider: str
    source: str
    as_of: str
    periods: tuple[Period, ...]
    max_output_tokens: int | None = None
    context_tokens: int | None = None
    tokenizer: str = "unknown"
    geo: Mapping[str, Fraction] = field(default_factory=dict)
    search_once: bool = False
    """Whether a call pays for one web search however many queries it sends."""
    custom: bool = False
    """Whether the price is the policy's own: such a price holds for every service tier."""

    def period(self, at: datetime) -> Period:
        """Find the period that a call at that time falls into; before all known history, the oldest one."""
        day = _utc(at).date()
        current = self.periods[0]
        for period in self.periods:
            if period.start is None or period.start <= day:
                current = period
        return current

    def modes(self, at: datetime) -> Mapping[str, Levels]:
        """Tell what is charged at that time, by mode."""
        when = _utc(at)
        return self.period(when).at(when)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomTier:
    """A policy's rates for inputs larger than ``above``; None where the base rate stays."""

    above: int
    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomPrice:
    """A price that the policy names: ``pattern`` is a model id or a glob, rates are picodollars a token.

    Without ``input`` and ``output`` it is the table's own price times ``multiplier``. It holds from
    ``effective_from`` on. ``source`` says where it stands (file and line). ``free``: every unit costs nothing, a
    search too.
    """

    pattern: str
    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None
    multiplier: Fraction = Fraction(1)
    effective_from: date | None = None
    tiers: tuple[CustomTier, ...] = ()
    source: str = "policy"
    free: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstRates:
    """The most that a call can cost: picodollars a token of input and of output, and ``fixed`` beside them."""

    input_rate: int
    output_rate: int
    fixed: int = 0


def per_million(dollars: str | int | Fraction) -> int:
    """Turn dollars per million tokens into picodollars a token, rounded up where it must be."""
    return ceil_of(Fraction(dollars) * 1_000_000)


def ceil_of(value: Fraction) -> int:
    """Round up to a whole number."""
    return -(-value.numerator // value.denominator)


def scale(levels: Levels, by: Fraction) -> Levels:
    """Multiply all token rates."""
    return tuple(
        Level(
            above=level.above,
            rates={unit: rate if unit in FLAT_UNITS else ceil_of(rate * by) for unit, rate in level.rates.items()},
        )
        for level in levels
    )


def complete(rates: Rates) -> dict[str, int]:
    """Fill in what a source leaves out, by the rate that the provider falls back to, or a higher one; never by 0."""
    known = dict(rates)
    plain = known["input"]
    known.setdefault("cache_read", plain)
    writes_priced = "cache_write_5m" in known
    known.setdefault("cache_write_5m", plain)
    known.setdefault("cache_write_1h", known["cache_write_5m"])
    known.setdefault("cache_write_12h", known["cache_write_5m"] * (2 if writes_priced else 1))
    known.setdefault("input_audio", plain)
    known.setdefault("cache_read_audio", known["input_audio"])
    known.setdefault("input_image", plain)
    known.setdefault("output", plain)
    for unit in ("reasoning", "output_audio", "output_image"):
        known.setdefault(unit, known["output"])
    known.setdefault("web_search", _SEARCH)
    known.setdefault("file_search", _FILE_SEARCH)
    return known


def _utc(at: datetime) -> datetime:
    """Take a time without a zone as UTC."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
