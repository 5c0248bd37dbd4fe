"""Answer every channel question at once: how far back is the last higher or lower close?

The close of bar t is at or above the highest of the n closes before it exactly when the last
strictly higher close lies more than n bars back. That distance does not depend on n, so one array
serves every Donchian window of every parameter set, without ties or rounding.

``next_longer`` and ``next_unlike`` find the next bar that matters a block at a time: most blocks
hold none, and whether one does is a question a processor answers for many bars at once.

Source: the monotonic stack (all nearest greater values), O(n).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from optimizer.domain.kernels import kernel
from trading.market.domain.bars import CLOSE, HIGH, FloatArray

RunArray = npt.NDArray[np.int32]
MarkArray = npt.NDArray[np.int8]

# Rows: bars back to the last close that is higher, lower, not lower, not higher than this one;
# bars back to the last high above this close (0 when this bar's own high is above it).
HIGHER, LOWER, NOT_LOWER, NOT_HIGHER, HIGH_ABOVE = range(5)
N_RUNS: Final = 5
NEVER: Final = 2**31 - 1
_BLOCK: Final = 64  # bars; the compiler unrolls a shorter loop instead of widening it


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


@kernel
def next_longer(run: RunArray, t: int, stop: int, limit: int) -> int:
    """Return the first bar from ``t`` on whose distance is above ``limit``, or ``stop``.

    Args:
        run: one row of the distances.
        t: first bar looked at; at or after ``stop`` it is returned as ``stop``.
        stop: bar after the last one.
        limit: bars.
    """
    if t < stop and run[t] > limit:
        return t
    bound = np.int32(limit)
    while t + _BLOCK <= stop:
        block, hits = run[t : t + _BLOCK], 0
        for i in range(_BLOCK):
            hits += 1 if block[i] > bound else 0
        if hits:
            first = np.int32(_BLOCK)
            for i in range(_BLOCK):
                first = min(first, np.int32(i) if block[i] > bound else np.int32(_BLOCK))
            return int(t + first)
        t += _BLOCK
    while t < stop and run[t] <= limit:
        t += 1
    return min(t, stop)


@kernel
def next_unlike(marks: MarkArray, t: int, stop: int, quiet: int) -> int:
    """Return the first bar from ``t`` on whose mark is not ``quiet``, or ``stop``.

    Args:
        marks: one mark per bar.
        t: first bar looked at; at or after ``stop`` it is returned as ``stop``.
        stop: bar after the last one.
        quiet: the mark of bars that do not matter, -128 to 127.
    """
    # Eight marks are one word, and eight words a block.
    words = marks[: marks.shape[0] >> 3 << 3].view(np.int64)
    same = (quiet & 0xFF) * 0x0101010101010101
    while t < stop and t & 7:
        if marks[t] != quiet:
            return t
        t += 1
    while t + _BLOCK <= stop:
        block, hits = words[t >> 3 : (t + _BLOCK) >> 3], 0
        for i in range(_BLOCK >> 3):
            hits |= block[i] ^ same
        if hits:
            break
        t += _BLOCK
    while t + 8 <= stop and words[t >> 3] == same:
        t += 8
    while t < stop and marks[t] == quiet:
        t += 1
    return min(t, stop)
