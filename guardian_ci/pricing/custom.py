"""A policy's prices as the price table takes them."""

from collections.abc import Iterable
from datetime import date

from guardian_ci.policy.settings import PriceEntry
from guardian_ci.pricing.rates import CustomPrice, CustomTier


def custom_prices(entries: Iterable[PriceEntry]) -> tuple[CustomPrice, ...]:
    """Translate ``prices`` of a policy; the place that each stands at becomes its source."""
    return tuple(_custom(entry) for entry in entries)


def _custom(entry: PriceEntry) -> CustomPrice:
    tiers = tuple(
        CustomTier(
            above=tier.above,
            input=tier.input,
            output=tier.output,
            cache_read=tier.cache_read,
            cache_write=tier.cache_write,
        )
        for tier in entry.tiers
    )
    return CustomPrice(
        pattern=entry.pattern,
        input=entry.input,
        output=entry.output,
        cache_read=entry.cache_read,
        cache_write=entry.cache_write,
        cache_write_1h=entry.cache_write_1h,
        multiplier=entry.multiplier,
        effective_from=date.fromisoformat(entry.effective_from) if entry.effective_from else None,
        tiers=tiers,
        source=f"{entry.place.file}:{entry.place.line}" if entry.place else "the policy",
    )
