"""The price table: which price holds for a model, and what a usage costs by it."""

import difflib
import fnmatch
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from functools import cache, lru_cache
from importlib import resources
from typing import Final, Self

from guardian_ci.model import Call, Cost, CostLine, Usage
from guardian_ci.pricing.bill import (
    UnderivableError,
    bill,
    ceiling_bill,
    dearest,
    total,
    worst_rates,
)
from guardian_ci.pricing.ids import provider_id, spellings, undated, unversioned
from guardian_ci.pricing.rates import (
    STANDARD,
    CustomPrice,
    Level,
    Levels,
    ModelPrice,
    Period,
    Rates,
    Window,
    WorstRates,
    ceil_of,
    complete,
    scale,
)

DEFAULT_PROVIDERS: Final = ("anthropic", "openai", "google", "x-ai", "deepseek", "mistral", "moonshotai", "zai", "groq")
"""Where a model is looked for whose provider nobody named, in this order."""
_RESELLS: Final[Mapping[str, tuple[str, ...]]] = {
    "azure": ("openai", "anthropic", "deepseek", "x-ai", "mistral", "moonshotai"),
    "google": ("anthropic",),
}
"""Whose list prices hold for models that a provider sells for another and no table prices apart."""
_ROUTERS: Final = frozenset({"openrouter"})
"""Providers that pass each call to the one that the model's prefix names."""


