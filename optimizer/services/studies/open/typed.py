"""Read what a person typed as numbers or names, on the command line or in a form."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final

from trading.base.domain.errors import BadInputError
from trading.base.domain.numbers import decimal_number, real_number, whole_number

LONGEST: Final = 60  # characters of a value that are said again when it is refused


def shortened(text: str) -> str:
    """Return what was typed, its end an ellipsis where it is too long to be said again."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def number(name: str, text: str) -> float:
    """Return a finite number.

    Raises:
        BadInputError: it is not one.
    """
    try:
        value = real_number(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadInputError(f"{name} was {shortened(text)!r}; expected a number")
    return value


def whole(name: str, text: str) -> int:
    """Return a whole number.

    Raises:
        BadInputError: it is not one.
    """
    try:
        return whole_number(text)
    except ValueError:
        raise BadInputError(f"{name} was {shortened(text)!r}; expected a whole number") from None


def amount(name: str, text: str) -> Decimal:
    """Return an amount of money.

    Raises:
        BadInputError: it is not a finite number.
    """
    try:
        return decimal_number(text)
    except ValueError:
        raise BadInputError(f"{name} was {shortened(text)!r}; expected a number") from None


def names(text: str) -> tuple[str, ...]:
    """Return comma-separated names, blanks dropped.

    Raises:
        BadInputError: one is longer than any name.
    """
    return tuple(name_check(name) for name in (part.strip() for part in text.split(",")) if name)


def name_check(text: str) -> str:
    """Return a name that may be said again whole.

    Raises:
        BadInputError: it is longer than any name.
    """
    if len(text) > LONGEST:
        raise BadInputError(f"name was {shortened(text)!r}; expected {LONGEST} characters or fewer")
    return text
