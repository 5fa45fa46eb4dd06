#!/usr/bin/env python3
"""Make guardian_ci/pricing/data/prices.json from genai-prices and LiteLLM's price file, and print what changed.

Where the two differ, the higher rate is taken. History comes from genai-prices; maximum outputs, tiers that it
lacks and regional uplifts come from LiteLLM. Run it in an environment with genai-prices:

    python .github/scripts/update_prices.py [--litellm FILE] [--output FILE] [--date YYYY-MM-DD]

Without ``--litellm`` the file is taken out of LiteLLM's wheel, which pip downloads to a temporary folder.
"""

import argparse
import datetime as dt
import importlib.metadata
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from genai_prices import types as genai
from genai_prices.data import providers as genai_providers

from guardian_ci.pricing.ids import undated, unversioned

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "guardian_ci" / "pricing" / "data" / "prices.json"
LITELLM_FILE = "litellm/model_prices_and_context_window_backup.json"
PICODOLLARS = 10**12
FLAT = frozenset({"web_search", "file_search", "request"})

Rates = dict[str, int]
Levels = dict[int, Rates]
"""Rates by the number of input tokens above which they hold; -1 for all sizes."""
Record = Mapping[str, object]
Thing = TypeVar("Thing")

# What each source calls a unit, and how many units its rate is for.
GENAI_UNITS = {
    "input_mtok": ("input", 10**6),
    "cache_read_mtok": ("cache_read", 10**6),
    "cache_write_mtok": ("cache_write_5m", 10**6),
    "cache_write_1h_mtok": ("cache_write_1h", 10**6),
    "input_audio_mtok": ("input_audio", 10**6),
    "cache_audio_read_mtok": ("cache_read_audio", 10**6),
    "input_image_mtok": ("input_image", 10**6),
    "output_mtok": ("output", 10**6),
    "output_reasoning_mtok": ("reasoning", 10**6),
    "output_audio_mtok": ("output_audio", 10**6),
    "output_image_mtok": ("output_image", 10**6),
    "web_searches_kcount": ("web_search", 1000),
    "storage_searches_kcount": ("file_search", 1000),
    "requests_kcount": ("request", 1000),
}
LITELLM_UNITS = {
    "input_cost_per_token": "input",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write_5m",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "cache_creation_input_token_cost_above_12hr": "cache_write_12h",
    "input_cost_per_audio_token": "input_audio",
    "cache_read_input_audio_token_cost": "cache_read_audio",
    "input_cost_per_image_token": "input_image",
    "output_cost_per_token": "output",
    "output_cost_per_reasoning_token": "reasoning",
    "output_cost_per_audio_token": "output_audio",
    "output_cost_per_image_token": "output_image",
}
LITELLM_MODES = {
    "": "standard",
    "_batches": "batch",
    "_flex": "flex",
    "_priority": "priority",
    "_ultrafast": "ultrafast",
}
LITELLM_KEY = re.compile(
    rf"^({'|'.join(sorted(LITELLM_UNITS, key=len, reverse=True))})"
    rf"(?:_above_(\d+)k_tokens)?({'|'.join(mode for mode in LITELLM_MODES if mode)})?$"
)
LITELLM_CALLS = frozenset({"chat", "responses", "completion"})

# LiteLLM's provider, the front of its keys, and genai-prices' name for the same. The first record of a model wins.
LITELLM_PROVIDERS = (
    ("anthropic", "", "anthropic"),
    ("openai", "", "openai"),
    ("gemini", "gemini/", "google"),
    ("vertex_ai", "vertex_ai/", "google"),
    ("vertex_ai-anthropic_models", "vertex_ai/", "google"),
    ("vertex_ai-language-models", "", "google"),
    ("azure", "azure/", "azure"),
    ("azure_ai", "azure_ai/", "azure"),
    ("bedrock_converse", "", "aws"),
    ("bedrock", "", "aws"),
    ("bedrock", "bedrock/", "aws"),
    ("bedrock_mantle", "bedrock_mantle/", "aws"),
    ("xai", "xai/", "x-ai"),
    ("deepseek", "deepseek/", "deepseek"),
    ("deepseek", "", "deepseek"),
    ("mistral", "mistral/", "mistral"),
    ("groq", "groq/", "groq"),
    ("cerebras", "cerebras/", "cerebras"),
    ("together_ai", "together_ai/", "together"),
    ("fireworks_ai", "fireworks_ai/", "fireworks"),
    ("moonshot", "moonshot/", "moonshotai"),
    ("zai", "zai/", "zai"),
    ("minimax", "minimax/", "minimax"),
    ("perplexity", "perplexity/", "perplexity"),
    ("cohere", "", "cohere"),
    ("cohere_chat", "", "cohere"),
    ("github_copilot", "github_copilot/", "github-copilot"),
)

