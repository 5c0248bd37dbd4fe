"""Scan the CSMA revert Pro1.

Source: reference specification of the optimizer, section 10.10.
"""

from __future__ import annotations

from optimizer.domain.features.extremes import span_max
from optimizer.domain.features.market import Market, Span
from optimizer.domain.features.recursions import Recursions
from optimizer.domain.features.runs import next_unlike
from optimizer.domain.kernels import kernel, part
from optimizer.domain.signals import BUY_FLAG, SELL_FLAG
from optimizer.domain.systems.base import Found, System, put
from optimizer.domain.systems.donchian import mean_range
from optimizer.domain.systems.revert import average, is_dip, mark_dips
from trading.market.domain.bars import CLOSE, FloatArray
from trading.signals.domain.strategies.systems import csma_revert_pro1 as pro1
from trading.signals.domain.strategies.systems.ties import reaches

_N_SMA, _ATR, _CRASH = pro1.N_SMA, pro1.ATR, pro1.CRASH
_COOLDOWN, _MIN_HOLD, _ENTRY_DROP = pro1.COOLDOWN, pro1.MIN_HOLD, pro1.ENTRY_DROP
_EXIT_UP, _RSI_MAX, _RSI_EXIT = pro1.EXIT_UP, pro1.RSI_MAX, pro1.RSI_EXIT
_ATR_MIN, _CRASH_MAX, _TRAIL = pro1.ATR_MIN, pro1.CRASH_MAX, pro1.TRAIL


@part
def _is_crashed(market: Market, start: int, t: int, params: FloatArray) -> bool:
    crash, period, x = int(params[_CRASH]), int(params[_ATR]), market.bars[CLOSE, t]
    if t + 1 - max(crash, period) < start:
        return False
    if mean_range(market, start, t, period) / x < params[_ATR_MIN]:
        return False
    highest = span_max(market.bars[CLOSE], market.edges, market.tables, t + 1 - crash, t + 1)
    return bool(x / highest - 1.0 <= params[_CRASH_MAX])


@part
def _leave(market: Market, rsi: FloatArray, bought: int, span: Span, params: FloatArray) -> int:
    close, n_sma = market.bars[CLOSE], int(params[_N_SMA])
    first = bought + int(params[_MIN_HOLD])
    target, kept = 1.0 + params[_EXIT_UP], 1.0 - params[_TRAIL]
    peak = close[bought]
    for t in range(bought + 1, span.stop):
        x = close[t]
        peak = max(peak, x)
        if t < first:
            continue
        if rsi[t - span.start] >= params[_RSI_EXIT] or x <= peak * kept:
            return t
        if reaches(x, average(market, t, n_sma) * target):
            return t
    return span.stop


@kernel
def _scan_crash(
    market: Market, rsi: FloatArray, span: Span, params: FloatArray, found: Found
) -> int:
    n_sma, kept = int(params[_N_SMA]), 1.0 - params[_ENTRY_DROP]
    cooldown = int(params[_COOLDOWN])
    k = 0
    t = span.start + n_sma - 1
    if t < span.stop:
        mark_dips(market, Span(t, span.stop), n_sma, kept, found.marks)
        t = next_unlike(found.marks, t, span.stop, 0)
    while t < span.stop:
        if (
            rsi[t - span.start] <= params[_RSI_MAX]
            and is_dip(market, t, n_sma, kept)
            and _is_crashed(market, span.start, t, params)
        ):
            k = put(found, k, t, BUY_FLAG)
            t = _leave(market, rsi, t, span, params)
            if t < span.stop:
                k = put(found, k, t, SELL_FLAG)
            t += max(cooldown, 1) - 1
        t = next_unlike(found.marks, t + 1, span.stop, 0)
    return k


def scan_crash(
    market: Market, recursions: Recursions, span: Span, params: FloatArray, found: Found
) -> int:
    """Buy the aftermath of crashes, hold at least ``min_hold_bars``, rest after the exit."""
    rsi = recursions.rsi(span, int(params[pro1.RSI]))
    return int(_scan_crash(market, rsi, span, params, found))


SYSTEMS = (System(pro1.CSMA_REVERT_PRO1, scan_crash),)
