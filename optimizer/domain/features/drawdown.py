"""Know the drawdown of holding through any span, depth and length, without walking its bars.

Depth composes exactly from block summaries (highest, lowest, smallest ratio to the running
maximum): for spans L then R it is ``min(L.ratio, R.ratio, R.lowest / L.highest)``. Length follows
the chain of records: from each bar a pointer leads to the next close that is not lower, and jump
pointers along that chain carry the longest gap they pass.

Sources: optimizer specification 13.2; jump pointers by Myers (1983).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from optimizer.domain.features.runs import RunArray
from trading.domain.market.bars import FloatArray

_SHIFT: Final = 5
_BLOCK: Final = 1 << _SHIFT
_HIGHEST, _LOWEST, _RATIO = range(3)
# Rows of the climbs: the next bar that is not lower, the jump, the longest gap inside the jump.
NEXT, _JUMP, _GAP = range(3)


@njit(cache=True)
def drawdown_tree(x: FloatArray) -> FloatArray:
    """Return the block summaries of ``x`` as a binary tree, float64[3, 2 * leaves], root at 1."""
    n = x.shape[0]
    blocks = max(1, (n + _BLOCK - 1) >> _SHIFT)
    leaves = 1
    while leaves < blocks:
        leaves *= 2
    tree = np.empty((3, 2 * leaves))
    tree[_HIGHEST], tree[_LOWEST], tree[_RATIO] = -np.inf, np.inf, 1.0
    for b in range(blocks):
        highest, lowest, ratio = -np.inf, np.inf, 1.0
        for t in range(b << _SHIFT, min((b + 1) << _SHIFT, n)):
            highest, lowest = max(highest, x[t]), min(lowest, x[t])
            ratio = min(ratio, x[t] / highest)
        node = leaves + b
        tree[_HIGHEST, node], tree[_LOWEST, node], tree[_RATIO, node] = highest, lowest, ratio
    for node in range(leaves - 1, 0, -1):
        left, right = 2 * node, 2 * node + 1
        tree[_HIGHEST, node] = max(tree[_HIGHEST, left], tree[_HIGHEST, right])
        tree[_LOWEST, node] = min(tree[_LOWEST, left], tree[_LOWEST, right])
        ratio = min(tree[_RATIO, left], tree[_RATIO, right])
        if tree[_HIGHEST, left] > 0.0 and tree[_LOWEST, right] < np.inf:
            ratio = min(ratio, tree[_LOWEST, right] / tree[_HIGHEST, left])
        tree[_RATIO, node] = ratio
    return tree


@njit(cache=True)
def _join_bars(
    x: FloatArray, a: int, b: int, so_far: tuple[float, float, float]
) -> tuple[float, float, float]:
    highest, lowest, ratio = so_far
    for t in range(a, b):
        highest, lowest = max(highest, x[t]), min(lowest, x[t])
        ratio = min(ratio, x[t] / highest)
    return highest, lowest, ratio


@njit(cache=True)
def span_summary(x: FloatArray, tree: FloatArray, a: int, b: int) -> tuple[float, float, float]:
    """Return highest, lowest and smallest ratio to the running maximum over ``a`` to ``b - 1``."""
    first, last = (a + _BLOCK - 1) >> _SHIFT, b >> _SHIFT
    summary = (-np.inf, np.inf, 1.0)
    if first >= last:
        return _join_bars(x, a, b, summary)
    highest, lowest, ratio = _join_bars(x, a, first << _SHIFT, summary)
    leaves = tree.shape[1] // 2
    block = first
    while block < last:
        size, node = 1, leaves + block
        while block & (2 * size - 1) == 0 and block + 2 * size <= last:
            size, node = 2 * size, node // 2
        if highest > 0.0:
            ratio = min(ratio, tree[_LOWEST, node] / highest)
        ratio = min(ratio, tree[_RATIO, node])
        highest, lowest = max(highest, tree[_HIGHEST, node]), min(lowest, tree[_LOWEST, node])
        block += size
    return _join_bars(x, last << _SHIFT, b, (highest, lowest, ratio))


@njit(cache=True)
def climb_chain(x: FloatArray) -> RunArray:
    """Return next, jump and gap of every bar, int32[3, n + 1]; bar n ends every chain."""
    n = x.shape[0]
    climbs = np.zeros((3, n + 1), dtype=np.int32)
    depth = np.zeros(n + 1, dtype=np.int32)
    climbs[NEXT, n], climbs[_JUMP, n] = n, n
    stack = np.empty(n + 1, dtype=np.int32)
    top = -1
    for t in range(n - 1, -1, -1):
        while top >= 0 and x[stack[top]] < x[t]:
            top -= 1
        parent = stack[top] if top >= 0 else n
        top += 1
        stack[top] = t
        jump = climbs[_JUMP, parent]
        far = climbs[_JUMP, jump]
        climbs[NEXT, t], depth[t] = parent, depth[parent] + 1
        gap = parent - t
        if depth[parent] - depth[jump] == depth[jump] - depth[far]:
            climbs[_JUMP, t] = far
            climbs[_GAP, t] = max(gap, climbs[_GAP, parent], climbs[_GAP, jump])
        else:
            climbs[_JUMP, t] = parent
            climbs[_GAP, t] = gap
    return climbs


@njit(cache=True)
def first_at_least(
    x: FloatArray, climbs: RunArray, a: int, b: int, tokens: float, peak: float
) -> int:
    """Return the first bar from ``a`` whose value ``tokens * x`` is at least ``peak``, or ``b``."""
    t = a
    while t < b and tokens * x[t] < peak:
        jump = climbs[_JUMP, t]
        # Closes never fall along the chain, so a jump that stays below skips only lower bars.
        is_below = jump < b and tokens * x[jump] < peak
        t = jump if is_below else climbs[NEXT, t]
    return min(t, b)


@njit(cache=True)
def longest_gap(climbs: RunArray, a: int, b: int) -> tuple[int, int]:
    """Return the longest step between two records from ``a`` on, and the last before ``b``."""
    t, longest = a, 0
    while True:
        jump = climbs[_JUMP, t]
        if jump < b:
            longest = max(longest, climbs[_GAP, t])
            t = jump
        elif climbs[NEXT, t] < b:
            longest = max(longest, climbs[NEXT, t] - t)
            t = climbs[NEXT, t]
        else:
            return longest, t