# What neither source can say in its own form, each with where it is documented.
INCLUSIVE_TIERS = frozenset({"x-ai"})  # docs.x.ai: "Long context >= 200k tokens"
WEEKENDS_SINCE = {"deepseek": dt.date(2026, 8, 23)}  # genai-prices on deepseek-v4: off-peak all weekend from here on
GEMINI_MODES = {"flex": Fraction(1, 2), "priority": Fraction(9, 5)}  # ai.google.dev: Flex 50 %, Priority 1.8 x
# platform.claude.com: Claude's cache multipliers stack with batch and fast, and with the geography, from 4.6 on.
CLAUDE_GEO = {"us": "11/10"}
CLAUDE_GEO_SINCE = (4, 6)
CLAUDE_TOKENIZER_SINCE = (4, 7)
# OpenAI's batch and flex halve a model's rates, long context and 12-hour writes included: see completed_mode.
XAI_SOURCE = PICODOLLARS // 40  # docs.x.ai: live search, $25 per 1,000 sources
GEMINI_PER_QUERY_SINCE = 3  # ai.google.dev: grounding is billed a search query from Gemini 3 on, a prompt before
GEO_WORDS = {
    "regional_processing_uplift_multiplier_eu": "eu",
    "regional_processing_uplift_multiplier_us": "us",
    "regional_endpoint_uplift_multiplier": "regional",
}


@dataclass
class Window:
    """Hours with rates of their own."""

    days: list[int]
    hours: list[str]
    levels: Levels


@dataclass
class Period:
    """What holds from ``start`` on."""

    start: dt.date | None
    modes: dict[str, Levels]
    windows: list[Window] = field(default_factory=list)


@dataclass
class Entry:
    """One model of the table."""

    periods: list[Period]
    sources: set[str]
    max_output: int | None = None
    context: int | None = None
    tokenizer: str = "unknown"
    geo: dict[str, str] = field(default_factory=dict)
    search_once: bool = False


# -- genai-prices -------------------------------------------------------------------------------------------------


def genai_levels(prices: genai.ModelPrice) -> Levels:
    """Turn a set of prices into levels; a unit without tiers holds on each of them."""
    levels: Levels = {-1: {}}
    tiered: dict[str, list[tuple[int, int]]] = {}
    for key, price in prices.__dict__.items():
        if price is None or key not in GENAI_UNITS:
            continue
        unit, per = GENAI_UNITS[key]
        if isinstance(price, genai.TieredPrices):
            levels[-1][unit] = picodollars(price.base, per)
            tiered[unit] = [(tier.start, picodollars(tier.price, per)) for tier in price.tiers]
        else:
            levels[-1][unit] = picodollars(price, per)
    for above in sorted({start for tiers in tiered.values() for start, _ in tiers}):
        levels[above] = dict(levels[max(levels)])
        levels[above].update({unit: rate for unit, tiers in tiered.items() for start, rate in tiers if start == above})
    return levels


def genai_periods(model: genai.ModelInfo) -> list[Period]:
    """Put a model's prices in the order of their dates, its hours as windows over each period."""
    prices = model.prices if isinstance(model.prices, list) else [genai.ConditionalPrice(prices=model.prices)]
    periods: list[Period] = []
    windows: list[Window] = []
    for conditional in prices:
        levels = genai_levels(conditional.prices)
        if not levels[-1].get("input") and "input" not in levels[-1]:
            continue
        constraint = conditional.constraint
        if isinstance(constraint, genai.TimeOfDateConstraint):
            hours = f"{constraint.start_time:%H:%M}-{constraint.end_time:%H:%M}"
            windows.append(Window(days=list(range(1, 8)), hours=[hours], levels=levels))
        else:
            start = constraint.start_date if constraint else None
            periods.append(Period(start=start, modes={"standard": levels}))
    periods.sort(key=lambda period: period.start or dt.date.min)
    if windows and periods:
        # genai-prices cannot date hours: they came with the last change of price.
        periods[-1].windows = windows
    return periods


def genai_modes(model: genai.ModelInfo, when: dt.date) -> dict[str, Levels]:
    """Read the variants of service tier, batch and speed that hold on a day."""
    found: dict[str, Levels] = {}
    for variant in model.price_variants or ():
        if set(variant.when) - {"service_tier", "processing", "speed"} or len(variant.when) != 1:
            continue
        mode = next(iter(variant.when.values()))
        constraint = variant.constraint
        if mode == "default" or (isinstance(constraint, genai.StartDateConstraint) and constraint.start_date > when):
            continue
        if mode == "fast" and "service_tier" in variant.when:
            mode = "priority"
        levels = genai_levels(variant.prices)
        if mode not in found and levels[-1]:
            found[mode] = levels
    return found


