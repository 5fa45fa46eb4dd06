"""From usage and price to an amount: exact integers, one line a unit, and the bound of what a call can cost."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

from guardian_ci.errors import GuardianError
from guardian_ci.model import Call, CostLine, Usage, WireProtocol
from guardian_ci.pricing.estimate import ceiling_tokens
from guardian_ci.pricing.rates import FLAT_UNITS, OUTPUT_UNITS, STANDARD, Levels, ModelPrice, Rates, ceil_of

NEUTRAL_GEOS: Final = frozenset({"", "global", "default", "not_available", "unspecified"})
"""Words for "anywhere", which costs nothing extra."""

_STANDARD_WORDS: Final = frozenset({"", "standard", "default", "on_demand", "on-demand", "standard_only", "none"})
_MODES: Final[Mapping[str, tuple[str, ...]]] = {
    "batch": ("batch",),
    "batches": ("batch",),
    "flex": ("flex",),
    "priority": ("priority",),
    "fast": ("fast", "priority"),
    "ultrafast": ("ultrafast",),
}
"""A tier's or speed's word, and the modes that it may mean, in order."""
_SEARCH_TOKENS: Final = 25_000
"""The most that one web search of the provider adds to the input."""
_CALL_MAY_LAST: Final = timedelta(days=1)


class UnderivableError(GuardianError):
    """What the call cost cannot be derived: refuse the number, or charge a ceiling."""


def mode_of(price: ModelPrice, modes: Mapping[str, Levels], tier: str | None, speed: str | None) -> str:
    """Find the mode that a call was billed in; raises where no price of it is known."""
    words = [word for word in ((tier or "").lower(), (speed or "").lower()) if word not in _STANDARD_WORDS]
    if not words or price.custom:
        return STANDARD
    known = {next((mode for mode in _MODES.get(word, ()) if mode in modes), None) for word in words}
    if len(known) != 1 or None in known:
        said = " and ".join(repr(word) for word in words)
        raise UnderivableError(f"no price is known for {said} of {price.model}")
    (mode,) = known
    return str(mode)


def geo_factor(price: ModelPrice, geo: str | None) -> Fraction:
    """How much dearer tokens are in that geography; a region nobody lists counts as the dearest."""
    named = (geo or "").lower()
    if named in NEUTRAL_GEOS or not price.geo:
        return Fraction(1)
    return price.geo.get(named) or max(price.geo.values())


def rates_at(levels: Levels, total_input: int) -> Rates:
    """Pick the level: its rates hold for the whole call."""
    chosen = levels[0].rates
    for level in levels:
        if total_input > level.above:
            chosen = level.rates
    return chosen


def bill(price: ModelPrice, usage: Usage, *, at: datetime, geo: str | None = None) -> tuple[CostLine, ...]:
    """Write the lines of one usage without its parts; raises ``UnderivableError`` for an unknown tier."""
    modes = price.modes(at)
    mode = mode_of(price, modes, usage.service_tier, usage.speed)
    return _lines(rates_at(modes[mode], usage.total_input), usage, price, geo_factor(price, usage.geo or geo))


def ceiling_bill(price: ModelPrice, usage: Usage, *, at: datetime) -> tuple[CostLine, ...]:
    """Write the lines at the dearest of all modes, levels of the size and geographies."""
    modes = price.modes(at)
    rates = dearest(rates_at(levels, usage.total_input) for levels in modes.values())
    return _lines(rates, usage, price, max([Fraction(1), *price.geo.values()]))


def _lines(rates: Rates, usage: Usage, price: ModelPrice, factor: Fraction) -> tuple[CostLine, ...]:
    quantities = dict(_quantities(usage, rates, search_once=price.search_once))
    return tuple(
        CostLine(
            unit=unit,
            quantity=quantity,
            rate=rates[unit] if unit in FLAT_UNITS or factor == 1 else ceil_of(rates[unit] * factor),
        )
        for unit, quantity in quantities.items()
        if quantity
    )


def _quantities(usage: Usage, rates: Rates, *, search_once: bool) -> Iterable[tuple[str, int]]:
    yield "input", usage.input_tokens
    yield "cache_read", usage.cache_read_tokens
    yield "cache_write_5m", usage.cache_write_5m_tokens
    yield "cache_write_1h", usage.cache_write_1h_tokens
    yield "cache_write_12h", usage.cache_write_12h_tokens
    yield "input_audio", usage.input_audio_tokens
    yield "cache_read_audio", usage.cache_read_audio_tokens
    yield "input_image", usage.input_image_tokens
    apart = rates["reasoning"] != rates["output"]
    reasoning = min(usage.reasoning_tokens, usage.output_tokens) if apart else 0
    yield "output", usage.output_tokens - reasoning
    yield "reasoning", reasoning
    yield "output_audio", usage.output_audio_tokens
    yield "output_image", usage.output_image_tokens
    yield "web_search", min(1, usage.web_searches) if search_once else usage.web_searches
    yield "file_search", usage.file_searches
    if "request" in rates:
        yield "request", 1


def total(lines: Iterable[CostLine]) -> int:
    """Add up."""
    return sum(line.quantity * line.rate for line in lines)


def dearest(all_rates: Iterable[Rates]) -> dict[str, int]:
    """Take the highest rate of each unit."""
    highest: dict[str, int] = {}
    for rates in all_rates:
        for unit, rate in rates.items():
            highest[unit] = max(rate, highest.get(unit, 0))
    return highest


def worst_rates(price: ModelPrice, call: Call, *, at: datetime) -> tuple[int, int, int]:
    """Bound what the call can be charged: picodollars a token of input, a token of output, and beside them.

    Whatever the provider may decide alone is taken at its dearest: the level that the input may reach, the tier
    that ``auto`` may get, the geography that a workspace may default to, hours that change before the answer.
    """
    searches = max(call.max_web_searches, "-search-" in price.model)
    reach = ceiling_tokens(call.size)
    if searches:
        reach = (reach + searches * _SEARCH_TOKENS) * (searches + 1)
    rates = dearest(
        level.rates for levels in _possible(price, call, at) for level in levels if level.above < max(reach, 0)
    )
    factor = _possible_geo(price, call)
    input_rate = ceil_of(max(rates[unit] for unit in _input_units(call)) * factor)
    output_rate = ceil_of(max(rates[unit] for unit in OUTPUT_UNITS) * factor)
    fixed = searches * rates["web_search"] + rates.get("request", 0)
    if searches:
        fixed += (reach - ceiling_tokens(call.size)) * input_rate
    return input_rate, output_rate, fixed


def _possible(price: ModelPrice, call: Call, at: datetime) -> list[Levels]:
    """All levels that the call may be billed at, over the time that it may last."""
    periods = {id(period): period for period in (price.period(at), price.period(at + _CALL_MAY_LAST))}
    found: list[Levels] = []
    for period in periods.values():
        found += [window.levels for window in period.windows]
        found += [period.modes[mode] for mode in _possible_modes(price, call, period.modes)]
    return found


def _possible_modes(price: ModelPrice, call: Call, modes: Mapping[str, Levels]) -> set[str]:
    """Find the modes that the call may get: what it asks for, and the standard one that it may fall back to."""
    if price.custom:
        return {STANDARD}
    possible = {STANDARD}
    for word in ((call.service_tier or "").lower(), (call.speed or "").lower()):
        if word in _STANDARD_WORDS:
            continue
        if word == "auto":
            possible |= {"priority"} & modes.keys()
        elif named := next((mode for mode in _MODES.get(word, ()) if mode in modes), None):
            possible.add(named)
        else:
            return set(modes)
    return possible


def _possible_geo(price: ModelPrice, call: Call) -> Fraction:
    """Bound the geography's factor; on Anthropic a silent request may be bound to one by its workspace."""
    if price.provider == "anthropic" and call.geo is None and price.geo:
        return max(price.geo.values())
    return geo_factor(price, call.geo)


def _input_units(call: Call) -> set[str]:
    """Tell the kinds of input that the call may be billed for."""
    units = {"input", "cache_read"}
    if call.protocol is not WireProtocol.ANTHROPIC_MESSAGES:
        units.add("cache_write_5m")
    if call.cache_ttl is not None:
        units.add("cache_write_5m")
    if call.cache_ttl not in {None, "5m"}:
        units |= {"cache_write_1h"} if call.protocol is WireProtocol.ANTHROPIC_MESSAGES else {"cache_write_12h"}
    if call.size.audio_seconds:
        units |= {"input_audio", "cache_read_audio"}
    if call.size.images or call.size.pdf_pages:
        units.add("input_image")
    return units
