"""Know the moments of the one-bar returns over any span from few places in memory.

A walk asks for them from one fill to the next, anywhere in the data, and each place it looks at may
have to come from main memory. So prefixes are kept for every eighth bar only, all quantities of
one side by side, and the few bars at the ends are added from the closes themselves.

The prefixes are pairs of words, see ``prefix``.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from optimizer.domain.features.prefix import pair_add
from optimizer.domain.kernels import kernel, part
from trading.market.domain.bars import FloatArray

_SHIFT: Final = 3
_BLOCK: Final = 1 << _SHIFT
# Columns: high words, each with its low word behind it; the count of negative returns has none.
_RETURN, _SQUARE, _NEGATIVE, _NEG_SQUARE = range(0, 8, 2)
_COUNT: Final = 8


class Moments(NamedTuple):
    """Sums over the one-bar returns of a span: all, their squares, and the negative ones alone."""

    returns: float
    squares: float
    negatives: float
    negative_squares: float
    negative_count: float


@njit(cache=True)
def prefix_moments(close: FloatArray) -> FloatArray:
    """Return the prefixes, float64[n // 8 + 1, 9]; row k sums bars 0 to 8 k - 1.

    Args:
        close: float64[n], oldest first, finite and above 0; the return of bar 0 is 0.
    """
    n = close.shape[0]
    moments = np.zeros(((n >> _SHIFT) + 1, _COUNT + 1))
    row = np.zeros(_COUNT + 1)
    for t in range(n >> _SHIFT << _SHIFT):
        ret = close[t] / close[t - 1] - 1.0 if t > 0 else 0.0
        loss = min(ret, 0.0)
        values = (ret, ret * ret, loss, loss * loss)
        for i in range(len(values)):
            row[2 * i], row[2 * i + 1] = pair_add(row[2 * i], row[2 * i + 1], values[i])
        row[_COUNT] += 1.0 if ret < 0.0 else 0.0
        if (t + 1) & (_BLOCK - 1) == 0:
            moments[(t + 1) >> _SHIFT] = row
    return moments


@part
def _with_bars(close: FloatArray, a: int, b: int, so_far: Moments) -> Moments:
    # Always a block's worth of steps, the ones past ``b`` adding 0: a loop of unknown length costs
    # a processor more than the steps it saves.
    returns, squares, negatives, negative_squares, count = so_far
    for i in range(_BLOCK):
        t = min(a + i, b - 1)
        ret = close[t] / close[t - 1] - 1.0 if a + i < b else 0.0
        loss = min(ret, 0.0)
        returns += ret
        squares += ret * ret
        negatives += loss
        negative_squares += loss * loss
        count += 1.0 if ret < 0.0 else 0.0
    return Moments(returns, squares, negatives, negative_squares, count)


@part
def _between(moments: FloatArray, column: int, first: int, last: int) -> float:
    high = moments[last, column] - moments[first, column]
    return float(high + (moments[last, column + 1] - moments[first, column + 1]))


@kernel
def span_moments(close: FloatArray, moments: FloatArray, a: int, b: int) -> Moments:
    """Return the moments over bars ``a`` to ``b - 1``, ``a`` at least 1."""
    first, last = (a + _BLOCK - 1) >> _SHIFT, b >> _SHIFT
    if first > last:
        return _with_bars(close, a, b, Moments(0.0, 0.0, 0.0, 0.0, 0.0))
    whole = Moments(
        _between(moments, _RETURN, first, last),
        _between(moments, _SQUARE, first, last),
        _between(moments, _NEGATIVE, first, last),
        _between(moments, _NEG_SQUARE, first, last),
        moments[last, _COUNT] - moments[first, _COUNT],
    )
    begun = _with_bars(close, a, first << _SHIFT, whole)
    return _with_bars(close, last << _SHIFT, b, begun)
