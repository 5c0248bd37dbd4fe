"""Draw a run's returns again in blocks, to see how far return and Sharpe ratio could have fallen.

The stationary bootstrap strings together blocks of random length from the observed series, wrapped
around its end, so that the dependence between neighbours survives. The mean length of a block is
chosen from the series itself.

Sources: D. N. Politis and J. P. Romano, "The Stationary Bootstrap", 1994; D. N. Politis and
H. White, "Automatic Block-Length Selection for the Dependent Bootstrap", 2004, with the correction
of A. Patton, D. N. Politis and H. White, 2009.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit

from trading.base.domain.errors import InvariantError
from trading.market.domain.bars import FloatArray

DRAWS: Final = 500
LOW, HIGH = 0.05, 0.95  # quantiles of the interval


@dataclass(frozen=True, slots=True)
class BootstrapDraws:
    """What the resampled series came to, float64[draws] each; decimals, ratios per period."""

    total_return: FloatArray
    sharpe: FloatArray
    mean_block: float


def mean_block(returns: FloatArray) -> float:
    """Return the best mean block length for ``returns``, float64[n], n >= 8, in periods, >= 1.

    b = (2 G^2 / D)^(1/3) n^(1/3) with G = sum |k| R(k), D = 2 (sum R(k))^2 over a flat-top window
    of autocovariances R, whose width is where correlations stop being significant. At most
    min(3 sqrt(n), n / 3), as the authors bound it.
    """
    n: int = returns.shape[0]
    centred = returns - returns.mean()
    variance = float(np.mean(centred**2))
    if variance <= 0.0:
        return 1.0
    width = max(5, math.ceil(math.sqrt(math.log10(n))))
    most = min(n - 1, math.ceil(math.sqrt(n)) + width)
    covariance = np.array([centred[k:] @ centred[: n - k] / n for k in range(most + 1)])
    is_small = np.abs(covariance[1:]) / variance < 2.0 * math.sqrt(math.log10(n) / n)
    lag = most
    for k in range(most):
        # the first lag after which ``width`` correlations in a row say nothing
        if is_small[k : k + width].all():
            lag = k
            break
    reach = max(1, min(2 * max(lag, 1), most))
    lags = np.arange(1, reach + 1)
    flat_top = np.minimum(1.0, 2.0 * (1.0 - lags / reach))
    window = flat_top * covariance[1 : reach + 1]
    spread = float(covariance[0] + 2.0 * window.sum())
    if spread <= 0.0:
        return 1.0
    slope = 2.0 * float((lags * window).sum())
    length: float = (slope**2 / spread**2 * n) ** (1.0 / 3.0)
    return min(max(1.0, length), max(1.0, min(3.0 * math.sqrt(n), n / 3.0)))


def stationary_bootstrap(
    returns: FloatArray, block: float, rng: np.random.Generator, draws: int = DRAWS
) -> BootstrapDraws:
    """Return total return and Sharpe ratio of ``draws`` resampled series.

    Args:
        returns: float64[n], n >= 2, simple period returns, each above -1 or at it.
        block: mean block length in periods, >= 1.
        rng: where the blocks come from.
        draws: how many series.

    Raises:
        InvariantError: too few returns, or a block shorter than a period.
    """
    n = returns.shape[0]
    if n < 2 or block < 1.0:
        raise InvariantError(f"{n} returns cannot be drawn in blocks of {block}")
    starts = rng.integers(0, n, (draws, n))
    breaks = rng.random((draws, n)) < 1.0 / block
    growth, ratio = _resample(np.ascontiguousarray(returns), starts, breaks)
    return BootstrapDraws(growth - 1.0, ratio, block)


@njit(cache=True, nogil=True)
def _resample(returns, starts, breaks):  # type: ignore[no-untyped-def]
    # -> (growth float64[draws], sharpe float64[draws])
    draws, n = starts.shape
    growth, ratio = np.empty(draws), np.empty(draws)
    for d in range(draws):
        place, grown, total, square = 0, 1.0, 0.0, 0.0
        for t in range(n):
            place += 1
            if t == 0 or breaks[d, t]:
                place = starts[d, t]
            elif place == n:
                place = 0
            r = returns[place]
            grown *= 1.0 + r
            total += r
            square += r * r
        mean = total / n
        variance = square / n - mean * mean
        growth[d] = grown
        ratio[d] = mean / variance**0.5 if variance > 1e-18 else 0.0
    return growth, ratio
