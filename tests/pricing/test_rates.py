"""Rates are whole picodollars, levels hold for whole calls, periods begin on their day in UTC."""

from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.pricing.rates import Level, ModelPrice, Period, Window, ceil_of, complete, per_million, scale


@pytest.mark.parametrize(
    ("dollars", "rate"),
    [("4", 4_000_000), ("0.003625", 3625), ("37.5", 37_500_000), ("0", 0), ("0.0000001", 1), (Fraction(1, 3), 333_334)],
)
def test_dollars_a_million_become_picodollars_a_token(dollars: str | Fraction, rate: int) -> None:
    assert per_million(dollars) == rate


@given(st.fractions(min_value=0))
def test_rounding_never_goes_down(value: Fraction) -> None:
    assert 0 <= ceil_of(value) - value < 1


def test_a_multiplier_leaves_searches_alone() -> None:
    levels = (Level(above=-1, rates={"input": 3625, "web_search": 10, "request": 5}),)
    assert scale(levels, Fraction(11, 10))[0].rates == {"input": 3988, "web_search": 10, "request": 5}


@pytest.mark.parametrize(
    ("told", "unit", "rate"),
    [
        ({}, "cache_read", 10),
        ({}, "cache_write_5m", 10),
        ({}, "cache_write_12h", 10),
        ({"cache_write_5m": 12}, "cache_write_1h", 12),
        ({"cache_write_5m": 12}, "cache_write_12h", 24),
        ({"cache_write_5m": 12, "cache_write_12h": 30}, "cache_write_12h", 30),
        ({}, "input_audio", 10),
        ({"input_audio": 40}, "cache_read_audio", 40),
        ({}, "input_image", 10),
        ({}, "output", 10),
        ({"output": 50}, "reasoning", 50),
        ({"output": 50}, "output_audio", 50),
        ({"output": 50}, "output_image", 50),
        ({}, "web_search", 10_000_000_000),
    ],
)
def test_what_a_source_leaves_out_costs_what_it_falls_back_to_and_never_nothing(
    told: dict[str, int], unit: str, rate: int
) -> None:
    assert complete({"input": 10, **told})[unit] == rate


def model(*periods: Period) -> ModelPrice:
    return ModelPrice(model="m", provider="p", source="s", as_of="2026-01-01", periods=periods)


def rates(price: ModelPrice, at: datetime) -> int:
    return price.modes(at)["standard"][0].rates["input"]


def level(rate: int) -> tuple[Level, ...]:
    return (Level(above=-1, rates={"input": rate}),)


def test_a_price_begins_at_midnight_of_its_day_in_utc() -> None:
    price = model(
        Period(start=None, modes={"standard": level(1)}),
        Period(start=date(2026, 3, 13), modes={"standard": level(2)}),
    )
    midnight = datetime(2026, 3, 13, tzinfo=UTC)
    assert rates(price, midnight - timedelta(seconds=1)) == 1
    assert rates(price, midnight) == 2
    assert rates(price, midnight.replace(tzinfo=None)) == 2
    assert rates(price, datetime(2026, 3, 12, 20, tzinfo=timezone(timedelta(hours=-5)))) == 2


def test_before_all_known_history_the_oldest_price_holds() -> None:
    price = model(Period(start=date(2026, 3, 13), modes={"standard": level(2)}))
    assert rates(price, datetime(2020, 1, 1, tzinfo=UTC)) == 2


@pytest.mark.parametrize(
    ("at", "rate"),
    [
        (datetime(2026, 11, 20, 0, 59, tzinfo=UTC), 1),
        (datetime(2026, 11, 20, 1, 0, tzinfo=UTC), 9),
        (datetime(2026, 11, 20, 23, 59, tzinfo=UTC), 1),
        (datetime(2026, 11, 21, 2, 0, tzinfo=UTC), 9),
        (datetime(2026, 11, 20, 2, 0, tzinfo=timezone(timedelta(hours=8))), 1),
    ],
)
def test_a_window_is_open_in_its_hours_of_its_days(at: datetime, rate: int) -> None:
    window = Window(days=frozenset({1, 2, 3, 4, 5}), minutes=((0, 60), (600, 1440)), levels=level(1))
    price = model(Period(start=None, modes={"standard": level(9)}, windows=(window,)))
    assert rates(price, at) == rate
