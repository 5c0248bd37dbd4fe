"""Read what a person typed as numbers or names, on the command line or in a form."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation

from trading.domain.errors import BadInputError


def number(name: str, text: str) -> float:
    """Return a finite number.

    Raises:
        BadInputError: it is not one.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadInputError(f"{name} was {text!r}; expected a number")
    return value


def whole(name: str, text: str) -> int:
    """Return a whole number.

    Raises:
        BadInputError: it is not one.
    """
    try:
        return int(text)
    except ValueError:
        raise BadInputError(f"{name} was {text!r}; expected a whole number") from None


def amount(name: str, text: str) -> Decimal:
    """Return an amount of money.

    Raises:
        BadInputError: it is not a finite number.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite():
        raise BadInputError(f"{name} was {text!r}; expected a number")
    return value


def names(text: str) -> tuple[str, ...]:
    """Return comma-separated names, blanks dropped."""
    return tuple(name for name in (part.strip() for part in text.split(",")) if name)
