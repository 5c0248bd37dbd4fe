"""Compare a price with an average so that a flat market is a tie, whoever computed the average.

The mean of equal numbers is that number, but sums of floats may miss it by the last digit, and the
desk and the optimizer sum differently. A window that is not flat differs from the price by far more
than the margin, so nothing else changes.
"""

from __future__ import annotations

from typing import Final

from numba import njit

MARGIN: Final = 1e-12  # of the level


@njit(cache=True, inline="always")
def reaches(x: float, level: float) -> bool:
    """Return whether ``x`` is at or above ``level``."""
    return bool(x >= level * (1.0 - MARGIN))


@njit(cache=True, inline="always")
def sinks_to(x: float, level: float) -> bool:
    """Return whether ``x`` is at or below ``level``."""
    return bool(x <= level * (1.0 + MARGIN))