def genai_literals(match: object) -> Iterator[str]:
    """Yield the ids that a model's matching names in full; what only looks for a part of an id names none."""
    for attribute in ("or_", "and_"):
        for clause in getattr(match, attribute, ()):
            yield from genai_literals(clause)
    for attribute in ("equals", "starts_with", "contains", "ends_with"):
        text = getattr(match, attribute, None)
        if isinstance(text, str) and is_whole_id(text.lower()):
            yield text.lower()


def is_whole_id(text: str) -> bool:
    """Tell whether a matching's text can be an id by itself, and no front of others."""
    return bool(re.fullmatch(r"(?!ft:)[a-z].*[a-z0-9]", text)) and not re.search(r"(?:-20\d\d|-0|-v1)$", text)


# -- LiteLLM ------------------------------------------------------------------------------------------------------


def litellm_modes(record: Record, provider: str) -> dict[str, Levels]:
    """Read a record's rates by mode and level."""
    modes: dict[str, dict[int, Rates]] = {}
    for key, value in record.items():
        found = LITELLM_KEY.match(reordered(key))
        if found is None or not isinstance(value, int | float):
            continue
        unit, thousands, suffix = found.groups()
        name = LITELLM_UNITS[unit]
        rate = picodollars(Decimal(str(value)), 1)
        if rate == 0 and name not in {"input", "output"}:
            continue  # "free" here means "not told"
        above = -1 if thousands is None else int(thousands) * 1000 - (provider in INCLUSIVE_TIERS)
        modes.setdefault(LITELLM_MODES[suffix or ""], {}).setdefault(above, {})[name] = rate
    searches = record.get("search_context_cost_per_query")
    if isinstance(searches, dict) and "standard" in modes:
        costs = [Decimal(str(cost)) for cost in searches.values()]
        modes["standard"].setdefault(-1, {})["web_search"] = picodollars(max(costs), 1)
    return {mode: without_same_reasoning(filled_up(levels)) for mode, levels in modes.items() if -1 in levels}


def without_same_reasoning(levels: Levels) -> Levels:
    """Drop the rate of reasoning where it is that of all output: it shall follow the output's discounts."""
    if all(rates.get("reasoning") == rates.get("output") for rates in levels.values()):
        return {above: {u: r for u, r in rates.items() if u != "reasoning"} for above, rates in levels.items()}
    return levels


def reordered(key: str) -> str:
    """Bring a key's parts into one order: unit, level, mode."""
    found = re.fullmatch(r"(.+?)(_batches|_flex|_priority|_ultrafast)(_above_\d+k_tokens)", key)
    return f"{found[1]}{found[3]}{found[2]}" if found else key


def filled_up(levels: Levels) -> Levels:
    """Let each level inherit what only a smaller one names."""
    full: Levels = {}
    for above in sorted(levels):
        full[above] = {**(full[max(full)] if full else {}), **levels[above]}
    return full


def litellm_windows(record: Record) -> list[Window]:
    """Read the cheap hours of a record."""
    cheap = record.get("off_peak_pricing")
    if not isinstance(cheap, dict):
        return []
    levels = litellm_modes(cheap, "")["standard"]
    return [
        Window(
            days=list(window["weekdays"]),
            hours=[window["hours_utc"]] if isinstance(window["hours_utc"], str) else list(window["hours_utc"]),
            levels=levels,
        )
        for window in cheap["windows"]
    ]


def litellm_geo(record: Record) -> dict[str, str]:
    """Read what a geography multiplies tokens by."""
    geo = {word: str(Fraction(str(record[key]))) for key, word in GEO_WORDS.items() if key in record}
    geo |= {key.removeprefix("zone_"): str(value) for key, value in record.items() if key.startswith("zone_")}
    specific = record.get("provider_specific_entry")
    if isinstance(specific, dict) and "us" in specific:
        geo["us"] = str(Fraction(str(specific["us"])))
    return geo


