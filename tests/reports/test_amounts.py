"""Money and shares are written so that a small sum never reads as nothing and a part never as the whole."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.model import PICODOLLARS
from guardian_ci.reports.amounts import bar, count, decimal, dollars, limit, share


@pytest.mark.parametrize(
    ("picodollars", "written"),
    [
        (0, "$0.00"),
        (1, "<$0.000001"),
        (1_500_000, "$0.000002"),
        (PICODOLLARS // 1_000, "$0.001000"),
        (PICODOLLARS // 8, "$0.1250"),
        (PICODOLLARS, "$1.00"),
        (1_234_567 * PICODOLLARS, "$1,234,567.00"),
    ],
)
def test_money(picodollars: int, written: str) -> None:
    assert dollars(picodollars) == written


@pytest.mark.parametrize(
    ("picodollars", "written"),
    [(0, "$0.00"), (5 * PICODOLLARS, "$5.00"), (PICODOLLARS // 8, "$0.125"), (1, "$0.000000000001")],
)
def test_a_limit_is_written_as_the_policy_says_it(picodollars: int, written: str) -> None:
    assert limit(picodollars) == written


@given(st.integers(0, 10**20))
def test_a_decimal_is_exact_and_has_no_exponent(picodollars: int) -> None:
    text = decimal(picodollars)
    assert Decimal(text) * PICODOLLARS == picodollars
    assert set(text) <= set("0123456789.")


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_a_share_is_zero_only_of_nothing_and_whole_only_of_all(part: int, whole: int) -> None:
    written = share(part, whole)
    assert (written == "0 %") == (part == 0 < whole)
    if part < whole:
        assert written != "100 %"


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_a_bar_is_empty_only_of_nothing_and_full_only_of_all(part: int, whole: int) -> None:
    drawn = bar(part, whole)
    assert (drawn == "░" * 20) == (part == 0 < whole)
    assert len(drawn) == 20
    assert (drawn == "█" * 20) == (part >= whole)


def test_a_number_agrees_with_its_noun() -> None:
    assert [count(number, "call") for number in (0, 1, 2_000)] == ["0 calls", "1 call", "2,000 calls"]
