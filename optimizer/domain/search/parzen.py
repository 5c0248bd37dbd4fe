"""Draw from and evaluate mixtures of truncated normal laws in the unit cube: what is dear in TPE.

A kernel is a product of normal laws, one an axis, cut off at the faces of the cube. Its mean lies
in the cube, which keeps both steps short: the tails of the normal law, where care is needed, are
never all there is. A general library meets every case and pays for it in temporary arrays.

Source: S. Watanabe, "Tree-Structured Parzen Estimator: Understanding Its Algorithm Components and
Their Roles for Better Empirical Performance", 2023; optimizer issue, "Search".
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

from trading.market.domain.bars import FloatArray

_ROOT_2: Final = math.sqrt(2.0)
_ROOT_2_PI: Final = math.sqrt(2.0 * math.pi)
_NEGLIGIBLE: Final = 45.0  # 500 kernels e^45 times lower than another are lost in its last bit
_STEPS_MOST: Final = 50  # five are usual; the last bits far out in a tail may never settle
_SETTLED: Final = 1e-6  # a step this small leaves an error of about its cube


@njit(cache=True)
def truncated_quantiles(shares: FloatArray, means: FloatArray, widths: FloatArray) -> FloatArray:
    """Return where normal laws cut off at 0 and 1 reach ``shares`` of their mass, in [0, 1].

    Halley's steps from the mean outwards: there the slope only falls, so they cannot run away.

    Args:
        shares: float64[n], in [0, 1).
        means: float64[n], in [0, 1].
        widths: float64[n], standard deviations before the cut.
    """
    found = np.empty(len(shares))
    for i in range(len(shares)):
        scale = _ROOT_2 * widths[i]
        low, high = math.erf(-means[i] / scale), math.erf((1.0 - means[i]) / scale)
        aim = low + shares[i] * (high - low)
        z = 0.0
        for _ in range(_STEPS_MOST):
            newton = 0.5 * (aim - math.erf(z / _ROOT_2)) * _ROOT_2_PI * math.exp(0.5 * z * z)
            step = newton / (1.0 - 0.5 * newton * z)
            z += step
            if abs(step) < _SETTLED:
                break
        found[i] = min(1.0, max(0.0, means[i] + widths[i] * z))
    return found


@njit(cache=True)
def _log_peaks(weights: FloatArray, means: FloatArray, widths: FloatArray) -> FloatArray:
    """Return the logarithm of what each kernel adds to the density at its mean, float64[n]."""
    peaks = np.log(weights)
    dim, n = means.shape
    for axis in range(dim):
        for k in range(n):
            mean, width = means[axis, k], widths[axis, k]
            scale = _ROOT_2 * width
            inside = 0.5 * (math.erf(mean / scale) + math.erf((1.0 - mean) / scale))
            peaks[k] -= math.log(_ROOT_2_PI * width * inside)
    return peaks


@njit(cache=True)
def mixture_log_densities(
    points: FloatArray, weights: FloatArray, means: FloatArray, widths: FloatArray
) -> FloatArray:
    """Return the logarithm of the density of a mixture at each point, float64[m].

    Kernels lie side by side in memory, so that a step of the inner loop handles several. Few of
    them matter at a point, and an exponential costs more than all the rest of a kernel.

    Args:
        points: float64[dim, m], in the cube.
        weights: float64[n], of the kernels, above zero.
        means: float64[dim, n], in the cube.
        widths: float64[dim, n], standard deviations before the cut.
    """
    dim, n = means.shape
    slopes, peaks = 1.0 / (_ROOT_2 * widths), _log_peaks(weights, means, widths)
    found, logs = np.empty(points.shape[1]), np.empty(n)
    for i in range(points.shape[1]):
        logs[:] = peaks
        for axis in range(dim):
            x = points[axis, i]
            for k in range(n):
                step = (x - means[axis, k]) * slopes[axis, k]
                logs[k] -= step * step
        most, density = logs.max(), 0.0
        for k in range(n):
            if logs[k] > most - _NEGLIGIBLE:
                density += math.exp(logs[k] - most)
        found[i] = most + math.log(density)
    return found
