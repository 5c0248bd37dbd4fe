"""Every feature over whole arrays: the oracle beside the streamed ones.

TA-Lib where it has the function and is sound, numba otherwise. Two of its functions are not sound
after an extreme wick, because they subtract from running sums what the wick added: SMA is replaced
by a compensated sum, STDDEV by taking every window by itself, which costs O(n * period); both stay
oracles of these. A law holds the streamed features to these (1e-9 relative; the logarithms differ
in their last digit).

Documented differences to TA-Lib: EMA starts from the first value instead of a mean; an RSI without
any movement is 50, not 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
import talib
from numba import njit

from trading.market.domain.bars import CLOSE, HIGH, LOW, FloatArray
from trading.signals.domain.feature_plan import check_feature
from trading.signals.domain.strategies.base import Feature, FeatureKind

_RSI_FLOOR: Final = 3e-10  # of the close
# TA-Lib calls sums below 1e-14 zero, which a cheap coin reaches; a power of two changes no digit.
_LIFT: Final = 2.0**300


def feature_compute(feature: Feature, values: FloatArray) -> FloatArray:
    """Return ``feature`` at every bar.

    Args:
        feature: kind, period and column.
        values: float64[5, n], open, high, low, close, volume; oldest first, finite.

    Returns:
        float64[n]; entry i knows bars 0 to i only and is NaN until warm.

    Raises:
        BadInputError: the feature has no meaning, see ``check_feature``.
    """
    check_feature(feature)
    x = np.ascontiguousarray(values[feature.column], dtype=np.float64)
    if x.shape[0] == 0:
        return np.empty(0)
    if feature.kind in (FeatureKind.ATR_WILDER, FeatureKind.ATR_SIMPLE):
        return _ranges(feature, values)
    if feature.kind in _OF_PRICE:
        return _OF_PRICE[feature.kind](x, feature.period)
    returns = np.log(x[1:] / x[:-1])
    return _after_first(_OF_RETURNS[feature.kind](returns, feature.period))


def _after_first(tail: FloatArray) -> FloatArray:
    return np.concatenate((np.array([np.nan]), tail))


def _delay(series: FloatArray) -> FloatArray:
    return _after_first(series)[: series.shape[0]]


@njit(cache=True)
def _mean(x: FloatArray, period: int) -> FloatArray:
    # Neumaier's sum: ``rest`` collects what rounding took from ``total``.
    out = np.full(x.shape[0], np.nan)
    total, rest = 0.0, 0.0
    for i in range(x.shape[0]):
        for y in (x[i], -x[i - period] if i >= period else 0.0):
            grown = total + y
            rest += (total - grown) + y if abs(total) >= abs(y) else (y - grown) + total
            total = grown
        if i >= period - 1:
            out[i] = (total + rest) / period
    return out


def _largest(x: FloatArray, period: int) -> FloatArray:
    if period > x.shape[0]:
        return np.full(x.shape[0], np.nan)
    return x.copy() if period == 1 else talib.MAX(x, period)


def _smallest(x: FloatArray, period: int) -> FloatArray:
    if period > x.shape[0]:
        return np.full(x.shape[0], np.nan)
    return x.copy() if period == 1 else talib.MIN(x, period)


@njit(cache=True)
def _deviation(x: FloatArray, period: int) -> FloatArray:
    out = np.full(x.shape[0], np.nan)
    for i in range(period - 1, x.shape[0]):
        # Measured from the last value, so that a window without movement deviates by exactly 0.
        total = 0.0
        for j in range(i - period + 1, i + 1):
            total += x[j] - x[i]
        mean, square = total / period, 0.0
        for j in range(i - period + 1, i + 1):
            square += (x[j] - x[i] - mean) ** 2
        out[i] = math.sqrt(square / period)
    return out


@njit(cache=True)
def _exponential(x: FloatArray, period: int) -> tuple[FloatArray, FloatArray]:
    mean, variance = np.empty(x.shape[0]), np.empty(x.shape[0])
    alpha = 2.0 / (period + 1.0)
    mean[0], variance[0] = x[0], 0.0
    if period == 1:
        mean[:], variance[:] = x, 0.0
        return mean, variance
    for i in range(1, x.shape[0]):
        gap = x[i] - mean[i - 1]
        mean[i] = mean[i - 1] + alpha * gap
        variance[i] = (1.0 - alpha) * (variance[i - 1] + alpha * gap * gap)
    return mean, variance


@njit(cache=True)
def _wilder(x: FloatArray, period: int) -> FloatArray:
    out = np.full(x.shape[0], np.nan)
    if x.shape[0] >= period:
        out[period - 1] = x[:period].mean()
        for i in range(period, x.shape[0]):
            out[i] = (out[i - 1] * (period - 1) + x[i]) / period
    return out


def _ratio_index(gain: FloatArray, loss: FloatArray) -> FloatArray:
    total = gain + loss
    index = np.full(total.shape[0], 50.0)
    np.divide(100.0 * gain, total, out=index, where=total > 0)
    return np.where(np.isnan(total), np.nan, index)


def _rsi_of_changes(changes: FloatArray, period: int) -> FloatArray:
    return _ratio_index(
        _wilder(np.maximum(changes, 0.0), period), _wilder(np.maximum(-changes, 0.0), period)
    )


def _rsi_wilder(x: FloatArray, period: int) -> FloatArray:
    if period == 1:
        return _after_first(_rsi_of_changes(np.diff(x), period))
    if x.shape[0] <= period:
        return np.full(x.shape[0], np.nan)
    index = talib.RSI(x * _LIFT, period)
    never_moved = np.logical_and.accumulate(x == x[0])
    never_moved[:period] = False
    return np.where(never_moved, 50.0, index)


def _rsi_simple(x: FloatArray, period: int) -> FloatArray:
    changes = np.diff(x)
    gain = _mean(np.maximum(changes, 0.0), period)
    loss = _mean(np.maximum(-changes, 0.0), period)
    return _after_first(100.0 - 100.0 / (1.0 + gain / (loss + _RSI_FLOOR * x[1:])))


def _lag(x: FloatArray, period: int) -> FloatArray:
    out = np.full(x.shape[0], np.nan)
    out[period:] = x[:-period]
    return out


def _ranges(feature: Feature, values: FloatArray) -> FloatArray:
    high, low, close = (np.ascontiguousarray(values[row]) for row in (HIGH, LOW, CLOSE))
    if feature.kind is FeatureKind.ATR_SIMPLE:
        reach = talib.TRANGE(high, low, close)
        reach[0] = high[0] - low[0]
        return _mean(reach, feature.period)
    if close.shape[0] <= feature.period:
        return np.full(close.shape[0], np.nan)
    return talib.ATR(high, low, close, feature.period)


def _warm(series: FloatArray, period: int) -> FloatArray:
    series[: period - 1] = np.nan
    return series


_OF_PRICE: Final[dict[FeatureKind, Callable[[FloatArray, int], FloatArray]]] = {
    FeatureKind.SMA: _mean,
    FeatureKind.EMA: lambda x, period: _exponential(x, period)[0],
    FeatureKind.STD: _deviation,
    FeatureKind.ROLLING_MAX: _largest,
    FeatureKind.ROLLING_MIN: _smallest,
    FeatureKind.PREV_MAX: lambda x, period: _delay(_largest(x, period)),
    FeatureKind.PREV_MIN: lambda x, period: _delay(_smallest(x, period)),
    FeatureKind.PREV_MEAN: lambda x, period: _delay(_mean(x, period)),
    FeatureKind.LOG_RETURN: lambda x, period: np.log(x / _lag(x, period)),
    FeatureKind.RSI_WILDER: _rsi_wilder,
    FeatureKind.RSI_SIMPLE: _rsi_simple,
    FeatureKind.MEAN_ABS_CHANGE: lambda x, p: _after_first(_mean(np.abs(np.diff(x)), p)),
    FeatureKind.LAG: _lag,
}
_OF_RETURNS: Final[dict[FeatureKind, Callable[[FloatArray, int], FloatArray]]] = {
    FeatureKind.LOG_RETURN_STD: _deviation,
    FeatureKind.PREV_RETURN_STD: lambda r, period: _delay(_deviation(r, period)),
    FeatureKind.UP_SHARE: lambda r, period: _mean((np.sign(r) + 1.0) / 2.0, period),
    FeatureKind.EWMA_RETURN: lambda r, period: _warm(_exponential(r, period)[0], period),
    FeatureKind.EWMA_VARIANCE: lambda r, period: _warm(_exponential(r, period)[1], period),
    FeatureKind.RSI_LOG: _rsi_of_changes,
}