def litellm_index(data: Mapping[str, Record]) -> dict[str, dict[str, Record]]:
    """Sort LiteLLM's records by our providers and plain ids; the first provider listed wins."""
    index: dict[str, dict[str, Record]] = {}
    for name, prefix, provider in LITELLM_PROVIDERS:
        for key, record in data.items():
            if record.get("litellm_provider") != name or record.get("mode") not in LITELLM_CALLS:
                continue
            model = key.lower().removeprefix(prefix)
            if not key.lower().startswith(prefix) or ("/" in model and not keeps_slash(provider)):
                continue
            if not record.get("input_cost_per_token") or not record.get("output_cost_per_token"):
                continue  # a rate of 0 here means that nobody told it
            known = index.setdefault(provider, {})
            known[model] = {**known[model], **geo_of(record)} if model in known else record
    add_azure_zones(index.get("azure", {}))
    return index


def geo_of(record: Record) -> Record:
    """Take only what a record says of geographies: a model sold at two places has its regions at one of them."""
    return {key: record[key] for key in GEO_WORDS if key in record}


def add_azure_zones(records: dict[str, Record]) -> None:
    """Turn Azure's data zones, listed as models of their own (``eu/gpt-5.5``), into what each multiplies by."""
    for name in list(records):
        zone, slash, model = name.partition("/")
        if slash and zone in {"us", "eu", "apac"} and model in records:
            pairs = [(records[name].get(key), records[model].get(key)) for key in LITELLM_UNITS]
            ratios = [Fraction(str(mine)) / Fraction(str(base)) for mine, base in pairs if mine and base]
            if ratios and max(ratios) > 1:
                records[model] = {**records[model], f"zone_{zone}": max(ratios)}


def keeps_slash(provider: str) -> bool:
    """Tell whether a provider's own ids have slashes in them."""
    return provider in {"aws", "azure", "together", "fireworks", "groq", "perplexity", "mistral"}


# -- merging ------------------------------------------------------------------------------------------------------


def merged_levels(one: Levels, other: Levels) -> Levels:
    """Take the higher rate of each unit, at each size that either source knows."""
    if not one or not other:
        return dict(one or other)
    result: Levels = {}
    for above in sorted(one.keys() | other.keys()):
        left, right = held_at(one, above), held_at(other, above)
        result[above] = {
            unit: max(left.get(unit, 0), right.get(unit, 0)) for unit in sorted(left.keys() | right.keys())
        }
    return compact(result)


def held_at(levels: Levels, above: int) -> Rates:
    """Find the rates that hold from a size on."""
    return levels[max(start for start in levels if start <= above)]


def compact(levels: Levels) -> Levels:
    """Drop levels that change nothing."""
    result: Levels = {}
    for above in sorted(levels):
        if not result or levels[above] != result[max(result)]:
            result[above] = levels[above]
    return result


def completed_mode(mode: str, levels: Levels, standard: Levels, *, provider: str, model: str) -> Levels:
    """Give a mode what its source leaves out: rates of units and of sizes that only the standard mode names.

    Where discounts are known to stack, by the mode's own ratio; elsewhere by the standard rate or a higher one.
    """
    ratio = Fraction(held_at(levels, -1)["input"], held_at(standard, -1)["input"])
    halved = provider == "openai" and mode in {"batch", "flex"} and ratio < 1
    stacks = "claude" in model or halved or (mode in GEMINI_MODES and model.startswith("gemini"))
    factor = ratio if stacks else max(Fraction(1), ratio)
    result: Levels = {}
    for above in sorted(levels.keys() | standard.keys()):
        base, own = held_at(standard, above), held_at(levels, above)
        told_here = above in levels or len(levels) > 1
        rates: Rates = {}
        for unit, rate in base.items():
            scaled = rate if unit in FLAT else up(rate * (1 if caches_stay(mode, unit, model, base=own) else factor))
            if unit in own:
                rates[unit] = own[unit] if told_here or above == -1 else max(own[unit], scaled if stacks else rate)
            else:
                rates[unit] = scaled
        rates.update({unit: rate for unit, rate in own.items() if unit not in rates})
        result[above] = rates
    return compact(result)


def caches_stay(mode: str, unit: str, model: str, base: Rates) -> bool:
    """Tell whether a cheaper mode leaves cache reads at their standard price, where no source names theirs."""
    untold = unit.startswith("cache_read") and unit not in base
    return mode in {"flex", "batch"} and untold and "claude" not in model


def scaled_mode(standard: Levels, now_standard: Levels, now_mode: Levels) -> Levels:
    """Carry a mode over to another period: the same ratio to that period's standard rates."""
    result: Levels = {}
    base, own = held_at(now_standard, -1), held_at(now_mode, -1)
    for above, rates in standard.items():
        result[above] = {
            unit: up(rate * Fraction(own.get(unit, rate), base[unit])) if base.get(unit) and unit not in FLAT else rate
            for unit, rate in rates.items()
        }
    return result


