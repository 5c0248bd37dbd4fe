"""Write numbers the way the desk's pages and sentences show them.

Rules (design/ui.md, "Behaviour"): significant digits by instrument, thin-space groups, the
currency after the number, percentages with a sign, a real minus. The narrow no-break space keeps
a figure on one line.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final

from trading.base.domain.currencies import CURRENCIES

GROUP: Final = "\u202f"
MINUS: Final = "\u2212"
MISSING: Final = "n/a"
_MONEY_PLACES: Final = 2
_MOST_PLACES: Final = 18  # what the database keeps
_WHOLE_PERCENT_FROM: Final = 10_000
_POWER_PERCENT_FROM: Final = 10_000_000
# As a figure nobody reads so many digits; with places they are more than a Decimal is rounded to.
_POWER_FROM: Final = Decimal("1e21")

Number = Decimal | float | int


def _decimal(value: Number | None) -> Decimal | None:
    if value is None:
        return None
    try:
        number = value if isinstance(value, Decimal) else Decimal(repr(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _grouped(number: Decimal, places: int, *, signed: bool = False, trim: bool = False) -> str:
    if abs(number) >= _POWER_FROM:
        return _power(number, signed=signed, digits=4)
    rounded = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    text = f"{abs(rounded):,.{places}f}"
    if trim and "." in text:
        text = text.rstrip("0").rstrip(".")
    text = text.replace(",", GROUP)
    if rounded < 0:
        return f"{MINUS}{text}"
    return f"+{text}" if signed and rounded > 0 else text


def _significant_places(number: Decimal, digits: int, most: int) -> int:
    if number == 0:
        return 0
    return max(0, min(most, digits - 1 - number.adjusted()))


def amount_text(value: Number | None, currency: str = "", *, signed: bool = False) -> str:
    """Return an amount with its currency: the places stable money is paid in, else six digits."""
    number = _decimal(value)
    if number is None:
        return MISSING
    text = _grouped(number, _amount_places(number, currency), signed=signed)
    return f"{text}{GROUP}{currency}" if currency else text


def amount_typed(value: Number | None, currency: str) -> str:
    """Return an amount as commands print it: the same digits without groups, plain signs."""
    number = _decimal(value)
    if number is None:
        return f"{MISSING} {currency}"
    return f"{number:.{_amount_places(number, currency)}f} {currency}"


def _amount_places(number: Decimal, code: str) -> int:
    known = CURRENCIES.get(code)
    if not code or (known is not None and known.is_stable):
        return unit_places(known.unit) if known else _MONEY_PLACES
    # what is less than one unit is still not nothing
    most = _MOST_PLACES
    if known is not None and abs(number) >= known.unit:
        most = unit_places(known.unit)
    return max(_MONEY_PLACES, _significant_places(number, 6, most))


def unit_places(unit: Decimal) -> int:
    """Return how many decimal places an amount counted in ``unit`` has."""
    return max(0, -unit.adjusted())


def price_text(value: Number | None) -> str:
    """Return a price with about six significant digits and at least two places from 1 upwards."""
    number = _decimal(value)
    if number is None:
        return MISSING
    least = _MONEY_PLACES if abs(number) >= 1 else 0
    places = max(least, _significant_places(number, 6, 12))
    return _grouped(number, places)


def quantity_text(value: Number | None, currency: str = "") -> str:
    """Return a quantity of an asset with at most six significant digits, trailing zeros dropped."""
    number = _decimal(value)
    if number is None:
        return MISSING
    text = _grouped(number, _significant_places(number, 6, 12), trim=True)
    return f"{text}{GROUP}{currency}" if currency else text


def percent_text(value: float | Decimal | None, places: int = 2, *, signed: bool = True) -> str:
    """Return a percentage (0 to 100 scale) with its sign.

    Astronomical ones, as a yearly growth can be, stay readable: from 10 000 without decimals, from
    ten million as a power of ten.
    """
    number = _decimal(value)
    if number is None:
        return MISSING
    if abs(number) >= _POWER_PERCENT_FROM:
        return f"{_power(number, signed=signed)}{GROUP}%"
    places = 0 if abs(number) >= _WHOLE_PERCENT_FROM else places
    return f"{_grouped(number, places, signed=signed)}{GROUP}%"


def _power(number: Decimal, *, signed: bool, digits: int = 1) -> str:
    mantissa, _, exponent = f"{abs(number):.{digits}e}".partition("e")
    sign = MINUS if number < 0 else "+" if signed else ""
    return f"{sign}{mantissa} × 10^{int(exponent)}"


def count_text(value: int | None) -> str:
    """Return a whole number in groups of three."""
    return MISSING if value is None else f"{value:,}".replace(",", GROUP).replace("-", MINUS)


def plain_text(value: float, places: int = 4) -> str:
    """Return a bare measured value without needless zeros; NaN reads ``n/a``."""
    if not math.isfinite(value):
        return MISSING
    return _grouped(Decimal(repr(value)), places, trim=True)


def duration_text(seconds: float | None) -> str:
    """Return a length of time in its one or two largest units, such as ``3 h 20 min``."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}{GROUP}s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86_400
    if hours == 0:
        return f"{minutes}{GROUP}min"
    if days == 0:
        rest = minutes % 60
        return f"{hours}{GROUP}h" + (f" {rest}{GROUP}min" if rest else "")
    rest = hours % 24
    return f"{days}{GROUP}d" + (f" {rest}{GROUP}h" if rest else "")
