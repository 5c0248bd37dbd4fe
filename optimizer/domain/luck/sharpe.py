"""Say how likely a Sharpe ratio beats the best of as many skill-less trials as were made.

Sources: D. H. Bailey and M. López de Prado, "The Sharpe Ratio Efficient Frontier", 2012
(probabilistic Sharpe ratio); the same, "The Deflated Sharpe Ratio: Correcting for Selection Bias,
Backtest Overfitting and Non-Normality", 2014; E. Mertens, "Comments on Variance of the IID
estimator in Lo (2002)", 2002 (sampling error). Sharpe ratios are per period, not annualised, with
no riskless rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from trading.domain.market.bars import FloatArray

EULER_GAMMA: Final = 0.5772156649015329
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class ReturnMoments:
    """Moments of n period returns; ``kurtosis`` is not in excess, 3 for the normal law."""

    n: int
    sharpe: float
    skewness: float
    kurtosis: float


def return_moments(returns: FloatArray) -> ReturnMoments:
    """Return the moments of ``returns``, float64[n], n >= 2, finite.

    A series that never moves has a Sharpe ratio of 0 and the shape of the normal law.
    """
    centred = returns - returns.mean()
    variance = float(np.mean(centred**2))
    if variance <= 0.0:
        return ReturnMoments(returns.shape[0], 0.0, 0.0, 3.0)
    deviation = math.sqrt(variance)
    return ReturnMoments(
        n=returns.shape[0],
        sharpe=float(returns.mean()) / deviation,
        skewness=float(np.mean(centred**3)) / deviation**3,
        kurtosis=float(np.mean(centred**4)) / variance**2,
    )


def sharpes(returns: FloatArray) -> FloatArray:
    """Return the Sharpe ratio of every column of float64[n, k], 0 where nothing moves."""
    deviation = returns.std(axis=0)
    still = deviation <= 0.0
    ratio: FloatArray = np.where(still, 0.0, returns.mean(axis=0) / np.where(still, 1.0, deviation))
    return ratio


def sharpe_error(moments: ReturnMoments) -> float:
    """Return the standard error of the Sharpe ratio: skewed and fat-tailed returns have a larger.

    sqrt((1 - g3 SR + (g4 - 1) / 4 SR^2) / (n - 1)), g3 skewness, g4 kurtosis.
    """
    ratio = moments.sharpe
    shape = 1.0 - moments.skewness * ratio + (moments.kurtosis - 1.0) / 4.0 * ratio * ratio
    return math.sqrt(max(shape, 0.0) / (moments.n - 1))


def expected_maximum(n_trials: int) -> float:
    """Return the expected largest of ``n_trials`` independent standard normal draws.

    (1 - g) Z(1 - 1/N) + g Z(1 - 1/(N e)), g the Euler-Mascheroni constant, Z the inverse normal
    distribution; 0 for a single trial, which nothing was chosen from.
    """
    if n_trials <= 1:
        return 0.0
    # Z(1 - p) = -Z(p), which keeps its digits for small p
    first = -_NORMAL.inv_cdf(1.0 / n_trials)
    second = -_NORMAL.inv_cdf(1.0 / (n_trials * math.e))
    return (1.0 - EULER_GAMMA) * first + EULER_GAMMA * second


def luck_hurdle(variance: float, n_trials: int) -> float:
    """Return the Sharpe ratio the best of ``n_trials`` trials without skill would show.

    Args:
        variance: of their Sharpe ratios; yearly for a yearly hurdle.
        n_trials: how many were made, all counted as independent.
    """
    return math.sqrt(variance) * expected_maximum(n_trials)


def deflated_sharpe(moments: ReturnMoments, n_trials: int, variance: float) -> float:
    """Return the probability, 0 to 1, that the true Sharpe ratio exceeds what luck would show.

    Args:
        moments: of the chosen trial.
        n_trials: how many were made, all counted as independent.
        variance: of the Sharpe ratios of skill-less trials, per period.
    """
    hurdle = luck_hurdle(variance, n_trials)
    error = sharpe_error(moments)
    if error <= 0.0:
        return 1.0 if moments.sharpe > hurdle else 0.0
    return _NORMAL.cdf((moments.sharpe - hurdle) / error)


def luck_variance(returns: FloatArray, n_blocks: int) -> float:
    """Return by how much Sharpe ratios of skill-less trials spread, as a variance.

    The paper takes the variance across trials. Across trials that differ in costs, or of which some
    have skill, it measures these differences and not luck: an edge would raise its own hurdle. So
    it is bounded above by the trials' own sampling variance, found from the spread of their block
    means over time (which also sees dependence between periods), and below by 1 / (n - 1), the
    sampling variance of a normal series, so that trials which are all alike cannot hide a search.

    Args:
        returns: float64[n, k], period returns of k trials.
        n_blocks: blocks of time, at least 2 and at most n / 2.
    """
    n: int = returns.shape[0]
    floor = 1.0 / (n - 1)
    deviation = returns.std(axis=0)
    moving = returns[:, deviation > 0.0]
    if moving.shape[1] < 2:
        return floor
    across = float(np.var(sharpes(moving), ddof=1))
    length = n // n_blocks
    blocks = moving[n - n_blocks * length :].reshape(n_blocks, length, -1).mean(axis=1)
    within = np.var(blocks / deviation[deviation > 0.0], axis=0, ddof=1) / n_blocks
    return max(floor, min(across, float(np.median(within))))