class PriceTable:
    """Prices of models by strict id. Custom prices come first; entries are decoded when they are asked for."""

    def __init__(self, text: str, custom: Sequence[CustomPrice] = ()) -> None:
        """Index the table's ``text``: a JSON object whose ``models`` stand one a line."""
        index = _indexed(text)
        self.sources = index.sources
        self._lines = index.lines
        self._owners = index.owners
        self._custom = tuple(custom)
        self._prices: dict[str, ModelPrice] = {}
        self._loose: dict[str, list[str]] | None = None
        self._ceilings: dict[tuple[str, date], ModelPrice] = {}

    @classmethod
    def load(cls, custom: Sequence[CustomPrice] = ()) -> Self:
        """Read the table that the package brings."""
        return cls(_packaged(), custom)

    @property
    def models(self) -> tuple[str, ...]:
        """All ids, each as ``provider:id``."""
        return tuple(self._lines)

    def find(self, model: str, *, provider: str | None, at: datetime, sold_as: str | None = None) -> ModelPrice | None:
        """Find the price of exactly that model; None if nobody names one.

        ``sold_as`` is what the provider itself calls it, where that is another id: it may have a price of its own.
        """
        found = (self._listed(sold_as, provider) if sold_as else None) or self._listed(model, provider)
        custom = self._custom_for(model, at) or (self._custom_for(sold_as, at) if sold_as else None)
        return found if custom is None else _customized(custom, model, found)

    def ceiling(self, provider: str | None, at: datetime) -> ModelPrice:
        """Price a model that nobody knows like the dearest of its provider, unit by unit."""
        owner = self._owner(provider) or ""
        key = (owner, at.date())
        if key not in self._ceilings:
            self._ceilings[key] = self._dearest(owner, at)
        return self._ceilings[key]

    def nearest(self, model: str) -> str | None:
        """Find the known id that looks most like ``model``, for an error message."""
        wanted = undated(list(spellings(model))[-1][1])
        entries = (key.partition(":") for key, line in self._lines.items() if not line.startswith('"'))
        names = sorted({name for owner, _, name in entries if owner in DEFAULT_PROVIDERS})
        close = difflib.get_close_matches(wanted, names, n=1, cutoff=0.6)
        return close[0] if close else None

    def cost(self, usage: Usage, price: ModelPrice, *, at: datetime, call: Call | None = None) -> Cost:
        """Price a usage; what cannot be derived is charged at its ceiling, and ``notes`` say so."""
        try:
            return self.derive(usage, price, at=at, geo=call.geo if call else None)
        except UnderivableError as problem:
            lines = self._ceiling_lines(usage, price, at)
            return Cost(
                picodollars=max(total(lines), usage.reported_picodollars or 0),
                source=price.source,
                as_of=price.as_of,
                lines=lines,
                notes={"ceiling": str(problem)},
            )

    def derive(self, usage: Usage, price: ModelPrice, *, at: datetime, geo: str | None = None) -> Cost:
        """Price a usage exactly, or raise ``UnderivableError``."""
        lines = self._bill(usage, price, at, geo)
        own = total(lines)
        if usage.reported_picodollars is None:
            return Cost(picodollars=own, source=price.source, as_of=price.as_of, lines=lines)
        return Cost(
            picodollars=usage.reported_picodollars,
            source=f"reported by {price.provider}",
            as_of=at.date().isoformat(),
            lines=lines,
            notes=_drift(own, usage.reported_picodollars, price),
        )

    def worst(self, price: ModelPrice, call: Call, *, at: datetime) -> WorstRates:
        """Bound what the call can cost, whatever the provider decides alone."""
        input_rate, output_rate, fixed = worst_rates(price, call, at=at)
        if any(tool.provider_executed and "advisor" in tool.canonical for tool in call.tools):
            top_in, top_out, top_fixed = worst_rates(self.ceiling(price.provider, at), call, at=at)
            input_rate, output_rate, fixed = max(input_rate, top_in), max(output_rate, top_out), max(fixed, top_fixed)
        return WorstRates(input_rate=input_rate, output_rate=output_rate, fixed=fixed)

    # -- billing ------------------------------------------------------------------------------------------------

    def _bill(self, usage: Usage, price: ModelPrice, at: datetime, geo: str | None) -> tuple[CostLine, ...]:
        """Bill the top level or its parts, each at its own model, whichever is more."""
        top = bill(price, usage, at=at, geo=geo)
        if not usage.parts:
            return top
        beside = Usage(web_searches=usage.web_searches, file_searches=usage.file_searches)
        lines = [*bill(price, beside, at=at, geo=geo)]
        for part in usage.parts:
            own, label = self._price_of_part(part, usage, price, at)
            lines += [_labelled(line, label) for line in bill(own, part, at=at, geo=geo)]
        return tuple(lines) if total(lines) > total(top) else top

    def _price_of_part(self, part: Usage, usage: Usage, price: ModelPrice, at: datetime) -> tuple[ModelPrice, str]:
        if part.model is None or part.model == usage.model:
            return price, ""
        found = self.find(part.model, provider=price.provider, at=at)
        if found is None:
            raise UnderivableError(f"no price is known for the model {part.model!r} of an iteration")
        return found, part.model

    def _ceiling_lines(self, usage: Usage, price: ModelPrice, at: datetime) -> tuple[CostLine, ...]:
        top = ceiling_bill(price, usage, at=at)
        parts: list[CostLine] = []
        for part in usage.parts:
            own = price
            if part.model is not None and part.model != usage.model:
                own = self.find(part.model, provider=price.provider, at=at) or self.ceiling(price.provider, at)
            parts += ceiling_bill(own, part, at=at)
        return tuple(parts) if total(parts) > total(top) else top

    # -- finding ------------------------------------------------------------------------------------------------

    def _custom_for(self, model: str, at: datetime) -> CustomPrice | None:
        """Choose the policy's price: an exact id before globs, the latest that is in force."""
        names = [name for _, name in spellings(model)]
        names += [undated(name) for name in names]
        in_force = [c for c in self._custom if c.effective_from is None or c.effective_from <= at.date()]
        exact = [c for c in in_force if c.pattern.lower() in names]
        globs = [c for c in in_force if any(fnmatch.fnmatchcase(name, c.pattern.lower()) for name in names)]
        chosen = exact or [c for c in globs if c.pattern == globs[0].pattern]
        return max(chosen, key=lambda c: c.effective_from or date.min, default=None)

    def _listed(self, model: str, provider: str | None) -> ModelPrice | None:
        known = self._owner(provider)
        for named, name in spellings(model):
            for owner in _owners_to_ask(known, named):
                key = self._key(owner, name)
                if key is not None:
                    return self._price(key)
        return None

    def _owner(self, provider: str | None) -> str | None:
        """Find the provider that a name means, if the table knows it."""
        name = provider_id(provider) if provider else ""
        return name if name in self._owners else None

    def _key(self, owner: str, name: str) -> str | None:
        """Find the entry of ``owner`` that is ``name`` but for a date or ``-latest``."""
        exact = f"{owner}:{name}"
        if exact in self._lines:
            return exact
        bare = _bare(owner, name)
        if bare != name and f"{owner}:{bare}" in self._lines:
            return f"{owner}:{bare}"
        if self._loose is None:
            self._loose = {}
            for key in self._lines:
                who, _, listed = key.partition(":")
                self._loose.setdefault(f"{who}:{_bare(who, listed)}", []).append(key)
        candidates = self._loose.get(f"{owner}:{bare}", [])
        return max(candidates, key=self._weight, default=None)

    def _weight(self, key: str) -> int:
        """Weigh entries that differ by their date only: the dearest is meant."""
        rates = self._price(key).periods[-1].modes[STANDARD][-1].rates
        return rates["input"] + rates["output"]

    def _price(self, key: str) -> ModelPrice:
        if key not in self._prices:
            owner, _, name = key.partition(":")
            entry = json.loads(self._lines[key])
            self._prices[key] = (
                self._price(f"{owner}:{entry}") if isinstance(entry, str) else _decode(owner, name, entry, self.sources)
            )
        return self._prices[key]

    def _dearest(self, owner: str, at: datetime) -> ModelPrice:
        keys = [key for key in self._lines if not owner or key.startswith(f"{owner}:")]
        if not owner:
            keys = [key for key in keys if key.partition(":")[0] in DEFAULT_PROVIDERS]
        rates: dict[str, list[Rates]] = {}
        for key in keys:
            price = self._price(key)
            period = price.period(at)
            for mode, levels in period.modes.items():
                rates.setdefault(mode, []).extend(level.rates for level in levels)
        standard = dearest(rates[STANDARD])
        modes = {mode: (Level(above=-1, rates={**standard, **dearest(found)}),) for mode, found in rates.items()}
        factor = max((f for key in keys for f in self._price(key).geo.values()), default=Fraction(1))
        whose = owner or "any provider"
        return ModelPrice(
            model=f"dearest of {whose}",
            provider=owner or "unknown",
            source=f"ceiling: the dearest known rates of {whose}",
            as_of=max(source["date"] for source in self.sources.values()),
            periods=(Period(start=None, modes=modes),),
            geo={"dearest": factor} if factor > 1 else {},
        )


