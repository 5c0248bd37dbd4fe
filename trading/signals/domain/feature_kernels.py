"""Advance every planned feature by one closed bar, in one compiled call.

Windows are condensed without ever subtracting: time is cut into blocks of ``period`` bars, the
finished block is turned into its suffix aggregates in place, and a window is one suffix of the
finished block joined with the running aggregate of the current one. So no rounding error outlives
the bar that caused it (a single wick 1,690 times the price leaves no trace once it has left the
window), extremes need no queue, and the work per bar is constant on average: two operations, plus
one sweep of ``period`` operations every ``period`` bars.

All kernels stay in this one file because numba's disk cache only watches the file of the function
it compiled, not those of the functions called.

Sources: aggregation by blocks, van Herk (1992) and Gil and Werman (1993); joining of moments, Chan,
Golub and LeVeque (1983); exponentially weighted variance, West (1979); Wilder (1978).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

from trading.market.domain.bars import CLOSE, HIGH, LOW, FloatArray, IntArray
from trading.signals.domain.feature_plan import SLOT_HEAD, Aggregate, Source

# Plain integers, because compiled code treats them as constants.
_VALUE: Final = int(Source.VALUE)
_RANGE: Final = int(Source.RANGE)
_LINKED_RANGE: Final = int(Source.LINKED_RANGE)
_CHANGE: Final = int(Source.CHANGE)
_ABS_CHANGE: Final = int(Source.ABS_CHANGE)
_LOG_CHANGE: Final = int(Source.LOG_CHANGE)
_MEAN: Final = int(Aggregate.MEAN)
_DEVIATION: Final = int(Aggregate.DEVIATION)
_LARGEST: Final = int(Aggregate.LARGEST)
_SMALLEST: Final = int(Aggregate.SMALLEST)
_LAG: Final = int(Aggregate.LAG)
_LOG_RATIO: Final = int(Aggregate.LOG_RATIO)
_EMA: Final = int(Aggregate.EMA)
_EWMA_VARIANCE: Final = int(Aggregate.EWMA_VARIANCE)
_WILDER_MEAN: Final = int(Aggregate.WILDER_MEAN)
_WILDER_RSI: Final = int(Aggregate.WILDER_RSI)
_SIMPLE_RSI: Final = int(Aggregate.SIMPLE_RSI)
_LAST: Final = 1  # where the header keeps the last bar
_BEFORE: Final = 6  # and the one before it
_UPDATES: Final = 11
# Of the close, keeps an all-gain window finite. The reference adds 1e-12 quote, which is this share
# of its prices and would be anything at others.
_RSI_FLOOR: Final = 3e-10


@njit(cache=True, inline="always")
def simple_rsi(gain: float, loss: float, close: float) -> float:
    """Return the RSI of a mean gain and loss, quote each, at a close above 0."""
    return 100.0 - 100.0 / (1.0 + gain / (loss + _RSI_FLOOR * close))


@njit(cache=True)
def _true_range(mem: FloatArray) -> float:
    high: float = mem[_LAST + HIGH]
    low: float = mem[_LAST + LOW]
    if mem[0] == 0.0:
        return high - low
    close: float = mem[_BEFORE + CLOSE]
    return max(high - low, abs(high - close), abs(low - close))


@njit(cache=True)
def _source_of(mem: FloatArray, source: int, column: int) -> float:
    now: float = mem[_LAST + column]
    before: float = mem[_BEFORE + column]
    if source == _VALUE:
        return now
    if source == _CHANGE:
        return now - before
    if source == _ABS_CHANGE:
        return abs(now - before)
    if source == _LOG_CHANGE:
        return math.log(now / before)
    if source <= _LINKED_RANGE:
        return _true_range(mem)
    return 1.0 if now > before else (0.5 if now == before else 0.0)


@njit(cache=True)
def _mean(mem: FloatArray, head: int, buffer: int, period: int, seen: int, y: float) -> float:
    pos = (seen - 1) % period
    prefix = y if pos == 0 else mem[head] + y
    mem[head] = prefix
    mem[buffer + pos] = y
    if pos < period - 1:
        total = prefix + mem[buffer + pos + 1]
    else:
        total = prefix
        for j in range(buffer + period - 2, buffer - 1, -1):
            mem[j] += mem[j + 1]
    return total / period if seen >= period else np.nan


@njit(cache=True)
def _deviation(mem: FloatArray, at: int, period: int, seen: int, y: float) -> float:
    means, squares, pos = at + SLOT_HEAD, at + SLOT_HEAD + period, (seen - 1) % period
    mean, square = (0.0, 0.0) if pos == 0 else (mem[at + 1], mem[at + 2])
    delta = y - mean
    mean += delta / (pos + 1)
    square += delta * (y - mean)
    mem[at + 1], mem[at + 2] = mean, square
    mem[means + pos] = y
    if pos < period - 1:
        n_new, n_old = pos + 1.0, period - pos - 1.0
        gap = mem[means + pos + 1] - mean
        square += mem[squares + pos + 1] + gap * gap * n_new * n_old / period
    else:
        suffix_mean, suffix_square = 0.0, 0.0
        for j in range(period - 1, -1, -1):
            delta = mem[means + j] - suffix_mean
            suffix_mean += delta / (period - j)
            suffix_square += delta * (mem[means + j] - suffix_mean)
            mem[means + j], mem[squares + j] = suffix_mean, suffix_square
    return math.sqrt(square / period) if seen >= period else np.nan


@njit(cache=True)
def _extreme(mem: FloatArray, at: int, period: int, seen: int, y: float) -> float:
    # Of the numbers as given: a smallest value is the largest of the negated ones.
    head, buffer, pos = at + 1, at + SLOT_HEAD, (seen - 1) % period
    prefix = y if pos == 0 else max(mem[head], y)
    mem[head] = prefix
    mem[buffer + pos] = y
    if pos < period - 1:
        top = max(prefix, mem[buffer + pos + 1])
    else:
        top = prefix
        for j in range(buffer + period - 2, buffer - 1, -1):
            mem[j] = max(mem[j], mem[j + 1])
    return top if seen >= period else np.nan


@njit(cache=True)
def _lag(mem: FloatArray, at: int, period: int, seen: int, y: float) -> float:
    slot = at + SLOT_HEAD + (seen - 1) % period
    old: float = mem[slot]
    mem[slot] = y
    return old if seen > period else np.nan


@njit(cache=True)
def _exponential(
    mem: FloatArray, at: int, period: int, seen: int, y: float, aggregate: int
) -> float:
    if seen == 1 or period == 1:  # steps of the whole way may miss y by its last digit
        mem[at + 1], mem[at + 2] = y, 0.0
    else:
        alpha = 2.0 / (period + 1.0)
        delta = y - mem[at + 1]
        step = alpha * delta
        mem[at + 1] += step
        mem[at + 2] = (1.0 - alpha) * (mem[at + 2] + delta * step)
    mean: float = mem[at + 1]
    variance: float = mem[at + 2]
    if aggregate == _EMA:
        return mean
    if seen < period:
        return np.nan
    return variance if aggregate == _EWMA_VARIANCE else mean


@njit(cache=True)
def _wilder(mem: FloatArray, at: int, period: int, seen: int, y: float) -> float:
    # One smoothed accumulator at ``at``: a sum until ``period`` numbers were seen, then a mean.
    if seen <= period:
        mem[at] = y if seen == 1 else mem[at] + y
        if seen == period:
            mem[at] /= period
    else:
        mem[at] = (mem[at] * (period - 1) + y) / period
    mean: float = mem[at]
    return mean if seen >= period else np.nan


@njit(cache=True)
def _wilder_rsi(mem: FloatArray, at: int, period: int, seen: int, y: float) -> float:
    gain = _wilder(mem, at + 1, period, seen, max(y, 0.0))
    loss = _wilder(mem, at + 2, period, seen, max(-y, 0.0))
    if seen < period:
        return np.nan
    total = gain + loss
    return 100.0 * gain / total if total > 0.0 else 50.0


@njit(cache=True)
def _simple_rsi(mem: FloatArray, at: int, period: int, seen: int, y: float) -> float:
    buffer = at + SLOT_HEAD
    gain = _mean(mem, at + 1, buffer, period, seen, max(y, 0.0))
    loss = _mean(mem, at + 2, buffer + period, period, seen, max(-y, 0.0))
    return simple_rsi(gain, loss, mem[_LAST + CLOSE])


@njit(cache=True)
def _windowed(mem: FloatArray, at: int, period: int, seen: int, y: float, aggregate: int) -> float:
    if aggregate == _MEAN:
        return _mean(mem, at + 1, at + SLOT_HEAD, period, seen, y)
    if aggregate == _DEVIATION:
        return _deviation(mem, at, period, seen, y)
    if aggregate == _LARGEST:
        return _extreme(mem, at, period, seen, y)
    if aggregate == _SMALLEST:
        return -_extreme(mem, at, period, seen, -y)
    old = _lag(mem, at, period, seen, y)
    return old if aggregate == _LAG else math.log(y / old)


@njit(cache=True)
def _aggregate(mem: FloatArray, at: int, period: int, seen: int, y: float, aggregate: int) -> float:
    if aggregate <= _LOG_RATIO:
        return _windowed(mem, at, period, seen, y, aggregate)
    if aggregate <= _EWMA_VARIANCE:
        return _exponential(mem, at, period, seen, y, aggregate)
    if aggregate == _WILDER_MEAN:
        return _wilder(mem, at + 1, period, seen, y)
    if aggregate == _WILDER_RSI:
        return _wilder_rsi(mem, at, period, seen, y)
    return _simple_rsi(mem, at, period, seen, y)


@njit(cache=True)
def _push_bar(mem: FloatArray, o: float, h: float, low: float, c: float, v: float) -> None:
    for j in range(_BEFORE, _BEFORE + 5):
        mem[j] = mem[j - 5]
    mem[_LAST] = o
    mem[_LAST + 1] = h
    mem[_LAST + 2] = low
    mem[_LAST + 3] = c
    mem[_LAST + 4] = v


@njit(cache=True)
def advance(
    plan: IntArray,
    mem: FloatArray,
    values: FloatArray,
    gather: IntArray,
    out: FloatArray,
    bar: tuple[float, float, float, float, float],
) -> None:
    """Feed one closed bar to all features and spread their values to the consumers.

    Args:
        plan: int64[n, 6], see ``feature_plan``.
        mem: float64[m], changed in place; zeros before the first bar.
        values: float64[n], written: the value of each feature, NaN until warm.
        gather: int64[k], which feature each place of ``out`` shows.
        out: float64[k], written.
        bar: open, high, low, close, volume.
    """
    _push_bar(mem, bar[0], bar[1], bar[2], bar[3], bar[4])
    n = int(mem[0])
    for i in range(plan.shape[0]):
        source, at = plan[i, 0], plan[i, 4]
        seen = n + 1 if source < _LINKED_RANGE else n
        value = np.nan
        if seen > 0:
            y = _source_of(mem, source, plan[i, 3])
            value = _aggregate(mem, at, plan[i, 2], seen, y, plan[i, 1])
        if plan[i, 5]:
            value, mem[at] = mem[at] if seen > 1 else np.nan, value
        values[i] = value
    mem[_UPDATES] += plan.shape[0]
    mem[0] = n + 1
    for j in range(gather.shape[0]):
        out[j] = values[gather[j]]