def build(provider: str, name: str, model: genai.ModelInfo | None, record: Record | None, today: dt.date) -> Entry:
    """Make one model's entry from what each source knows of it."""
    periods = genai_periods(model) if model else []
    told = litellm_modes(record, provider) if record else {}
    sources = ({"genai"} if periods else set()) | ({"litellm"} if told else set())
    if not periods:
        periods = [Period(start=None, modes={"standard": {}})]
    now = max((i for i, p in enumerate(periods) if p.start is None or p.start <= today), default=0)
    for index, period in enumerate(periods):
        if index >= now and model:
            told_here = genai_modes(model, max(period.start or today, today))
            standard = period.modes["standard"]
            for mode, levels in told_here.items():
                # Today's are completed once LiteLLM's are merged in.
                full = completed_mode(mode, levels, standard, provider=provider, model=name)
                period.modes[mode] = levels if index == now else full
    merge_now(periods[now], told, provider=provider, name=name, record=record or {})
    for index, period in enumerate(periods):
        for mode, levels in periods[now].modes.items():
            if index != now and mode not in period.modes:
                period.modes[mode] = scaled_mode(period.modes["standard"], periods[now].modes["standard"], levels)
        if "claude" in name:
            add_claude_writes(period)
    periods = with_windows(periods, now, record, told.get("standard", {}), provider)
    return Entry(
        periods=periods,
        sources=sources,
        tokenizer=tokenizer(name),
        search_once=name.startswith("gemini") and not per_query(name, record or {}),
        max_output=whole((record or {}).get("max_output_tokens")),
        context=max(model.context_window or 0 if model else 0, whole((record or {}).get("max_input_tokens")) or 0)
        or None,
        geo=geography(provider, name, record or {}),
    )


def geography(provider: str, name: str, record: Record) -> dict[str, str]:
    """Read what geographies cost; on Anthropic every model since 4.6 has them, listed or not."""
    listed = litellm_geo(record)
    if provider == "anthropic" and claude_version(name) >= CLAUDE_GEO_SINCE:
        return CLAUDE_GEO | listed
    return listed


def whole(value: object) -> int | None:
    """Read a count that may be written as a float or as text."""
    return int(str(value).split(".")[0]) if value else None


def merge_now(period: Period, told: dict[str, Levels], *, provider: str, name: str, record: Record) -> None:
    """Merge LiteLLM's rates into the period that it speaks of, today's, and complete each mode."""
    standard = merged_levels(period.modes["standard"], told.get("standard", {}))
    modes = {"standard": standard}
    specific = record.get("provider_specific_entry")
    fast = Fraction(str(specific["fast"])) if isinstance(specific, dict) and "fast" in specific else None
    for mode in sorted((period.modes.keys() | told.keys()) - {"standard"}):
        listed = told.get(mode, {})
        if mode not in period.modes:
            listed = by_size(listed, told["standard"])
        levels = merged_levels(period.modes.get(mode, {}), listed)
        if levels[-1].get("input"):
            modes[mode] = completed_mode(mode, levels, standard, provider=provider, model=name)
    if fast:
        times = {
            above: {u: r if u in FLAT else up(r * fast) for u, r in rates.items()} for above, rates in standard.items()
        }
        modes["fast"] = merged_levels(modes.get("fast", {}), times)
    if provider == "google" and re.match(r"gemini-(?:2\.5|[3-9])", name):
        for mode, ratio in GEMINI_MODES.items():
            modes.setdefault(mode, gemini_mode(mode, ratio, standard))
    if provider == "x-ai":
        for rates in standard.values():
            rates.setdefault("web_search", XAI_SOURCE)
    period.modes = modes


def by_size(levels: Levels, standard: Levels) -> Levels:
    """Let a mode's rates grow with the input like the standard ones, where only those are told by size."""
    result = dict(levels)
    for above in sorted(standard.keys() - {-1}):
        base, large, own = standard[-1], standard[above], held_at(levels, -1)
        told = levels.get(above, {})
        result[above] = {
            unit: told[unit]
            if told.get(unit, rate) != rate
            else up(rate * Fraction(large[unit], base[unit]))
            if base.get(unit) and unit in large
            else rate
            for unit, rate in own.items()
        }
    return result


def gemini_mode(mode: str, ratio: Fraction, standard: Levels) -> Levels:
    """Scale Gemini's standard rates to a tier that both sources leave out."""
    return {
        above: {
            unit: rate if unit in FLAT or caches_stay(mode, unit, "gemini", base={}) else up(rate * ratio)
            for unit, rate in rates.items()
        }
        for above, rates in standard.items()
    }