def _owners_to_ask(known: str | None, named: str | None) -> tuple[str, ...]:
    """Whose prices may hold, given the provider that is called and the one that the id names."""
    if known is None:
        return (named,) if named else DEFAULT_PROVIDERS
    if named is None or named == known:
        return (known, *_RESELLS.get(known, ()))
    if known in _ROUTERS or named in _RESELLS.get(known, ()):
        return (named,)
    return ()


def _bare(owner: str, name: str) -> str:
    return undated(unversioned(name)) if owner == "aws" else undated(name)


def _labelled(line: CostLine, label: str) -> CostLine:
    return replace(line, unit=f"{line.unit} ({label})") if label else line


def _drift(own: int, reported: int, price: ModelPrice) -> dict[str, str]:
    if own == reported:
        return {}
    return {
        "drift": f"{price.provider} reports {reported} picodollars, {price.source} gives {own}",
        "drift_picodollars": str(reported - own),
    }


def _customized(custom: CustomPrice, model: str, found: ModelPrice | None) -> ModelPrice | None:
    """Lay the policy's price over the table's; the model's limits stay the table's."""
    base = found or ModelPrice(model=model, provider="policy", source="", as_of="", periods=())
    as_of = custom.effective_from.isoformat() if custom.effective_from else (base.as_of or "undated")
    if custom.input is None and custom.output is None:
        if found is None:
            return None
        periods = tuple(
            replace(
                period,
                modes={mode: scale(levels, custom.multiplier) for mode, levels in period.modes.items()},
                windows=tuple(replace(w, levels=scale(w.levels, custom.multiplier)) for w in period.windows),
            )
            for period in found.periods
        )
        source = f"{found.source} x {custom.multiplier} by {custom.source}"
        return replace(found, periods=periods, source=source, as_of=as_of)
    levels = _custom_levels(custom)
    if custom.free:
        levels = tuple(replace(level, rates=dict.fromkeys(level.rates, 0)) for level in levels)
    period = Period(start=None, modes={STANDARD: levels})
    return replace(base, periods=(period,), source=custom.source, as_of=as_of, geo={}, custom=True)


