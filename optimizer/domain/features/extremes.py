"""Find the highest or lowest close of any span in constant time.

Blocks of 16 bars keep their running extremes from both ends; a sparse table of powers of two spans
whole blocks. Memory is four arrays plus a few percent, where a full sparse table would need
eighteen arrays per side.

Source: sparse tables over blocks (Bender and Farach-Colton 2000, without the in-block tables).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from optimizer.domain.kernels import kernel
from trading.market.domain.bars import FloatArray

_SHIFT: Final = 4
_BLOCK: Final = 1 << _SHIFT
# Rows of the edges: extremes from the block's start to here, and from here to the block's end.
_MAX_HEAD, _MAX_TAIL, _MIN_HEAD, _MIN_TAIL = range(4)


@njit(cache=True)
def _fill_edges(x: FloatArray, edges: FloatArray) -> None:
    n = x.shape[0]
    for t in range(n):
        is_first = t & (_BLOCK - 1) == 0
        edges[_MAX_HEAD, t] = x[t] if is_first else max(x[t], edges[_MAX_HEAD, t - 1])
        edges[_MIN_HEAD, t] = x[t] if is_first else min(x[t], edges[_MIN_HEAD, t - 1])
    for t in range(n - 1, -1, -1):
        is_last = t == n - 1 or t & (_BLOCK - 1) == _BLOCK - 1
        edges[_MAX_TAIL, t] = x[t] if is_last else max(x[t], edges[_MAX_TAIL, t + 1])
        edges[_MIN_TAIL, t] = x[t] if is_last else min(x[t], edges[_MIN_TAIL, t + 1])


@njit(cache=True)
def extremes(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the edges float64[4, n] and the block tables float64[2, levels, blocks] of ``x``."""
    n = x.shape[0]
    blocks = (n + _BLOCK - 1) >> _SHIFT
    levels = 1
    while (1 << levels) <= blocks:
        levels += 1
    edges, tables = np.empty((4, n)), np.empty((2, levels, blocks))
    _fill_edges(x, edges)
    for b in range(blocks):
        last = min((b << _SHIFT) + _BLOCK - 1, n - 1)
        tables[0, 0, b], tables[1, 0, b] = edges[_MAX_HEAD, last], edges[_MIN_HEAD, last]
    for level in range(1, levels):
        half = 1 << (level - 1)
        for b in range(blocks):
            other = min(b + half, blocks - 1)
            tables[0, level, b] = max(tables[0, level - 1, b], tables[0, level - 1, other])
            tables[1, level, b] = min(tables[1, level - 1, b], tables[1, level - 1, other])
    return edges, tables


@kernel
def _level_of(length: int) -> int:
    level = 0
    while (2 << level) <= length:
        level += 1
    return level


@kernel
def span_max(x: FloatArray, edges: FloatArray, tables: FloatArray, a: int, b: int) -> float:
    """Return the highest of ``x`` over ``a`` to ``b - 1``, at least one bar."""
    first, last = a >> _SHIFT, (b - 1) >> _SHIFT
    if first == last:
        best = x[a]
        for t in range(a + 1, b):
            best = max(best, x[t])
        return float(best)
    best = max(edges[_MAX_TAIL, a], edges[_MAX_HEAD, b - 1])
    if last - first > 1:
        level = _level_of(last - first - 1)
        best = max(best, tables[0, level, first + 1], tables[0, level, last - (1 << level)])
    return float(best)


@kernel
def span_min(x: FloatArray, edges: FloatArray, tables: FloatArray, a: int, b: int) -> float:
    """Return the lowest of ``x`` over ``a`` to ``b - 1``, at least one bar."""
    first, last = a >> _SHIFT, (b - 1) >> _SHIFT
    if first == last:
        best = x[a]
        for t in range(a + 1, b):
            best = min(best, x[t])
        return float(best)
    best = min(edges[_MIN_TAIL, a], edges[_MIN_HEAD, b - 1])
    if last - first > 1:
        level = _level_of(last - first - 1)
        best = min(best, tables[1, level, first + 1], tables[1, level, last - (1 << level)])
    return float(best)
