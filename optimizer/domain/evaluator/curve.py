"""Write out the equity of every bar, for finalists and for the few runs whose moments need it.

Source: reference specification of the optimizer, section 2.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from optimizer.domain.evaluator.account import TINY_SHARE
from optimizer.domain.evaluator.walk import (
    T_COST_BUY,
    T_ENTRY,
    T_ENTRY_PRICE,
    T_EQUITY,
    T_EXIT,
    T_PROCEEDS,
)
from optimizer.domain.features.market import Market, Span
from trading.market.domain.bars import CLOSE, FloatArray


@njit(cache=True, nogil=True)
def equity_curve(market: Market, span: Span, trade_size: float, trades: FloatArray) -> FloatArray:
    """Return the equity at every bar of ``span``, quote, float64[stop - start].

    Args:
        market: the shared arrays.
        span: the bars of the run.
        trade_size: quote, the cash it began with.
        trades: the rows of ``walk`` for the same span; the bar of an exit already shows the cash.
    """
    close = market.bars[CLOSE]
    out = np.empty(span.stop - span.start)
    pos, cash = span.start, trade_size
    for k in range(trades.shape[0]):
        entry, leave = int(trades[k, T_ENTRY]), int(trades[k, T_EXIT])
        for t in range(pos, entry):
            out[t - span.start] = cash
        tokens = (trades[k, T_EQUITY] - trades[k, T_COST_BUY]) / trades[k, T_ENTRY_PRICE]
        for t in range(entry, leave):
            out[t - span.start] = tokens * close[t]
        cash = trades[k, T_PROCEEDS]
        pos = leave
    for t in range(pos, span.stop):
        out[t - span.start] = cash
    return out


@njit(cache=True, nogil=True)
def exact_moments(curve: FloatArray) -> tuple[float, float, float]:
    """Return mean and deviation of the one-bar returns and the deviation of the negative ones.

    Args:
        curve: float64[n], equity, oldest first, the trade size at its first bar, whose return is 0.

    Returns:
        population deviations in two passes, 0 where nothing is negative.
    """
    n, floor = curve.shape[0], curve[0] * TINY_SHARE
    total, negative, count = 0.0, 0.0, 0
    for t in range(1, n):
        r = (curve[t] - curve[t - 1]) / max(curve[t - 1], floor)
        total += r
        if r < 0.0:
            negative += r
            count += 1
    mean = total / n
    low_mean = negative / count if count else 0.0
    spread, low_spread = mean * mean, 0.0
    for t in range(1, n):
        r = (curve[t] - curve[t - 1]) / max(curve[t - 1], floor)
        spread += (r - mean) * (r - mean)
        if r < 0.0:
            low_spread += (r - low_mean) * (r - low_mean)
    return mean, (spread / n) ** 0.5, (low_spread / count) ** 0.5 if count else 0.0
