"""A policy's prices reach the table as they were written."""

from datetime import date
from fractions import Fraction

from guardian_ci.policy import load_policy
from guardian_ci.pricing import CustomPrice, CustomTier
from guardian_ci.pricing.custom import custom_prices

POLICY = """
prices:
  my-model:
    input: 1.25
    output: 10
    cache_read: 0.125
    cache_write: 1.5
    cache_write_1h: 2.5
    effective_from: "2026-11-01"
    multiplier: 0.8
    tiers: [{above: 200000, input: 2.5, output: 15}]
  cheap-*:
    input: 0.1
    output: 0.2
"""


def test_prices_per_million_become_picodollars_a_token_with_their_place() -> None:
    prices = custom_prices(load_policy(POLICY, "guardian.yml").for_session("").prices)
    assert prices == (
        CustomPrice(
            pattern="my-model",
            input=1_250_000,
            output=10_000_000,
            cache_read=125_000,
            cache_write=1_500_000,
            cache_write_1h=2_500_000,
            effective_from=date(2026, 11, 1),
            multiplier=Fraction(4, 5),
            tiers=(CustomTier(above=200_000, input=2_500_000, output=15_000_000),),
            source="guardian.yml:3",
        ),
        CustomPrice(pattern="cheap-*", input=100_000, output=200_000, source="guardian.yml:12"),
    )
