"""Reads the fields of a record without trusting them: a log may have been changed, and a summary must still come out.

A field of the wrong type reads as if it were missing; that the line was changed is the chain's to say.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from guardian_ci.model import PICODOLLARS

Fields = Mapping[str, object]

_MOST: Final = 10**24
"""No sum of money or tokens is larger; a larger number in a log was put there to make trouble."""


def text(fields: Fields, name: str) -> str | None:
    """Return a string, or None."""
    value = fields.get(name)
    return value if isinstance(value, str) else None


def whole(fields: Fields, name: str) -> int | None:
    """Return a whole number from 0 on, or None."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < _MOST else None


def flag(fields: Fields, name: str) -> bool:
    """Return whether a field is true."""
    return fields.get(name) is True


def picodollars(fields: Fields, stem: str) -> int | None:
    """Return money: exactly from ``STEM_picodollars`` where that is there, else from ``STEM_usd``."""
    exact = whole(fields, f"{stem}_picodollars")
    if exact is not None:
        return exact
    value = fields.get(f"{stem}_usd")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        amount = int((Decimal(str(value)) * PICODOLLARS).to_integral_value())
    except (InvalidOperation, OverflowError, ValueError):
        return None
    return amount if 0 <= amount < _MOST else None


def inner(fields: Fields, name: str) -> Fields:
    """Return an object, empty where there is none."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def rows(fields: Fields, name: str) -> list[Fields]:
    """Return the objects of an array."""
    value = fields.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(fields: Fields, name: str) -> list[str]:
    """Return the strings of an array."""
    value = fields.get(name)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def moment(fields: Fields, name: str) -> datetime | None:
    """Return a moment with its time zone, or None."""
    value = text(fields, name)
    if value is None:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else None
