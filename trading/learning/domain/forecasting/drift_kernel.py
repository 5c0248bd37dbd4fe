"""The exponentially weighted drift of many pairs over a block of bars, in one compiled call.

Mean and variance are those of the streamed features EWMA_RETURN and EWMA_VARIANCE, operation by
operation, so that both come out with the same bits; a test holds them to it.

Source: exponentially weighted variance, West (1979).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

from trading.learning.domain.forecasting.sets import Missing, ReasonArray
from trading.market.domain.bars import FloatArray, IntArray

SEEN, CLOSE_BEFORE, MEAN, VARIANCE = range(4)  # columns of the memory
MEMORY_COLUMNS: Final = 4
Z_TENTH: Final = 1.2815515655446004  # the normal's 90 % quantile
_ROOT_2: Final = math.sqrt(2.0)
_WARMING_UP: Final = int(Missing.WARMING_UP)
_NOT_FINITE: Final = int(Missing.NOT_FINITE)


@njit(cache=True)
def _learn(memory: FloatArray, close: float, period: float) -> None:
    """Take one close into a pair's memory."""
    seen = memory[SEEN]
    if seen > 0:
        change = math.log(close / memory[CLOSE_BEFORE])
        if seen == 1 or period == 1:
            memory[MEAN], memory[VARIANCE] = change, 0.0
        else:
            alpha = 2.0 / (period + 1.0)
            delta = change - memory[MEAN]
            step = alpha * delta
            memory[MEAN] += step
            memory[VARIANCE] = (1.0 - alpha) * (memory[VARIANCE] + delta * step)
    memory[CLOSE_BEFORE] = close
    memory[SEEN] = seen + 1


@njit(cache=True)
def _say(out: FloatArray, drift: float, spread: float, round_trip: float) -> None:
    """Write what a normal return of that mean and deviation means, as ``FIGURES``."""
    if spread == 0.0:  # then the drift is certain; without either nothing is known
        out[0] = 0.5 + 0.5 * (drift > 0) - 0.5 * (drift < 0)
    else:
        out[0] = 0.5 * math.erfc(-drift / (spread * _ROOT_2))
    expected = math.expm1(drift)
    out[1] = math.expm1(drift - Z_TENTH * spread)
    out[2] = expected
    out[3] = math.expm1(drift + Z_TENTH * spread)
    out[4] = expected
    out[5] = expected - round_trip


@njit(cache=True)
def drift_block(
    places: IntArray,
    closes: FloatArray,
    memory: FloatArray,
    asked: tuple[float, FloatArray, FloatArray],
    answer: tuple[FloatArray, ReasonArray],
) -> None:
    """Take bars into the memory, one after another, and write what is expected after each.

    Args:
        places: int64[n], the pair of each bar.
        closes: float64[n], quote per base.
        memory: float64[pairs, 4], changed in place; zeros before the first bar.
        asked: period of the weights, bars; float64[h], the distances, bars; float64[pairs], costs
            of a round trip as a fraction, NaN where unknown.
        answer: float64[n, h, 6] and uint8[n, h], both written.
    """
    period, n_bars, round_trip = asked
    values, reasons = answer
    for i in range(places.shape[0]):
        mine = memory[places[i]]
        _learn(mine, closes[i], period)
        is_warm = mine[SEEN] > period
        for k in range(n_bars.shape[0]):
            out = values[i, k]
            if not is_warm:
                out[:] = np.nan
                reasons[i, k] = _WARMING_UP
                continue
            spread = math.sqrt(max(mine[VARIANCE], 0.0) * n_bars[k])
            _say(out, mine[MEAN] * n_bars[k], spread, round_trip[places[i]])
            reasons[i, k] = 0
            if not (math.isfinite(out[0]) and math.isfinite(out[3])):
                out[:] = np.nan
                reasons[i, k] = _NOT_FINITE
