"""Spend over time in a bounded number of points, taken in one pass of unknown length."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

MAX_POINTS: Final = 60
_STEPS: Final = (10, 50, 100, 500, 1_000, 5_000, 10_000, 30_000, 60_000)
"""Milliseconds a step, each a multiple of the one before; from a minute on it doubles and so stays whole minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendPoint:
    """What had been spent in total at a moment. ``milliseconds`` counts from the first call."""

    milliseconds: int
    picodollars: int


class SpendCurve:
    """Cumulative spend in equal steps of time. Each time the points run out, the steps get longer."""

    def __init__(self, most: int = MAX_POINTS) -> None:
        self._most = most
        self.step = _STEPS[0]
        """Milliseconds a step."""
        self._start: datetime | None = None
        self._totals: list[int] = []
        """The total at the end of each step."""

    def add(self, at: datetime, picodollars: int) -> None:
        """Count one call's cost. A clock that runs backwards does not lower the curve."""
        if self._start is None:
            self._start = at
        while (index := max((at - self._start) // timedelta(milliseconds=self.step), 0)) >= self._most:
            self._lengthen()
        index = max(index, len(self._totals) - 1)
        total = self._totals[-1] if self._totals else 0
        self._totals += [total] * (index + 1 - len(self._totals))
        self._totals[-1] += picodollars

    def _lengthen(self) -> None:
        longer = next((step for step in _STEPS if step > self.step), self.step * 2)
        factor = longer // self.step
        last = self._totals[-1:] if len(self._totals) % factor else []
        self._totals = self._totals[factor - 1 :: factor] + last
        self.step = longer

    def points(self) -> tuple[SpendPoint, ...]:
        """Return the curve, the ends of its steps in order."""
        return tuple(
            SpendPoint(milliseconds=(index + 1) * self.step, picodollars=total)
            for index, total in enumerate(self._totals)
        )
