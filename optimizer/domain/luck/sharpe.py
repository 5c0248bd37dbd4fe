"""Say how likely a Sharpe ratio beats the best of as many skill-less trials as were made.

What is judged are timed returns: a run's returns less the market's for its share of the time.
Without skill a position does not know what comes after it, so that timed returns add up as a
martingale's differences do, whatever the market's volatility does and however steadily it rises.
Such returns are uncorrelated, and the Sharpe ratio of n of them varies by 1 / (n - 1). Ratios that
spread more, across trials or over blocks of time, measure costs, exposure or an edge, and not luck.

Sources: D. H. Bailey and M. López de Prado, "The Sharpe Ratio Efficient Frontier", 2012
(probabilistic Sharpe ratio); the same, "The Deflated Sharpe Ratio: Correcting for Selection Bias,
Backtest Overfitting and Non-Normality", 2014; E. Mertens, "Comments on Variance of the IID
estimator in Lo (2002)", 2002 (sampling error); M. Grinblatt and S. Titman, "Performance Measurement
without Benchmarks", 1993 (positions and the returns after them); R. A. Fisher, "Statistical Methods
for Research Workers", 1932, section 21.1 (joining chances). Sharpe ratios are per period, not
annualised, with no riskless rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from trading.market.domain.bars import FloatArray

EULER_GAMMA: Final = 0.5772156649015329
_NORMAL: Final = NormalDist()
_STILL: Final = 1e-12  # share of a run's variance below which what is left is rounding


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


def timed_returns(returns: FloatArray, market: FloatArray, share: float) -> FloatArray:
    """Return what a run earned beyond its share of the market, float64[n], period returns.

    Without skill a run earns on average what the market does in as much time. Least squares would
    find another share: that of the run's volatility, whose error a rising market turns into gain.
    Holding leaves zeros, whatever the market did.

    Args:
        returns: float64[n] of the run.
        market: float64[n] of buying and holding over the same periods.
        share: of the time buying and holding is in the market, the run's, 0 to 1.
    """
    timed: FloatArray = returns - share * market
    is_still = float(timed.var()) <= _STILL * float(market.var())
    return np.zeros_like(timed) if is_still else timed


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


def null_variance(n: int) -> float:
    """Return by how much the Sharpe ratio of ``n`` timed returns without skill varies."""
    return 1.0 / max(n - 1, 1)


def luck_hurdle(variance: float, n_trials: int) -> float:
    """Return the Sharpe ratio the best of ``n_trials`` trials without skill would show.

    Args:
        variance: of their Sharpe ratios; yearly for a yearly hurdle.
        n_trials: how many were made, all counted as independent.
    """
    return math.sqrt(variance) * expected_maximum(n_trials)


def deflated_sharpe(moments: ReturnMoments, n_trials: int, variance: float | None = None) -> float:
    """Return the probability, 0 to 1, that the true Sharpe ratio exceeds what luck would show.

    Args:
        moments: of the chosen trial's timed returns.
        n_trials: how many were made, all counted as independent.
        variance: of the Sharpe ratios of skill-less trials; ``null_variance`` where None.
    """
    hurdle = luck_hurdle(null_variance(moments.n) if variance is None else variance, n_trials)
    error = sharpe_error(moments)
    if error <= 0.0:
        return 1.0 if moments.sharpe > hurdle else 0.0
    return _NORMAL.cdf((moments.sharpe - hurdle) / error)


def returns_needed(moments: ReturnMoments, n_trials: int, least: float) -> int | None:
    """Return how many such returns bring the deflated Sharpe ratio to ``least``, None no number.

    Hurdle and error both fall with the root of the number, so that it is found at once.
    """
    if moments.sharpe <= 0.0:
        return None
    shape = sharpe_error(moments) * math.sqrt(moments.n - 1)
    wanted = expected_maximum(n_trials) + _NORMAL.inv_cdf(least) * shape
    return 1 + math.ceil((wanted / moments.sharpe) ** 2)


def luck_chance(ratio: float, n: int, n_trials: int = 1) -> float:
    """Return the chance, 0 to 1, that the best of ``n_trials`` without skill shows such a ratio.

    Args:
        ratio: Sharpe ratio of ``n`` timed returns.
        n: of them, at least 2.
        n_trials: how many were made, all counted as independent.
    """
    beaten = 0.5 * math.erfc(ratio / math.sqrt(2.0 * null_variance(n)))
    return -math.expm1(n_trials * math.log1p(-beaten)) if beaten < 1.0 else 1.0


def joint_chance(here: float, elsewhere: float | None) -> float:
    """Return the chance that two independent chances have so small a product, by Fisher.

    P(U V <= w) = w (1 - ln w) of uniform U and V; ``here`` alone where there is no other.
    """
    if elsewhere is None:
        return here
    product = here * elsewhere
    return product * (1.0 - math.log(product)) if product > 0.0 else 0.0
