"""Read a number as a person writes one: ASCII digits, one point, an exponent, blanks around it.

Python's own constructors take more: underscores (``1_000``), digits of other scripts, ``infinity``.
Whoever typed those meant something else, or nothing, so they are refused everywhere alike.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

_WHOLE: Final = re.compile(r"[+-]?\d{1,60}\Z", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\Z", re.ASCII)


def whole_number(text: str) -> int:
    """Return the whole number written, 60 digits at most.

    Raises:
        ValueError: it is none.
    """
    return int(_written(text, _WHOLE, "a whole number"))


def real_number(text: str) -> float:
    """Return the number written, infinite where it is beyond float64.

    Raises:
        ValueError: it is none.
    """
    return float(_written(text, _NUMBER, "a number"))


def decimal_number(text: str) -> Decimal:
    """Return the number written, exactly.

    Raises:
        ValueError: it is none.
    """
    return Decimal(_written(text, _NUMBER, "a number"))


def _written(text: str, form: re.Pattern[str], kind: str) -> str:
    bare = text.strip()
    if not form.match(bare):
        raise ValueError(kind)
    return bare
