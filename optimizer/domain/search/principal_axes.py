"""Find the principal axes of a covariance by rotations, two axes at a time.

For the few dimensions of a search this is as fast as a library of linear algebra. Plain loops in a
fixed order give the same bits on every machine, which such libraries do not.

Source: G. H. Golub and C. F. Van Loan, "Matrix Computations", 2013, section 8.5 (Jacobi methods).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

from trading.market.domain.bars import FloatArray

_BESIDE: Final = 1e-30  # share of the squares beside the diagonal that counts as none
_SWEEPS: Final = 30  # over all pairs at most; six are usual
_LEAST: Final = 1e-8  # variance put for one below zero


@njit(cache=True)
def axes_find(covariance: FloatArray, axes: FloatArray, lengths: FloatArray) -> None:
    """Write the principal axes of a covariance, in no particular order.

    Args:
        covariance: float64[d, d], symmetric; what rounding made indefinite is mended in place.
        axes: float64[d, d], written; a row is an axis of length 1.
        lengths: float64[d], written; standard deviation along each axis.
    """
    dim = len(covariance)
    left = np.empty((dim, dim))
    for i in range(dim):
        for j in range(dim):
            left[i, j] = covariance[i, j]
            axes[i, j] = 1.0 if i == j else 0.0
    for _ in range(_SWEEPS):
        if _is_diagonal(left):
            break
        _sweep(left, axes)
    is_sound = True
    for axis in range(dim):
        variance = left[axis, axis]
        if variance < 0.0:
            variance, is_sound = _LEAST, False
        lengths[axis] = math.sqrt(variance)
    if not is_sound:
        _compose(covariance, axes, lengths)


@njit(cache=True)
def _is_diagonal(left: FloatArray) -> bool:
    beside, on = 0.0, 0.0
    for i in range(len(left)):
        on += left[i, i] * left[i, i]
        for j in range(i):
            beside += left[j, i] * left[j, i]
    return beside <= _BESIDE * on


@njit(cache=True)
def _sweep(left: FloatArray, axes: FloatArray) -> None:
    for p in range(len(left) - 1):
        for q in range(p + 1, len(left)):
            if left[p, q] != 0.0:
                _rotate(left, axes, p, q)


@njit(cache=True)
def _rotate(left: FloatArray, axes: FloatArray, p: int, q: int) -> None:
    # the rotation that makes left[p, q] zero; only the upper triangle of ``left`` is kept
    theta = (left[q, q] - left[p, p]) / (2.0 * left[p, q])
    t = math.copysign(1.0, theta) / (abs(theta) + math.sqrt(theta * theta + 1.0))
    c = 1.0 / math.sqrt(t * t + 1.0)
    s = t * c
    left[p, p] -= t * left[p, q]
    left[q, q] += t * left[p, q]
    left[p, q] = 0.0
    for k in range(len(axes)):
        x, y = axes[p, k], axes[q, k]
        axes[p, k], axes[q, k] = c * x - s * y, s * x + c * y
        if k not in (p, q):
            i, j = min(k, p), max(k, p)
            m, n = min(k, q), max(k, q)
            x, y = left[i, j], left[m, n]
            left[i, j], left[m, n] = c * x - s * y, s * x + c * y


@njit(cache=True)
def _compose(covariance: FloatArray, axes: FloatArray, lengths: FloatArray) -> None:
    dim = len(covariance)
    for i in range(dim):
        for j in range(dim):
            x = 0.0
            for axis in range(dim):
                x += axes[axis, i] * lengths[axis] * lengths[axis] * axes[axis, j]
            covariance[i, j] = x
