"""Spend over time fits into sixty points, whatever the length of the run."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.audit.spend import MAX_POINTS, SpendCurve

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CALLS = st.lists(st.tuples(st.integers(0, 200_000), st.integers(0, 10**12)), max_size=80)


def curve(calls: list[tuple[int, int]]) -> SpendCurve:
    made = SpendCurve()
    for seconds, picodollars in calls:
        made.add(NOON + timedelta(seconds=seconds), picodollars)
    return made


def test_no_call_is_no_point() -> None:
    assert SpendCurve().points() == ()


def test_a_short_run_has_short_steps() -> None:
    points = curve([(0, 5), (2, 3)]).points()
    assert [point.milliseconds for point in points] == list(range(50, 2_100, 50))
    assert [point.picodollars for point in points] == [5] * 40 + [8]


def test_a_run_of_more_than_a_minute_has_longer_steps() -> None:
    points = curve([(0, 1), (59, 1), (60, 1)]).points()
    assert [point.milliseconds for point in points] == list(range(5_000, 70_000, 5_000))
    assert [point.picodollars for point in points] == [1] * 11 + [2, 3]


@given(CALLS)
def test_the_points_are_few_rise_and_end_at_the_total(calls: list[tuple[int, int]]) -> None:
    points = curve(calls).points()
    totals = [point.picodollars for point in points]
    assert len(points) <= MAX_POINTS
    assert totals == sorted(totals)
    assert totals[-1:] == ([sum(cost for _, cost in calls)] if calls else [])


@given(CALLS)
def test_steps_are_equal_and_whole_minutes_from_a_minute_on(calls: list[tuple[int, int]]) -> None:
    points = curve(calls).points()
    step = points[0].milliseconds if points else 1
    assert [point.milliseconds for point in points] == [step * (index + 1) for index in range(len(points))]
    assert step < 60_000 or step % 60_000 == 0


@given(st.lists(st.tuples(st.integers(0, 200_000), st.integers(0, 10**12)), min_size=1, max_size=40))
def test_each_point_is_the_total_of_the_calls_up_to_it(calls: list[tuple[int, int]]) -> None:
    calls = [(0, 0), *sorted(calls)]
    for point in curve(calls).points():
        assert point.picodollars == sum(cost for seconds, cost in calls if 1_000 * seconds < point.milliseconds)
