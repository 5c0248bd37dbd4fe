"""Compute recursive indicators over whole windows: the only features without a shared shortcut.

An exponential average is a chain in which each bar waits for the one before. Written relative to
the first close of a block of eight, all but one step per block is free of that chain, which is
several times faster and differs from the chain in the last digit only. That digit decides nothing
unless a market stands still and the average creeps up to it; such data takes the stepwise form.

Sources: reference specification of the optimizer, section 10; Wilder (1978).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from optimizer.domain.features.prefix import true_range
from trading.market.domain.bars import CLOSE, HIGH, LOW, FloatArray
from trading.signals.domain.strategies.systems.csma_revert_pro1 import rsi_value
from trading.signals.domain.strategies.systems.directional import SIZE, adx_step


@njit(cache=True, nogil=True)
def longest_flat(x: FloatArray) -> int:
    """Return the most bars in a row with the same value."""
    longest, run = 1, 1
    for t in range(1, x.shape[0]):
        run = run + 1 if x[t] == x[t - 1] else 1
        longest = max(longest, run)
    return longest


@njit(cache=True, nogil=True)
def ema_stepwise(x: FloatArray, period: int, out: FloatArray) -> None:
    """Write what ``ema`` writes, bit for bit as the streamed feature does."""
    if period == 1:
        out[:] = x  # steps of the whole way may miss it by its last digit
        return
    alpha = 2.0 / (period + 1.0)
    e = x[0]
    out[0] = e
    for t in range(1, x.shape[0]):
        e += alpha * (x[t] - e)
        out[t] = e


@njit(cache=True, nogil=True)
def ema(x: FloatArray, period: int, out: FloatArray) -> None:
    """Write the exponential average of ``x``, alpha 2 / (period + 1), seeded with its first value.

    Args:
        x: float64[n], n > 0, oldest first, finite.
        period: bars, at least 1.
        out: float64[n], written, never NaN.
    """
    n = x.shape[0]
    if period == 1:
        out[:] = x
        return
    alpha = 2.0 / (period + 1.0)
    b1 = 1.0 - alpha
    b2, b3, b4 = b1 * b1, b1 * b1 * b1, b1 * b1 * b1 * b1
    b5, b6, b7, b8 = b4 * b1, b4 * b2, b4 * b3, b4 * b4
    e = x[0]
    t = 0
    while t + 8 <= n:
        base = x[t]
        s1 = alpha * (x[t + 1] - base)
        s2 = b1 * s1 + alpha * (x[t + 2] - base)
        s3 = b1 * s2 + alpha * (x[t + 3] - base)
        s4 = b1 * s3 + alpha * (x[t + 4] - base)
        s5 = b1 * s4 + alpha * (x[t + 5] - base)
        s6 = b1 * s5 + alpha * (x[t + 6] - base)
        s7 = b1 * s6 + alpha * (x[t + 7] - base)
        y = e - base
        out[t] = base + b1 * y
        out[t + 1] = base + (b2 * y + s1)
        out[t + 2] = base + (b3 * y + s2)
        out[t + 3] = base + (b4 * y + s3)
        out[t + 4] = base + (b5 * y + s4)
        out[t + 5] = base + (b6 * y + s5)
        out[t + 6] = base + (b7 * y + s6)
        e = base + (b8 * y + s7)
        out[t + 7] = e
        t += 8
    while t < n:
        e += alpha * (x[t] - e)
        out[t] = e
        t += 1


@njit(cache=True, nogil=True)
def rsi_recursive(x: FloatArray, period: int, out: FloatArray) -> None:
    """Write the RSI of recursive means (alpha 1 / period, seeded with the first change).

    Args:
        x: float64[n], n > 0, oldest first.
        period: bars, at least 1.
        out: float64[n], written, 0 to 100; 50 at the first bar and while nothing was ever lost.
    """
    out[0] = 50.0
    gain, loss = 0.0, 0.0
    alpha = 1.0 / period
    for t in range(1, x.shape[0]):
        change = x[t] - x[t - 1]
        up, down = max(change, 0.0), max(-change, 0.0)
        if t == 1:
            gain, loss = up, down
        else:
            gain += alpha * (up - gain)
            loss += alpha * (down - loss)
        out[t] = rsi_value(gain, loss)


@njit(cache=True, nogil=True)
def atr_wilder(bars: FloatArray, period: int, out: FloatArray) -> None:
    """Write Wilder's average true range, quote, seeded with the simple mean, as TA-Lib.

    Args:
        bars: float64[5, n].
        period: bars, at least 1.
        out: float64[n], written; the first ``period`` entries NaN (a range needs the bar before).
    """
    mean = 0.0
    for t in range(bars.shape[1]):
        if t == 0:
            out[t] = np.nan
            continue
        reach = true_range(bars, t)
        if t <= period:
            mean += reach
            if t == period:
                mean /= period
        else:
            mean = (mean * (period - 1) + reach) / period
        out[t] = mean if t >= period else np.nan


@njit(cache=True, nogil=True)
def adx_candles(bars: FloatArray, period: int, size: int, out: FloatArray) -> None:
    """Write Wilder's directional index of candles of ``size`` bars, 0 to 100.

    Args:
        bars: float64[5, n].
        period: candles, at least 2.
        size: bars of one candle, at least 1.
        out: float64[n // size], written; NaN until warm. Entry j is known at the close of bar
            ``(j + 1) * size - 1``; an unfinished candle at the end has none.
    """
    state = np.zeros(SIZE)
    highs, lows, close = bars[HIGH], bars[LOW], bars[CLOSE]
    for j in range(out.shape[0]):
        high, low = highs[j * size], lows[j * size]
        for t in range(j * size + 1, (j + 1) * size):
            high, low = max(high, highs[t]), min(low, lows[t])
        out[j] = adx_step(state, 0, period, high, low, close[(j + 1) * size - 1])


@njit(cache=True, nogil=True)
def hold_drawdown(bars: FloatArray, start: int, stop: int) -> float:
    """Return the deepest drawdown of the close over the window, a ratio <= 0."""
    peak, worst = -np.inf, 0.0
    for t in range(start, stop):
        x = bars[CLOSE, t]
        peak = max(peak, x)
        worst = min(worst, x / peak - 1.0)
    return worst
