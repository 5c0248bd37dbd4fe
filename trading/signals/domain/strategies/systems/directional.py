"""Keep Wilder's average directional index bar by bar, in a vector a strategy can own.

A range market is one whose ADX is low. The original summed where Wilder averages, so that its ADX
was about 14 times too large; here the sums are used only in ratios and the index is an average.
Before ``2 * period`` bars were seen the index is undefined (NaN).

Sources: Wilder (1978), as TA-Lib's ADX; defect from the optimizer specification, 10.8 and 11.6.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from trading.market.domain.bars import FloatArray

SIZE: Final = 9  # float64 of one index
_SEEN, _HIGH, _LOW, _CLOSE, _RANGE, _PLUS, _MINUS, _SUM, _ADX = range(9)


@njit(cache=True)
def _directional_ratio(state: FloatArray, at: int) -> float:
    # DX; with no movement either way TA-Lib keeps the last index, told here by NaN.
    if state[at + _RANGE] <= 0.0:
        return np.nan
    total = state[at + _PLUS] + state[at + _MINUS]
    if total <= 0.0:
        return np.nan
    return float(100.0 * abs(state[at + _PLUS] - state[at + _MINUS]) / total)


@njit(cache=True)
def _smooth(state: FloatArray, at: int, period: int, values: tuple[float, float, float]) -> None:
    seen = state[at + _SEEN]
    for j in range(3):
        slot = at + _RANGE + j
        # Changes 1 to period - 1 are summed, as TA-Lib; from then on Wilder's decay.
        if seen >= period:
            state[slot] -= state[slot] / period
        state[slot] += values[j]


@njit(cache=True)
def adx_step(
    state: FloatArray, at: int, period: int, high: float, low: float, close: float
) -> float:
    """Feed one closed bar and return the index, 0 to 100, or NaN until it is warm.

    Args:
        state: float64, zeros before the first bar, changed in place.
        at: where the ``SIZE`` numbers of this index begin in it.
        period: bars, at least 2.
        high: quote, as ``low`` and ``close``.
        low: quote.
        close: quote.
    """
    seen = int(state[at + _SEEN])
    if seen > 0:
        up, down = high - state[at + _HIGH], state[at + _LOW] - low
        before = state[at + _CLOSE]
        true_range = max(high - low, abs(high - before), abs(low - before))
        plus = up if up > down and up > 0.0 else 0.0
        minus = down if down > up and down > 0.0 else 0.0
        _smooth(state, at, period, (true_range, plus, minus))
    state[at + _SEEN] = seen + 1.0
    state[at + _HIGH], state[at + _LOW], state[at + _CLOSE] = high, low, close
    if seen < period:
        return np.nan
    ratio = _directional_ratio(state, at)
    if seen < 2 * period:
        state[at + _SUM] += 0.0 if np.isnan(ratio) else ratio
        if seen < 2 * period - 1:
            return np.nan
        state[at + _ADX] = state[at + _SUM] / period
    elif not np.isnan(ratio):
        state[at + _ADX] = (state[at + _ADX] * (period - 1) + ratio) / period
    return float(state[at + _ADX])
