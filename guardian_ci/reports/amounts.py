"""How money, counts and shares are written in every report."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from guardian_ci.model import PICODOLLARS

_CENT: Final = Decimal("0.01")
_FINE: Final = Decimal("0.0001")
_FINEST: Final = Decimal("0.000001")
_BAR_CELLS: Final = 20


def dollars(picodollars: int) -> str:
    """Write money: cents from a dollar on, finer below, so that a small sum never reads as nothing."""
    amount = Decimal(picodollars) / PICODOLLARS
    coarse = picodollars == 0 or amount >= 1
    step = _CENT if coarse else _FINE if amount >= _CENT else _FINEST
    rounded = amount.quantize(step, ROUND_HALF_UP)
    return f"${rounded:,}" if rounded or not picodollars else f"<${step}"


def decimal(picodollars: int) -> str:
    """Write money as a plain decimal number, exactly."""
    return f"{Decimal(picodollars) / PICODOLLARS:f}"


def limit(picodollars: int) -> str:
    """Write a limit as a policy would: exactly, with cents at least."""
    amount = (Decimal(picodollars) / PICODOLLARS).normalize()
    return f"${max(amount.quantize(_CENT), amount, key=lambda one: -int(one.as_tuple().exponent)):,f}"


def count(number: int, singular: str, plural: str | None = None) -> str:
    """Write a number with its noun."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def share(part: int, whole: int) -> str:
    """Write a share in per cent; never 0 % or 100 % where that is not so."""
    if whole <= 0:
        return "100 %"
    percent = Decimal(100 * part) / whole
    if 0 < percent < 1:
        return "<1 %"
    if part < whole and percent > 99:  # noqa: PLR2004 -- rounds to a hundred
        return "99 %"
    return f"{percent.quantize(Decimal(1), ROUND_HALF_UP):,} %"


def bar(part: int, whole: int, *, full: str = "█", empty: str = "░") -> str:
    """Draw a share; the first cell fills with the first spend, the last only once the whole is spent."""
    if whole <= 0:
        return full * _BAR_CELLS
    filled = min(max(part * _BAR_CELLS // whole, part > 0), _BAR_CELLS)
    return full * filled + empty * (_BAR_CELLS - filled)
