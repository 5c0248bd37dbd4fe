"""Answer every channel question at once: how far back is the last higher or lower close?

The close of bar t is at or above the highest of the n closes before it exactly when the last
strictly higher close lies more than n bars back. That distance does not depend on n, so one array
serves every Donchian window of every parameter set, without ties or rounding.

Source: the monotonic stack (all nearest greater values), O(n).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from trading.domain.market.bars import CLOSE, HIGH, FloatArray

RunArray = npt.NDArray[np.int32]

# Rows: bars back to the last close that is higher, lower, not lower, not higher than this one;
# bars back to the last high above this close (0 when this bar's own high is above it).
HIGHER, LOWER, NOT_LOWER, NOT_HIGHER, HIGH_ABOVE = range(5)
N_RUNS: Final = 5
NEVER: Final = 2**31 - 1


@njit(cache=True)
def _distances(x: FloatArray, sign: float, is_strict: bool, out: RunArray) -> None:
    stack = np.empty(x.shape[0], dtype=np.int32)
    top = -1
    for t in range(x.shape[0]):
        y = sign * x[t]
        while top >= 0:
            z = sign * x[stack[top]]
            if z > y or (not is_strict and z == y):
                break
            top -= 1
        out[t] = t - stack[top] if top >= 0 else NEVER
        # With equal values on the stack the newest answers for all of them.
        top += 1
        stack[top] = t


@njit(cache=True)
def _high_distances(highs: FloatArray, x: FloatArray, out: RunArray) -> None:
    # The stack keeps falling highs; the last one above x is found by bisection.
    stack = np.empty(x.shape[0], dtype=np.int32)
    top = -1
    for t in range(x.shape[0]):
        while top >= 0 and highs[stack[top]] <= highs[t]:
            top -= 1
        top += 1
        stack[top] = t
        left, right = 0, top + 1
        while left < right:
            middle = (left + right) // 2
            if highs[stack[middle]] > x[t]:
                left = middle + 1
            else:
                right = middle
        out[t] = t - stack[left - 1] if left > 0 else NEVER


@njit(cache=True)
def run_lengths(bars: FloatArray) -> RunArray:
    """Return the distances, int32[N_RUNS, n], ``NEVER`` where no such bar exists.

    Args:
        bars: float64[5, n], oldest first, finite.
    """
    close = bars[CLOSE]
    runs = np.empty((N_RUNS, close.shape[0]), dtype=np.int32)
    _distances(close, 1.0, True, runs[HIGHER])
    _distances(close, -1.0, True, runs[LOWER])
    _distances(close, 1.0, False, runs[NOT_LOWER])
    _distances(close, -1.0, False, runs[NOT_HIGHER])
    _high_distances(bars[HIGH], close, runs[HIGH_ABOVE])
    return runs
