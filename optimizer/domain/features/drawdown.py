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
from optimizer.domain.kernels import kernel, part
from trading.market.domain.bars import FloatArray

_SHIFT: Final = 4
_BLOCK: Final = 1 << _SHIFT
# Columns of the tree.
_HIGHEST, _LOWEST, _RATIO = range(3)
# Columns of the climbs: the next bar that is not lower, the jump, the longest gap inside the jump.
NEXT, _JUMP, _GAP = range(3)


@njit(cache=True)
def drawdown_tree(x: FloatArray) -> FloatArray:
    """Return the block summaries of ``x`` as a binary tree, float64[2 * leaves, 3], root at 1."""
    n = x.shape[0]
    blocks = max(1, (n + _BLOCK - 1) >> _SHIFT)
    leaves = 1
    while leaves < blocks:
        leaves *= 2
    tree = np.empty((2 * leaves, 3))
    tree[:, _HIGHEST], tree[:, _LOWEST], tree[:, _RATIO] = -np.inf, np.inf, 1.0
    for b in range(blocks):
        highest, lowest, ratio = -np.inf, np.inf, 1.0
        for t in range(b << _SHIFT, min((b + 1) << _SHIFT, n)):
            highest, lowest = max(highest, x[t]), min(lowest, x[t])
            ratio = min(ratio, x[t] / highest)
        node = leaves + b
        tree[node, _HIGHEST], tree[node, _LOWEST], tree[node, _RATIO] = highest, lowest, ratio
    for node in range(leaves - 1, 0, -1):
        left, right = 2 * node, 2 * node + 1
        tree[node, _HIGHEST] = max(tree[left, _HIGHEST], tree[right, _HIGHEST])
        tree[node, _LOWEST] = min(tree[left, _LOWEST], tree[right, _LOWEST])
        ratio = min(tree[left, _RATIO], tree[right, _RATIO])
        if tree[left, _HIGHEST] > 0.0 and tree[right, _LOWEST] < np.inf:
            ratio = min(ratio, tree[right, _LOWEST] / tree[left, _HIGHEST])
        tree[node, _RATIO] = ratio
    return tree


@part
def _join_bars(
    x: FloatArray, a: int, b: int, so_far: tuple[float, float, float]
) -> tuple[float, float, float]:
    highest, lowest, ratio = so_far
    for t in range(a, b):
        highest, lowest = max(highest, x[t]), min(lowest, x[t])
        ratio = min(ratio, x[t] / highest)
    return highest, lowest, ratio


@kernel
def span_summary(x: FloatArray, tree: FloatArray, a: int, b: int) -> tuple[float, float, float]:
    """Return highest, lowest and smallest ratio to the running maximum over ``a`` to ``b - 1``."""
    first, last = (a + _BLOCK - 1) >> _SHIFT, b >> _SHIFT
    summary = (-np.inf, np.inf, 1.0)
    if first >= last:
        return _join_bars(x, a, b, summary)
    highest, lowest, ratio = _join_bars(x, a, first << _SHIFT, summary)
    leaves = tree.shape[0] // 2
    block = first
    while block < last:
        size, node = 1, leaves + block
        while block & (2 * size - 1) == 0 and block + 2 * size <= last:
            size, node = 2 * size, node // 2
        if highest > 0.0:
            ratio = min(ratio, tree[node, _LOWEST] / highest)
        ratio = min(ratio, tree[node, _RATIO])
        highest, lowest = max(highest, tree[node, _HIGHEST]), min(lowest, tree[node, _LOWEST])
        block += size
    return _join_bars(x, last << _SHIFT, b, (highest, lowest, ratio))


@njit(cache=True)
def climb_chain(x: FloatArray) -> RunArray:
    """Return next, jump and gap of every bar, int32[n + 1, 3]; bar n ends every chain."""
    n = x.shape[0]
    climbs = np.zeros((n + 1, 3), dtype=np.int32)
    depth = np.zeros(n + 1, dtype=np.int32)
    climbs[n, NEXT], climbs[n, _JUMP] = n, n
    stack = np.empty(n + 1, dtype=np.int32)
    top = -1
    for t in range(n - 1, -1, -1):
        while top >= 0 and x[stack[top]] < x[t]:
            top -= 1
        parent = stack[top] if top >= 0 else n
        top += 1
        stack[top] = t
        jump = climbs[parent, _JUMP]
        far = climbs[jump, _JUMP]
        climbs[t, NEXT], depth[t] = parent, depth[parent] + 1
        gap = parent - t
        if depth[parent] - depth[jump] == depth[jump] - depth[far]:
            climbs[t, _JUMP] = far
            climbs[t, _GAP] = max(gap, climbs[parent, _GAP], climbs[jump, _GAP])
        else:
            climbs[t, _JUMP] = parent
            climbs[t, _GAP] = gap
    return climbs


@kernel
def first_at_least(
    x: FloatArray, climbs: RunArray, a: int, b: int, tokens: float, peak: float
) -> int:
    """Return the first bar from ``a`` whose value ``tokens * x`` is at least ``peak``, or ``b``."""
    t = a
    while t < b and tokens * x[t] < peak:
        jump = climbs[t, _JUMP]
        # Closes never fall along the chain, so a jump that stays below skips only lower bars.
        is_below = jump < b and tokens * x[jump] < peak
        t = jump if is_below else climbs[t, NEXT]
    return min(t, b)


@kernel
def longest_gap(climbs: RunArray, a: int, b: int) -> tuple[int, int]:
    """Return the longest step between two records from ``a`` on, and the last before ``b``."""
    t, longest = a, 0
    while True:
        jump = climbs[t, _JUMP]
        if jump < b:
            longest = max(longest, climbs[t, _GAP])
            t = jump
        elif climbs[t, NEXT] < b:
            longest = max(longest, climbs[t, NEXT] - t)
            t = climbs[t, NEXT]
        else:
            return longest, t
