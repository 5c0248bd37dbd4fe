"""Scan the hybrid of breakouts and reversions.

Source: reference specification of the optimizer, section 10.9.
"""

from __future__ import annotations

import numpy as np

from optimizer.domain.features.market import Market, Span
from optimizer.domain.features.prefix import S_CLOSE_SQUARE, span_sum
from optimizer.domain.features.recursions import Recursions
from optimizer.domain.features.runs import HIGH_ABOVE, MarkArray, next_longer, next_unlike
from optimizer.domain.kernels import kernel, part
from optimizer.domain.signals import BUY_FLAG, SELL_FLAG
from optimizer.domain.systems.base import Found, System, put
from optimizer.domain.systems.revert import average, is_dip, mark_dips, rsi_simple
from trading.market.domain.bars import CLOSE, FloatArray
from trading.signals.domain.strategies.systems import hybrid_v2 as hybrid
from trading.signals.domain.strategies.systems.hybrid_v2 import exit_target, is_stacked
from trading.signals.domain.strategies.systems.ties import reaches

_N_SMA, _RSI, _N_BREAK, _LAG = hybrid.N_SMA, hybrid.RSI, hybrid.N_BREAK, hybrid.LAG
_MAX_HOLD, _ENTRY_DROP, _RSI_MAX = hybrid.MAX_HOLD, hybrid.ENTRY_DROP, hybrid.RSI_MAX
_BASE_EXIT, _EXIT_CAP, _TRAIL = hybrid.BASE_EXIT, hybrid.EXIT_CAP, hybrid.TRAIL
Averages = tuple[FloatArray, FloatArray]
_BREAKOUT, _REVERSION = 1, 2
_CANCELLED, _NEAR = 1e-6, 1e-6  # shares of the square and of the close


@part
def _is_up(averages: Averages, i: int, params: FloatArray) -> bool:
    fast, slow = averages
    lag = int(params[_LAG])
    before = fast[i - lag] if i >= lag else np.nan
    has_window = i >= int(params[_N_BREAK]) - 1
    return bool(has_window and is_stacked(params, fast[i], slow[i], before))


@part
def _first_entry(
    market: Market,
    averages: Averages,
    span: Span,
    start: int,
    params: FloatArray,
    marks: MarkArray,
) -> tuple[int, int]:
    above = market.runs[HIGH_ABOVE]
    n_sma, n_break, period = int(params[_N_SMA]), int(params[_N_BREAK]), int(params[_RSI])
    kept = 1.0 - params[_ENTRY_DROP]
    stop = span.stop
    high = next_longer(above, span.start, stop, n_break - 1)
    dip = next_unlike(marks, span.start, stop, 0)
    while min(high, dip) < stop:
        t = min(high, dip)
        is_up = _is_up(averages, t - start, params)
        if high == t and is_up:
            return t, _BREAKOUT
        is_sunk = dip == t and not is_up and t - start >= period and is_dip(market, t, n_sma, kept)
        if is_sunk and rsi_simple(market, t, period) <= params[_RSI_MAX]:
            return t, _REVERSION
        if high == t:
            high = next_longer(above, t + 1, stop, n_break - 1)
        if dip == t:
            dip = next_unlike(marks, t + 1, stop, 0)
    return span.stop, 0


@part
def _deviation(close: FloatArray, t: int, period: int, mean: float) -> float:
    total = 0.0
    for j in range(t + 1 - period, t + 1):
        total += (close[j] - mean) * (close[j] - mean)
    return float((total / period) ** 0.5)


@part
def _is_target(market: Market, t: int, sma: float, params: FloatArray) -> bool:
    # From running squares first; near the target, or where they cancel, from the window itself.
    x, period = market.bars[CLOSE, t], int(params[_N_SMA])
    sums, rests = market.sums[S_CLOSE_SQUARE], market.rests[S_CLOSE_SQUARE]
    square = span_sum(sums, rests, t + 1 - period, t + 1) / period
    variance = square - sma * sma
    if variance > _CANCELLED * square:
        target = exit_target(params, sma, variance**0.5, x)
        if abs(x - target) > _NEAR * x:
            return bool(x >= target)
    deviation = _deviation(market.bars[CLOSE], t, period, sma)
    return bool(reaches(x, exit_target(params, sma, deviation, x)))


@part
def _leave_breakout(close: FloatArray, bought: int, stop: int, params: FloatArray) -> int:
    if params[_TRAIL] <= 0.0:
        return stop
    peak, kept = close[bought], 1.0 - params[_TRAIL]
    for t in range(bought + 1, stop):
        peak = max(peak, close[t])
        if close[t] <= peak * kept:
            return t
    return stop


@part
def _leave_reversion(market: Market, bought: int, stop: int, params: FloatArray) -> int:
    close, n_sma, max_hold = market.bars[CLOSE], int(params[_N_SMA]), int(params[_MAX_HOLD])
    # z is never negative, so the target is never below this share; the deviation is needed only
    # where it is reached. The last digits are left to the exact comparison.
    least = (1.0 + min(params[_BASE_EXIT], params[_EXIT_CAP])) * (1.0 - 1e-9)
    for t in range(bought + 1, stop):
        x, sma = close[t], average(market, t, n_sma)
        if t - bought >= max_hold and reaches(x, sma):
            return t
        if x >= sma * least and _is_target(market, t, sma, params):
            return t
    return stop


@kernel
def _scan_hybrid(
    market: Market, averages: Averages, span: Span, params: FloatArray, found: Found
) -> int:
    t = span.start + int(params[_N_SMA]) - 1
    k = 0
    if t < span.stop:
        kept = 1.0 - params[_ENTRY_DROP]
        mark_dips(market, Span(t, span.stop), int(params[_N_SMA]), kept, found.marks)
    t, mode = _first_entry(market, averages, Span(t, span.stop), span.start, params, found.marks)
    while t < span.stop:
        k = put(found, k, t, BUY_FLAG)
        if mode == _BREAKOUT:
            t = _leave_breakout(market.bars[CLOSE], t, span.stop, params)
        else:
            t = _leave_reversion(market, t, span.stop, params)
        if t < span.stop:
            k = put(found, k, t, SELL_FLAG)
        rest = Span(t + 1, span.stop)
        t, mode = _first_entry(market, averages, rest, span.start, params, found.marks)
    return k


def scan_hybrid(
    market: Market, recursions: Recursions, span: Span, params: FloatArray, found: Found
) -> int:
    """Buy breakouts in uptrends and oversold dips outside of them."""
    averages = (
        recursions.ema(span, int(params[hybrid.FAST])),
        recursions.ema(span, int(params[hybrid.SLOW])),
    )
    return int(_scan_hybrid(market, averages, span, params, found))


SYSTEMS = (System(hybrid.HYBRID_V2, scan_hybrid),)
