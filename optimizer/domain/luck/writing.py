"""Write the numbers of a verdict's sentences as the columns beside them are written.

The pages' own writing, ``trading.base.selectors.figures``, lies above the domain; a test holds the
two together. Thin spaces part thousands and stand before the percent sign, and a minus is a real
one.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final

_THIN: Final = "\u202f"
_MINUS: Final = "\u2212"
_WHOLE_FROM: Final = 10_000  # percent: decimals of such a return say nothing
_POWER_FROM: Final = 10_000_000


def percent(value: float, places: int = 2, *, signed: bool = False) -> str:
    """Return a percentage, 0 to 100; an astronomical one as a power of ten."""
    if not math.isfinite(value):
        return "n/a"
    number = Decimal(repr(float(value)))
    if abs(number) >= _POWER_FROM:
        mantissa, _, exponent = f"{abs(number):.1e}".partition("e")
        text = f"{mantissa} × 10^{int(exponent)}"
    else:
        number = round(number, 0 if abs(number) >= _WHOLE_FROM else places)
        text = f"{abs(number):,f}".replace(",", _THIN)
    sign = _MINUS if number < 0 else "+" if signed and number > 0 else ""
    return f"{sign}{text}{_THIN}%"


def share(value: float) -> str:
    """Return a share, 0 to 1, in whole percent."""
    return percent(100.0 * value, 0)


def ratio(value: float) -> str:
    """Return a ratio with two places."""
    return f"{value:z,.2f}".replace(",", _THIN).replace("-", _MINUS)


def count(value: int) -> str:
    """Return a whole number."""
    return f"{value:,}".replace(",", _THIN)
