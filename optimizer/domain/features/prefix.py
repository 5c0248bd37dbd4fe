"""Sum any span of bars in constant time without losing digits.

A plain running sum forgets small numbers once one large number passed through it (a wick 1,690
times the price is in the data). Each prefix is therefore kept as an unevaluated pair of float64
(high and low word), so that a difference of two prefixes is as good as the direct sum.

Source: two-sum by Knuth (The Art of Computer Programming, 4.2.2, theorem B).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from trading.domain.market.bars import CLOSE, HIGH, LOW, VOLUME, FloatArray, IntArray

# Rows of the sums.
S_CLOSE, S_VOLUME, S_GAIN, S_LOSS, S_RANGE, S_RETURN, S_SQUARE, S_NEGATIVE, S_NEG_SQUARE = range(9)
S_CLOSE_SQUARE = 9
N_SUMS = 10


@njit(cache=True)
def true_range(bars: FloatArray, t: int) -> float:
    """Return the true range of bar ``t`` > 0, quote."""
    high, low, before = bars[HIGH, t], bars[LOW, t], bars[CLOSE, t - 1]
    return float(max(high - low, abs(high - before), abs(low - before)))


@njit(cache=True)
def _add(high: FloatArray, low: FloatArray, t: int, x: float) -> None:
    total = high[t] + x
    part = total - high[t]
    rest = low[t] + ((high[t] - (total - part)) + (x - part))
    joined = total + rest
    high[t + 1] = joined
    low[t + 1] = rest - (joined - total)


@njit(cache=True)
def prefix_sums(bars: FloatArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return the prefixes of every summed quantity and the count of negative returns.

    Args:
        bars: float64[5, n], rows open, high, low, close, volume, oldest first, finite.

    Returns:
        high and low words float64[N_SUMS, n + 1] (entry t sums bars 0 to t - 1; changes and returns
        of bar 0 count as 0, its range as high - low) and int64[n + 1].
    """
    n = bars.shape[1]
    high, low = np.zeros((N_SUMS, n + 1)), np.zeros((N_SUMS, n + 1))
    negatives = np.zeros(n + 1, dtype=np.int64)
    for t in range(n):
        x = bars[CLOSE, t]
        change, ret, reach = 0.0, 0.0, bars[HIGH, t] - bars[LOW, t]
        if t > 0:
            change = x - bars[CLOSE, t - 1]
            ret = x / bars[CLOSE, t - 1] - 1.0
            reach = true_range(bars, t)
        loss = min(ret, 0.0)
        values = (
            x,
            bars[VOLUME, t],
            max(change, 0.0),
            max(-change, 0.0),
            reach,
            ret,
            ret * ret,
            loss,
            loss * loss,
            x * x,
        )
        for row in range(N_SUMS):
            _add(high[row], low[row], t, values[row])
        negatives[t + 1] = negatives[t] + (1 if ret < 0.0 else 0)
    return high, low, negatives


@njit(cache=True, inline="always")
def span_sum(high: FloatArray, low: FloatArray, a: int, b: int) -> float:
    """Return the sum over bars ``a`` to ``b - 1`` of one row."""
    return float((high[b] - high[a]) + (low[b] - low[a]))
