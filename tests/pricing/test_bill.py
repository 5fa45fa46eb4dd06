"""A bill has one line a unit, and its sum is the cost."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.model import CostLine, Usage
from guardian_ci.pricing import ModelPrice, PriceTable, UnderivableError
from guardian_ci.pricing.bill import bill, ceiling_bill, dearest, geo_factor, mode_of, total

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
PACKAGED = PriceTable.load()


def price_of(table: PriceTable, model: str) -> ModelPrice:
    price = table.find(model, provider=None, at=AT)
    assert price is not None
    return price


def test_a_line_is_written_for_each_unit_that_was_used(table: PriceTable) -> None:
    usage = Usage(input_tokens=10, cache_read_tokens=20, cache_write_1h_tokens=30, output_tokens=40, web_searches=2)
    lines = bill(price_of(table, "claude-one"), usage, at=AT)
    assert lines == (
        CostLine(unit="input", quantity=10, rate=1000),
        CostLine(unit="cache_read", quantity=20, rate=100),
        CostLine(unit="cache_write_1h", quantity=30, rate=2000),
        CostLine(unit="output", quantity=40, rate=5000),
        CostLine(unit="web_search", quantity=2, rate=7),
    )
    assert total(lines) == 10_000 + 2_000 + 60_000 + 200_000 + 14


def test_reasoning_has_a_line_of_its_own_only_where_it_has_a_price_of_its_own(table: PriceTable) -> None:
    usage = Usage(output_tokens=10, reasoning_tokens=4)
    assert [(line.unit, line.quantity) for line in bill(price_of(table, "gpt-one"), usage, at=AT)] == [("output", 10)]
    assert [(line.unit, line.quantity) for line in bill(price_of(table, "gpt-thinks"), usage, at=AT)] == [
        ("output", 6),
        ("reasoning", 4),
        ("request", 1),
    ]


@pytest.mark.parametrize(("tokens", "rate"), [(200_000, 1000), (200_001, 2000)])
def test_the_level_holds_for_the_whole_call(table: PriceTable, tokens: int, rate: int) -> None:
    usage = Usage(input_tokens=1, cache_read_tokens=tokens - 1)
    assert bill(price_of(table, "claude-one"), usage, at=AT)[0].rate == rate


def test_a_geography_multiplies_tokens_and_no_searches(table: PriceTable) -> None:
    usage = Usage(input_tokens=1, web_searches=1, geo="us")
    assert [line.rate for line in bill(price_of(table, "claude-one"), usage, at=AT)] == [1100, 7]


@pytest.mark.parametrize(
    ("geo", "factor"), [(None, 1), ("", 1), ("global", 1), ("GLOBAL", 1), ("eu", 1.1), ("atlantis", 1.1)]
)
def test_a_region_that_nobody_lists_counts_as_the_dearest(table: PriceTable, geo: str | None, factor: float) -> None:
    assert float(geo_factor(price_of(table, "gpt-one"), geo)) == factor


@pytest.mark.parametrize(
    ("model", "tier", "speed", "mode"),
    [
        ("gpt-one", None, None, "standard"),
        ("gpt-one", "default", None, "standard"),
        ("gpt-one", "Priority", None, "priority"),
        ("gpt-one", "fast", None, "priority"),
        ("gpt-one", None, "fast", "priority"),
        ("claude-one", "standard", "fast", "fast"),
        ("claude-one", "batch", "standard", "batch"),
    ],
)
def test_a_tiers_words(table: PriceTable, model: str, tier: str | None, speed: str | None, mode: str) -> None:
    price = price_of(table, model)
    assert mode_of(price, price.modes(AT), tier, speed) == mode


@pytest.mark.parametrize(
    ("model", "tier", "speed"),
    [("gpt-one", "scale", None), ("claude-one", "priority", None), ("claude-one", "batch", "fast")],
)
def test_a_tier_without_a_known_price_is_not_guessed(
    table: PriceTable, model: str, tier: str, speed: str | None
) -> None:
    price = price_of(table, model)
    with pytest.raises(UnderivableError, match=tier):
        mode_of(price, price.modes(AT), tier, speed)


def test_searches_are_paid_once_where_the_prompt_is_what_is_billed(table: PriceTable) -> None:
    lines = bill(price_of(table, "gemini-one"), Usage(web_searches=5), at=AT)
    assert lines == (CostLine(unit="web_search", quantity=1, rate=9),)


def test_the_dearest_rates_are_the_highest_unit_by_unit() -> None:
    assert dearest([{"input": 1, "output": 9}, {"input": 2, "output": 8, "request": 1}]) == {
        "input": 2,
        "output": 9,
        "request": 1,
    }


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from([None, "batch"]), st.sampled_from([None, "us"]))
def test_a_ceiling_is_never_below_the_bill(read: int, output: int, tier: str | None, geo: str | None) -> None:
    price = price_of(PACKAGED, "claude-haiku-5-5")
    usage = Usage(cache_read_tokens=read, output_tokens=output, service_tier=tier, geo=geo)
    assert total(ceiling_bill(price, usage, at=AT)) >= total(bill(price, usage, at=AT))


@given(st.lists(st.integers(0, 10**9), min_size=5, max_size=5))
def test_a_sum_of_usages_costs_the_sum_of_their_bills_within_a_level(counts: list[int]) -> None:
    price = price_of(PACKAGED, "claude-opus-5-5")
    names = ("input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens")
    whole = Usage()
    apart = 0
    for name, count in zip(names, counts, strict=True):
        whole = replace(whole, **{name: count})  # type: ignore[arg-type]
        apart += total(bill(price, replace(Usage(), **{name: count}), at=AT))  # type: ignore[arg-type]
    assert total(bill(price, whole, at=AT)) == apart
