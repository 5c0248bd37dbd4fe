"""Sum any span of bars in constant time without losing digits.

A plain running sum forgets small numbers once one large number passed through it (a wick 1,690
times the price is in the data). Each prefix is therefore kept as an unevaluated pair of float64
(high and low word), so that a difference of two prefixes is as good as the direct sum.

Source: two-sum by Knuth (The Art of Computer Programming, 4.2.2, theorem B).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from optimizer.domain.kernels import part
from trading.market.domain.bars import CLOSE, HIGH, LOW, VOLUME, FloatArray

# Rows of the sums.
S_CLOSE, S_VOLUME, S_GAIN, S_LOSS, S_RANGE, S_CLOSE_SQUARE = range(6)
N_SUMS = 6


@njit(cache=True)
def true_range(bars: FloatArray, t: int) -> float:
    """Return the true range of bar ``t`` > 0, quote."""
    high, low, before = bars[HIGH, t], bars[LOW, t], bars[CLOSE, t - 1]
    return float(max(high - low, abs(high - before), abs(low - before)))


@part
def pair_add(high: float, low: float, x: float) -> tuple[float, float]:
    """Return the pair of words that is ``x`` more."""
    total = high + x
    part = total - high
    rest = low + ((high - (total - part)) + (x - part))
    joined = total + rest
    return joined, rest - (joined - total)


@njit(cache=True)
def prefix_sums(bars: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the prefixes of every summed quantity, high and low words float64[N_SUMS, n + 1].

    Entry t sums bars 0 to t - 1; the change of bar 0 counts as 0, its range as high - low.

    Args:
        bars: float64[5, n], rows open, high, low, close, volume, oldest first, finite.
    """
    n = bars.shape[1]
    high, low = np.zeros((N_SUMS, n + 1)), np.zeros((N_SUMS, n + 1))
    for t in range(n):
        x = bars[CLOSE, t]
        change, reach = 0.0, bars[HIGH, t] - bars[LOW, t]
        if t > 0:
            change, reach = x - bars[CLOSE, t - 1], true_range(bars, t)
        values = (x, bars[VOLUME, t], max(change, 0.0), max(-change, 0.0), reach, x * x)
        for row in range(N_SUMS):
            high[row, t + 1], low[row, t + 1] = pair_add(high[row, t], low[row, t], values[row])
    return high, low


@part
def span_sum(high: FloatArray, low: FloatArray, a: int, b: int) -> float:
    """Return the sum over bars ``a`` to ``b - 1`` of one row."""
    return float((high[b] - high[a]) + (low[b] - low[a]))