def add_claude_writes(period: Period) -> None:
    """Add Claude's cache writes where a source forgot them: 1.25 x and 2 x the input, in each mode and level."""
    for levels in period.modes.values():
        for rates in levels.values():
            rates.setdefault("cache_write_5m", up(rates["input"] * Fraction(5, 4)))
            rates.setdefault("cache_write_1h", rates["input"] * 2)


def with_windows(periods: list[Period], now: int, record: Record | None, told: Levels, provider: str) -> list[Period]:
    """Lay LiteLLM's cheap hours over the current period, and date its weekends."""
    cheap = litellm_windows(record) if record else []
    current = periods[now]
    if not cheap:
        for window in current.windows:
            window.levels = merged_levels(window.levels, told)
        return periods
    peak = current.modes["standard"]
    lowest = cheap[0].levels
    for window in current.windows:
        # genai-prices lists the dear hours over a cheap day; LiteLLM the cheap ones of a dear day.
        peak = merged_levels(peak, window.levels)
    weekend = WEEKENDS_SINCE.get(provider)
    current.modes["standard"] = peak
    current.windows = [Window(days=window.days, hours=window.hours, levels=lowest) for window in cheap]
    if weekend and (current.start is None or current.start < weekend):
        hours = next(window.hours for window in cheap if 1 in window.days)
        daily = [Window(days=list(range(1, 8)), hours=hours, levels=lowest)]
        before = Period(start=current.start, modes=current.modes, windows=daily)
        later = Period(start=weekend, modes=current.modes, windows=current.windows)
        return [*periods[:now], before, later, *periods[now + 1 :]]
    return periods


def per_query(name: str, record: Record) -> bool:
    """Tell whether a Gemini model pays for each search query (from 3 on) or once a grounded prompt."""
    if record.get("web_search_billing_unit") == "per_query":
        return True
    found = re.match(r"gemini-(\d+)", name)
    return found is not None and int(found[1]) >= GEMINI_PER_QUERY_SINCE


def claude_version(name: str) -> tuple[int, int]:
    """Read a Claude model's version; one that is not in the name counts as the newest."""
    found = re.search(r"claude-(?:[a-z]+-)?(\d+)(?:[.-](\d{1,2})(?!\d))?", name)
    return (int(found[1]), int(found[2] or 0)) if found else (99, 0)


def tokenizer(name: str) -> str:
    """Name the class that input estimates go by."""
    if "claude" in name:
        return "claude-4.7" if claude_version(name) >= CLAUDE_TOKENIZER_SINCE else "claude"
    if re.search(r"(?:^|[./])(?:ft:)?(?:gpt-|chatgpt-|o[1345](?:-|$)|codex)", name):
        return "o200k"
    return "other"


# -- arithmetic ---------------------------------------------------------------------------------------------------


def picodollars(dollars: Decimal, per: int) -> int:
    """Turn a rate in dollars per so many units into whole picodollars a unit.

    A binary fraction's dust (1.0000000000000001e-07) is brushed off; a true fraction is rounded up.
    """
    exact = Fraction(dollars) * PICODOLLARS / per
    nearest = round(exact)
    return nearest if abs(exact - nearest) < Fraction(1, 1000) else up(exact)


