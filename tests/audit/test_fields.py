"""A field of the wrong type reads as if it were missing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.audit import fields as read

HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


@given(HOSTILE)
def test_no_value_makes_reading_fail(value: object) -> None:
    fields = {"x": value, "x_usd": value, "x_picodollars": value}
    assert isinstance(read.text(fields, "x"), str | None)
    assert isinstance(read.moment(fields, "x"), datetime | None)
    assert all(isinstance(row, dict) for row in read.rows(fields, "x"))
    assert all(isinstance(text, str) for text in read.texts(fields, "x"))
    assert read.inner(fields, "x") is value or read.inner(fields, "x") == {}
    for number in (read.whole(fields, "x"), read.picodollars(fields, "x")):
        assert number is None or 0 <= number < 10**24


@pytest.mark.parametrize(
    ("fields", "picodollars"),
    [
        ({"cost_picodollars": 7, "cost_usd": 1}, 7),
        ({"cost_usd": 0.1}, 100_000_000_000),
        ({"cost_usd": 5}, 5_000_000_000_000),
        ({"cost_usd": None}, None),
        ({"cost_usd": True}, None),
        ({"cost_usd": -1}, None),
        ({"cost_usd": float("inf")}, None),
        ({"cost_usd": float("nan")}, None),
        ({}, None),
    ],
)
def test_money_is_exact_where_the_line_is_and_else_what_the_dollars_say(
    fields: dict[str, object], picodollars: int | None
) -> None:
    assert read.picodollars(fields, "cost") == picodollars


def test_a_moment_needs_its_time_zone() -> None:
    assert read.moment({"at": "2026-11-22T12:00:00.000Z"}, "at") == datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert read.moment({"at": "2026-11-22T12:00:00"}, "at") is None
