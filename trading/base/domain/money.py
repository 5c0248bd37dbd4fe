"""Keep amounts exact: at most 18 decimal places, one spelling per value, no thread-local precision.

Amounts are Decimal, quote or base currency. The database keeps 18 places (``MoneyField``), so every
amount that leaves this room is on that grid and written without trailing zeros: a value computed
here and the same value read back from a row are equal and print alike, which the digests need.
The arithmetic runs in its own 60-digit context, because Python's default of 28 digits would round
a large quantity times a fine price, and because a caller's context must not change a decision.

Source: architecture 8.1 ("Money: Decimal outside arrays"), issue 2.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from decimal import (
    ROUND_HALF_EVEN,
    Clamped,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)
from typing import Final

from trading.base.domain.errors import InvariantError

ZERO: Final = Decimal(0)
PLACES: Final = Decimal(1).scaleb(-18)
BPS: Final = Decimal(10_000)
PERCENT: Final = Decimal(100)
_CONTEXT: Final = Context(
    prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow, Clamped]
)


def exact() -> AbstractContextManager[Context]:
    """Return the context every amount is computed in; use it with ``with``."""
    return localcontext(_CONTEXT)


def canonical(value: Decimal, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """Return ``value`` on the 18-place grid, without trailing zeros or a positive exponent."""
    on_grid = value.quantize(PLACES, rounding=rounding, context=_CONTEXT)
    return _CONTEXT.add(on_grid.normalize(_CONTEXT), ZERO)


def total(one: Decimal, other: Decimal) -> Decimal:
    """Return the sum, computed like every amount; cheaper than ``with exact()``."""
    return _CONTEXT.add(one, other)


def check_positive(name: str, value: Decimal) -> None:
    """Refuse an amount that is not a finite number above zero.

    Raises:
        InvariantError: it is NaN, infinite, zero or negative.
    """
    if not (value.is_finite() and value > 0):
        raise InvariantError(f"{name} was {value}; expected a finite amount above 0")


def check_not_negative(name: str, value: Decimal) -> None:
    """Refuse an amount that is not a finite number of at least zero.

    Raises:
        InvariantError: it is NaN, infinite or negative.
    """
    if not (value.is_finite() and value >= 0):
        raise InvariantError(f"{name} was {value}; expected a finite amount of at least 0")