def up(value: Fraction | int) -> int:
    """Round up to a whole number."""
    whole = Fraction(value)
    return -(-whole.numerator // whole.denominator)


# -- the table ----------------------------------------------------------------------------------------------------


def collect(data: Mapping[str, Record], today: dt.date) -> dict[str, object]:
    """Make all entries: ``provider:id`` to the entry, or to the id that it is another name of."""
    index = litellm_index(data)
    table: dict[str, object] = {}
    listed = {provider.id: provider.models for provider in genai_providers}
    for provider in sorted(listed.keys() | index.keys()):
        table.update(collect_provider(provider, listed.get(provider, []), index.get(provider, {}), today))
    return table


def collect_provider(
    provider: str, models: Sequence[genai.ModelInfo], records: Mapping[str, Record], today: dt.date
) -> dict[str, object]:
    """Make the entries of one provider."""
    names: dict[str, genai.ModelInfo] = {}
    for listed in models:
        names.setdefault(listed.id.lower(), listed)
    for listed in models:
        for literal in genai_literals(listed.match):
            names.setdefault(literal, listed)
    table: dict[str, object] = {}
    first: dict[str, str] = {}
    own = {listed.id.lower() for listed in models}
    for name in sorted(names.keys() | records.keys(), key=lambda name: (name not in own, len(name), name)):
        model = names.get(name) or like(provider, name, names)
        record = records.get(name) or like(provider, name, records) or (records.get(model.id) if model else None)
        if model is None and record is None:
            continue
        entry = as_json(build(provider, name, model, record, today))
        if entry is not None:
            same = first.setdefault(f"{model.id if model else name} {json.dumps(entry)}", name)
            add(table, provider, name, entry, same)
    return table


def like(provider: str, name: str, known: Mapping[str, Thing]) -> Thing | None:
    """Find what is the same model but for its date (on Bedrock: and its version and region)."""
    bare = bare_id(provider, name)
    if bare in known:
        return known[bare]
    for other in sorted(known, reverse=True):
        if bare_id(provider, other) == bare:
            return known[other]
    if provider == "aws" and not name.startswith("global."):
        plain = re.sub(r"^(?:[a-z-]+\.)?anthropic\.", "", bare)
        return known.get(plain) if plain != bare else None
    return None


def bare_id(provider: str, name: str) -> str:
    """Take off what may vary."""
    return undated(unversioned(name)) if provider == "aws" else undated(name)


def add(table: dict[str, object], provider: str, name: str, entry: dict[str, object], same: str) -> None:
    """Add an entry, unless the strict lookup finds the very same one; another name of ``same`` is just that."""
    bare = bare_id(provider, name)
    found = table.get(f"{provider}:{bare}") if bare != name else None
    if found == entry or (isinstance(found, str) and found == same):
        return
    table[f"{provider}:{name}"] = entry if same == name else same


def as_json(entry: Entry) -> dict[str, object] | None:
    """Write an entry in the table's form; None if it prices no input."""
    periods = [period for period in entry.periods if "input" in period.modes["standard"].get(-1, {})]
    if not periods:
        return None
    result: dict[str, object] = {"source": "+".join(sorted(entry.sources))}
    if entry.max_output:
        result["max_output"] = entry.max_output
    if entry.context:
        result["context"] = entry.context
    result["tokenizer"] = entry.tokenizer
    if entry.geo:
        result["geo"] = dict(sorted(entry.geo.items()))
    if entry.search_once:
        result["search_once"] = True
    result["periods"] = [period_json(period, first=period is periods[0]) for period in periods]
    return result


def period_json(period: Period, *, first: bool) -> dict[str, object]:
    """Write a period; the first one holds for all time before it, too."""
    result: dict[str, object] = {}
    if period.start and not first:
        result["from"] = period.start.isoformat()
    modes = sorted(period.modes, key=lambda mode: (mode != "standard", mode))
    result["modes"] = {mode: levels_json(period.modes[mode]) for mode in modes}
    if period.windows:
        result["windows"] = [
            {"days": w.days, "hours": w.hours, "levels": levels_json(w.levels)} for w in period.windows
        ]
    return result


def levels_json(levels: Levels) -> list[dict[str, int]]:
    """Write levels, the smallest first."""
    return [({} if above < 0 else {"above": above}) | dict(sorted(levels[above].items())) for above in sorted(levels)]


def render(table: Mapping[str, object], sources: Mapping[str, Mapping[str, str]]) -> str:
    """Write the file: one model a line, sorted, so that a change is a line."""
    lines = [
        f"{json.dumps(key)}: {json.dumps(table[key], separators=(',', ':'), ensure_ascii=False)}"
        for key in sorted(table)
    ]
    head = json.dumps({"format": 1, "sources": sources})
    return f'{head[:-1]},\n"models": {{\n' + ",\n".join(lines) + "\n}\n}\n"


# -- history ------------------------------------------------------------------------------------------------------

DEFINING = ("input", "output", "cache_read", "cache_write_5m")
"""The rates whose change is a new price; other differences are corrections of what was known."""


def with_history(old: object, new: object, today: dt.date) -> object:
    """Keep a price that changed without a date in either source: the old one until today, the new one from now on."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    before, after = old["periods"], new["periods"]
    if len(before) != len(after) or [p.get("from") for p in before] != [p.get("from") for p in after]:
        return with_kept_start(before, new, today)
    now = max((i for i, p in enumerate(after) if p.get("from", "") <= today.isoformat()), default=0)
    if defining(before[now]) == defining(after[now]) or after[now].get("from") == today.isoformat():
        return new
    changed = {"from": today.isoformat(), **{key: value for key, value in after[now].items() if key != "from"}}
    return {**new, "periods": [*after[:now], before[now], changed, *after[now + 1 :]]}


def with_kept_start(before: list[Record], new: dict[str, object], today: dt.date) -> object:
    """Keep periods that an earlier run dated, as long as the sources still know only of the last one."""
    after = new["periods"]
    dated = [period for period in before if str(period.get("from", "")) <= today.isoformat()]
    if not isinstance(after, list) or len(after) != 1 or len(dated) < 2:  # noqa: PLR2004 - an old one and a new one
        return new
    last = dated[-1]
    if defining(last) == defining(after[0]):
        return {**new, "periods": [*dated[:-1], {"from": last["from"], **after[0]}]}
    return {**new, "periods": [*dated, {"from": today.isoformat(), **after[0]}]}


def defining(period: Record) -> object:
    """Take what makes a period's price its own."""
    modes = period["modes"]
    levels = modes["standard"] if isinstance(modes, dict) else []
    return [[level.get("above")] + [level.get(unit) for unit in DEFINING] for level in levels]


# -- what changed -------------------------------------------------------------------------------------------------


def changes(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    """Describe how the table changed, a line a fact."""
    for key in sorted(old.keys() | new.keys()):
        if key not in old:
            yield f"+ {key}: {headline(new[key])}"
        elif key not in new:
            yield f"- {key}: {headline(old[key])}"
        elif old[key] != new[key]:
            before, after = dict(flat(old[key])), dict(flat(new[key]))
            for path in sorted(before.keys() | after.keys()):
                if before.get(path) != after.get(path):
                    yield f"~ {key} {path}: {before.get(path, 'none')} -> {after.get(path, 'none')}"


def headline(entry: object) -> str:
    """Say a model's price in a few words."""
    values = dict(flat(entry))
    last = {path.rpartition(".")[2]: value for path, value in values.items() if ".standard." in path}
    return ", ".join(f"{unit} ${last[unit]}/M" for unit in ("input", "output") if unit in last)


def flat(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Lay an entry out as paths and values; rates of tokens in dollars a million."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flat(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            label = (item.get("from") or item.get("above") or index) if isinstance(item, dict) else index
            yield from flat(item, f"{path}.{label}")
    else:
        rate = value if isinstance(value, int) and ".modes." in path and not path.endswith(".above") else None
        yield path, str(value) if rate is None else f"{rate / 10**6:g}"


def read_table(path: Path) -> tuple[dict[str, object], dict[str, dict[str, str]]]:
    """Read the table that is there; empty if there is none."""
    if not path.exists():
        return {}, {}
    document = json.loads(path.read_text(encoding="utf-8"))
    return document["models"], document["sources"]


# -- the command --------------------------------------------------------------------------------------------------


def litellm_from_pip(folder: Path) -> tuple[Path, str]:
    """Take LiteLLM's file out of its wheel, without installing it."""
    command = [sys.executable, "-m", "pip", "download", "litellm", "--no-deps", "--quiet", "--only-binary", ":all:"]
    subprocess.run([*command, "--dest", str(folder)], check=True)
    wheel = next(folder.glob("litellm-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        target = Path(archive.extract(LITELLM_FILE, folder))
    return target, wheel.name.split("-")[1]


def source(name: str, version: str, today: dt.date, before: Mapping[str, str] | None) -> dict[str, str]:
    """Describe a source; its date is the day on which this version was first taken over."""
    known = before is not None and before.get("version") == version
    return {"name": name, "version": version, "date": before["date"] if known and before else today.isoformat()}


def main() -> int:
    """Make the table and print what changed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--litellm", type=Path, help="LiteLLM's price file (default: out of the newest wheel)")
    parser.add_argument("--litellm-version", default="unknown", help="version of the file given with --litellm")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--date", type=dt.date.fromisoformat, default=dt.datetime.now(dt.UTC).date())
    options = parser.parse_args()
    old, old_sources = read_table(options.output)
    with tempfile.TemporaryDirectory() as folder:
        if options.litellm:
            path, version = options.litellm, options.litellm_version
        else:
            path, version = litellm_from_pip(Path(folder))
        data = json.loads(path.read_text(encoding="utf-8"))
    data.pop("sample_spec", None)
    sources = {
        "genai": source(
            "genai-prices", importlib.metadata.version("genai-prices"), options.date, old_sources.get("genai")
        ),
        "litellm": source("litellm", version, options.date, old_sources.get("litellm")),
    }
    made = json.loads(json.dumps(collect(data, options.date)))
    new = {key: with_history(old.get(key), entry, options.date) for key, entry in made.items()}
    options.output.write_text(render(new, sources), encoding="utf-8")
    told = list(changes(old, new))
    print("\n".join(told) if told else "No price changed.")
    print(f"{len(new)} models, {len(told)} changes.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