def _custom_levels(custom: CustomPrice) -> Levels:
    named = {
        "input": custom.input if custom.input is not None else custom.output,
        "output": custom.output if custom.output is not None else custom.input,
        "cache_read": custom.cache_read,
        "cache_write_5m": custom.cache_write,
        "cache_write_1h": custom.cache_write_1h,
    }
    base = {unit: rate for unit, rate in named.items() if rate is not None}
    levels = [Level(above=-1, rates=complete(_dear_writes(base)))]
    for tier in sorted(custom.tiers, key=lambda tier: tier.above):
        own = {
            "input": tier.input,
            "output": tier.output,
            "cache_read": tier.cache_read,
            "cache_write_5m": tier.cache_write,
            "cache_write_1h": tier.cache_write_1h,
        }
        base = {**base, **{unit: rate for unit, rate in own.items() if rate is not None}}
        levels.append(Level(above=tier.above, rates=complete(_dear_writes(base))))
    return scale(tuple(levels), custom.multiplier)


def _dear_writes(rates: Rates) -> dict[str, int]:
    """Add cache writes at what they cost at most anywhere, where a policy names none."""
    plain = rates["input"]
    return {"cache_write_5m": ceil_of(Fraction(plain) * 5 / 4), "cache_write_1h": 2 * plain, **rates}


# -- the table's text ---------------------------------------------------------------------------------------------


@cache
def digest() -> str:
    """Name the packaged table by its content, so that a log can say which prices it was decided by."""
    return hashlib.sha256(_packaged().encode()).hexdigest()[:16]


@cache
def _packaged() -> str:
    return resources.files("guardian_ci.pricing").joinpath("data/prices.json").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    """A table's head, its models' undecoded lines, and the providers that they belong to."""

    sources: Mapping[str, Mapping[str, str]]
    lines: Mapping[str, str]
    owners: frozenset[str]


@lru_cache(maxsize=4)
def _indexed(text: str) -> _Index:
    """Part a table into its head and its lines, without decoding the models."""
    head, _, body = text.partition('\n"models": {\n')
    lines: dict[str, str] = {}
    for line in body.split("\n"):
        if line.startswith('"'):
            key, _, value = line.partition('": ')
            lines[key[1:]] = value.rstrip(",")
    owners = frozenset(key[: key.index(":")] for key in lines)
    return _Index(sources=json.loads(head.rstrip(",") + "}")["sources"], lines=lines, owners=owners)


_Entry = Mapping[str, object]


def _decode(owner: str, name: str, entry: _Entry, sources: Mapping[str, Mapping[str, str]]) -> ModelPrice:
    listed = str(entry["source"]).split("+")
    return ModelPrice(
        model=name,
        provider=owner,
        source=", ".join(f"{sources[one]['name']} {sources[one]['version']}" for one in listed),
        as_of=max(sources[one]["date"] for one in listed),
        periods=tuple(_period(period) for period in _list(entry["periods"])),
        max_output_tokens=_maybe_int(entry.get("max_output")),
        context_tokens=_maybe_int(entry.get("context")),
        tokenizer=str(entry.get("tokenizer", "unknown")),
        geo={place: Fraction(str(factor)) for place, factor in _dict(entry.get("geo", {})).items()},
        search_once=bool(entry.get("search_once")),
    )


def _period(entry: _Entry) -> Period:
    start = entry.get("from")
    modes = {mode: _levels(levels) for mode, levels in _dict(entry["modes"]).items()}
    windows = tuple(
        Window(
            days=frozenset(int(str(day)) for day in _sequence(window["days"])),
            minutes=tuple(_minutes(hours) for hours in _sequence(window["hours"])),
            levels=_levels(window["levels"]),
        )
        for window in _list(entry.get("windows", []))
    )
    return Period(start=date.fromisoformat(str(start)) if start else None, modes=modes, windows=windows)


def _levels(entry: object) -> Levels:
    """Decode ``{"rates": …}`` levels: the first holds for every size, each later one from ``above`` on."""
    return tuple(
        Level(
            above=-1 if level.get("above") is None else int(str(level["above"])),
            rates=complete({unit: int(str(rate)) for unit, rate in level.items() if unit != "above"}),
        )
        for level in _list(entry)
    )


def _minutes(hours: object) -> tuple[int, int]:
    start, _, end = str(hours).partition("-")
    return _minute(start), _minute(end) or 24 * 60


def _minute(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)


def _maybe_int(value: object) -> int | None:
    return int(str(value)) if value is not None else None


def _dict(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []


def _list(value: object) -> list[_Entry]:
    return [item for item in _sequence(value) if isinstance(item, Mapping)]
