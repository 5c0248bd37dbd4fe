"""How many bars a span of days is: the one rounding every day-based system shares.

Source: reference specification of the optimizer, section 10.
"""

from __future__ import annotations

from typing import Final

from trading.signals.domain.strategies.base import Param

MINUTES_PER_DAY: Final = 1440.0
MS_PER_MINUTE: Final = 60_000.0
MAX_DAYS: Final = 365.0


def bars_of_days(days: float, step_ms: int) -> int:
    """Return the bars in ``days``, rounded half to even, at least one.

    Args:
        days: length of the span, days.
        step_ms: length of one bar, ms.
    """
    return max(1, round(days * MINUTES_PER_DAY / (step_ms / MS_PER_MINUTE)))


def days_param(name: str, default: float, low: float, high: float) -> Param:
    """Return a span in days; a person may ask for anything up to a year."""
    return Param(name, "float", default, low, high, "days", allowed=(0.0, MAX_DAYS))


def share_param(name: str, default: float, low: float, high: float) -> Param:
    """Return a share of a price; published parameter sets use the whole range 0 to 1."""
    return Param(name, "float", default, low, high, "of price", allowed=(0.0, 1.0))


def window_param(name: str, default: int, low: int, high: int, least: int = 1) -> Param:
    """Return a window in bars; a person may ask for up to 100,000."""
    return Param(name, "int", default, low, high, "bars", allowed=(least, 100_000))
