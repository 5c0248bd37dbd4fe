"""Bring every trigger to the same scale: own volatility in, strength and confidence out.

A move is measured in standard deviations of the pair's own recent log returns, so that one
threshold suits a large coin and a small one, and one timeframe as well as another. Logarithms make
a fall the exact mirror of a rise.

Source: reference specification platform 2.3: signed changes, a baseline without the current bar,
strength that grows with the deviation, confidence from the agreement of the evidence.
"""

from __future__ import annotations

import math
from typing import Final

from numba import njit

from trading.market.domain.bars import FloatArray
from trading.market.domain.timeframes import MS_PER_MINUTE
from trading.signals.domain.strategies.base import Param

_MS_PER_HOUR: Final = 60 * MS_PER_MINUTE
_LEAST_BASELINE: Final = 24  # bars; a deviation of fewer returns is mostly noise

BASELINE_HOURS: Final = Param("baseline_hours", "float", 24.0, 4.0, 168.0, "h")
RELEASE: Final = Param("release", "float", 0.5, 0.0, 0.9, "of the threshold")


def bars_of_hours(hours: float, step_ms: int, *, least: int = 1) -> int:
    """Return how many bars of ``step_ms`` make ``hours``, at least ``least``."""
    return max(least, round(hours * _MS_PER_HOUR / step_ms))


def baseline_bars(hours: float, step_ms: int) -> int:
    """Return the bars of a volatility baseline of ``hours``, never too few to mean something."""
    return bars_of_hours(hours, step_ms, least=_LEAST_BASELINE)


@njit(cache=True)
def strength_of(excess: float) -> float:
    """Return 0 to 1 for a deviation given in thresholds: ``1 - 2 ** -|excess|``.

    Continuous and growing: 0.5 at the threshold, and every further threshold halves what is
    missing to 1.
    """
    missing: float = 2.0 ** -abs(excess)
    return 1.0 - missing


@njit(cache=True)
def agreement_of(up_share: float, n_bars: float, side: int) -> float:
    """Return how clearly the single bars went to ``side``, 0 to 1, 0.5 when they did not.

    The sign test: the probability that ``n_bars`` tosses of a fair coin show fewer bars on that
    side than were seen (normal approximation).
    """
    deviation = side * (2.0 * up_share - 1.0) * math.sqrt(n_bars)
    return 0.5 * math.erfc(-deviation / math.sqrt(2.0))


@njit(cache=True)
def share_of(value: float) -> float:
    """Return ``value`` clamped to 0 to 1."""
    return min(1.0, max(0.0, value))


@njit(cache=True)
def excursion_side(state: FloatArray, excess: float, release: float) -> int:
    """Return the side on which ``excess`` just left the band, else 0: once per excursion.

    Args:
        state: float64[>=1]; place 0 remembers the side of the excursion under way.
        excess: signed deviation in thresholds; at 1 or -1 an excursion starts.
        release: below this share of the threshold the excursion is over.
    """
    if abs(excess) >= 1.0:
        side = 1 if excess > 0.0 else -1
        if state[0] == side:
            return 0
        state[0] = side
        return side
    if abs(excess) < release:
        state[0] = 0.0
    return 0
