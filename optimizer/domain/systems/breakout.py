"""Scan the two multi-week breakouts.

Source: reference specification of the optimizer, sections 10.6 and 10.7.
"""

from __future__ import annotations

import numpy as np

from optimizer.domain.features.extremes import span_max, span_min
from optimizer.domain.features.market import Market, Span
from optimizer.domain.features.prefix import S_VOLUME, span_sum
from optimizer.domain.features.recursions import Recursions
from optimizer.domain.features.runs import NOT_HIGHER, NOT_LOWER, RunArray, next_longer
from optimizer.domain.kernels import kernel, part
from optimizer.domain.signals import BUY_FLAG, SELL_FLAG
from optimizer.domain.systems.base import Found, System, put
from trading.market.domain.bars import CLOSE, VOLUME, FloatArray
from trading.signals.domain.strategies.systems import multi_week_breakout as weeks
from trading.signals.domain.strategies.systems.multi_week_breakout_ultra import (
    MULTI_WEEK_BREAKOUT_ULTRA,
)
from trading.signals.domain.strategies.systems.ties import reaches

_LOOKBACK, _CONFIRM, _EXIT = weeks.LOOKBACK, weeks.CONFIRM, weeks.EXIT
_VOLUME_WINDOW, _VOLUME_MULTIPLE = weeks.VOLUME_WINDOW, weeks.VOLUME_MULTIPLE
_MIN_HOLD, _TRAIL, _SLOPE_MIN = weeks.MIN_HOLD, weeks.TRAIL, weeks.SLOPE_MIN
_RECOVERY, _RECOVERY_MIN = weeks.RECOVERY, weeks.RECOVERY_MIN
_SHORT, _SHORT_LIMIT = weeks.SHORT, weeks.SHORT_LIMIT


@part
def _is_loud(market: Market, start: int, t: int, params: FloatArray) -> bool:
    window = int(params[_VOLUME_WINDOW])
    if t + 1 - window < start:
        return True
    mean = span_sum(market.sums[S_VOLUME], market.rests[S_VOLUME], t + 1 - window, t + 1) / window
    return bool(not mean > 0.0 or reaches(market.bars[VOLUME, t], mean * params[_VOLUME_MULTIPLE]))


@part
def _is_regime(
    market: Market, fast: FloatArray, slow: FloatArray, start: int, t: int, params: FloatArray
) -> bool:
    i, close, x = t - start, market.bars[CLOSE], market.bars[CLOSE, t]
    if i < 1 or not (fast[i] > slow[i] and fast[i] - fast[i - 1] >= params[_SLOPE_MIN]):
        return False
    recovery, short = int(params[_RECOVERY]), int(params[_SHORT])
    if t + 1 - max(recovery, short) < start:
        return False
    lowest = span_min(close, market.edges, market.tables, t + 1 - recovery, t + 1)
    highest = span_max(close, market.edges, market.tables, t + 1 - short, t + 1)
    is_recovered = x / lowest >= params[_RECOVERY_MIN]
    return bool(is_recovered and x / highest - 1.0 >= params[_SHORT_LIMIT])


@part
def _leave(
    close: FloatArray, not_higher: RunArray, bought: int, span: Span, params: FloatArray
) -> int:
    leave, min_hold, kept = int(params[_EXIT]), int(params[_MIN_HOLD]), 1.0 - params[_TRAIL]
    first_low = max(span.start + leave, bought + min_hold)
    peak = close[bought]
    for t in range(bought + 1, span.stop):
        x = close[t]
        peak = max(peak, x)
        if x <= peak * kept or (t >= first_low and not_higher[t] > leave):
            return t
    return span.stop


@kernel
def _scan_breakout(
    market: Market,
    averages: tuple[FloatArray, FloatArray],
    span: Span,
    params: FloatArray,
    found: Found,
) -> int:
    close, not_lower = market.bars[CLOSE], market.runs[NOT_LOWER]
    start, stop = span.start, span.stop
    longest = max(int(params[_LOOKBACK]), int(params[_CONFIRM]))
    has_regime = averages[0].shape[0] > 0
    k, t = 0, next_longer(not_lower, start + longest, stop, longest)
    while t < stop:
        is_buy = _is_loud(market, start, t, params)
        if is_buy and has_regime:
            is_buy = _is_regime(market, averages[0], averages[1], start, t, params)
        if not is_buy:
            t = next_longer(not_lower, t + 1, stop, longest)
            continue
        k = put(found, k, t, BUY_FLAG)
        t = _leave(close, market.runs[NOT_HIGHER], t, span, params)
        if t < stop:
            k = put(found, k, t, SELL_FLAG)
        t = next_longer(not_lower, t + 1, stop, longest)
    return k


def scan_breakout(
    market: Market, recursions: Recursions, span: Span, params: FloatArray, found: Found
) -> int:
    """Buy strict multi-week highs behind volume, regime and recovery."""
    averages = (
        recursions.ema(span, int(params[weeks.FAST])),
        recursions.ema(span, int(params[weeks.SLOW])),
    )
    return int(_scan_breakout(market, averages, span, params, found))


_NO_AVERAGES = (np.empty(0), np.empty(0))


def scan_ultra(
    market: Market, recursions: Recursions, span: Span, params: FloatArray, found: Found
) -> int:
    """Buy strict multi-week highs behind volume alone."""
    return int(_scan_breakout(market, _NO_AVERAGES, span, params, found))


SYSTEMS = (
    System(weeks.MULTI_WEEK_BREAKOUT, scan_breakout),
    System(MULTI_WEEK_BREAKOUT_ULTRA, scan_ultra),
)
