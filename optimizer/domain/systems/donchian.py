"""Scan the three Donchian champions.

Source: reference specification of the optimizer, sections 10.3 and 10.4.
"""

from __future__ import annotations

from optimizer.domain.features.extremes import span_max
from optimizer.domain.features.market import Market, Span
from optimizer.domain.features.prefix import S_RANGE, span_sum
from optimizer.domain.features.recursions import Recursions
from optimizer.domain.features.runs import HIGHER, LOWER, next_longer
from optimizer.domain.kernels import kernel, part
from optimizer.domain.signals import BUY_FLAG, SELL_FLAG
from optimizer.domain.systems.base import Found, System, put
from trading.market.domain.bars import CLOSE, HIGH, LOW, FloatArray
from trading.signals.domain.strategies.systems import donchian_champion as champion
from trading.signals.domain.strategies.systems import donchian_champion_dynamic as dynamic
from trading.signals.domain.strategies.systems.donchian_champion_dynamic import stop_distance

_EMA = champion.EMA
_ENTRY, _EXIT, _TRAIL = champion.ENTRY, champion.EXIT, champion.TRAIL
_D_ENTRY, _D_EXIT, _D_ATR, _D_BUFFER = dynamic.ENTRY, dynamic.EXIT, dynamic.ATR, dynamic.BUFFER


@kernel
def _scan_champion(
    market: Market, average: FloatArray, span: Span, params: FloatArray, found: Found
) -> int:
    close, higher, lower = market.bars[CLOSE], market.runs[HIGHER], market.runs[LOWER]
    start, stop = span.start, span.stop
    entry, leave, trail = int(params[_ENTRY]), int(params[_EXIT]), params[_TRAIL]
    kept = 1.0 - trail
    first_low = start + leave
    k, t = 0, next_longer(higher, start + entry, stop, entry)
    while t < stop:
        k = put(found, k, t, BUY_FLAG)
        peak = close[t]
        t += 1
        while t < stop:
            x = close[t]
            peak = max(peak, x)
            is_low = lower[t] > leave and t >= first_low and x < average[t - start]
            if is_low or (trail > 0.0 and x <= peak * kept):
                k = put(found, k, t, SELL_FLAG)
                break
            t += 1
        t = next_longer(higher, t + 1, stop, entry)
    return k


def scan_champion(
    market: Market, recursions: Recursions, span: Span, params: FloatArray, found: Found
) -> int:
    """Buy channel highs, sell channel lows below the average or on the trail."""
    average = recursions.ema(span, int(params[_EMA]))
    return int(_scan_champion(market, average, span, params, found))


@part
def mean_range(market: Market, start: int, t: int, period: int) -> float:
    """Return the simple mean true range at bar ``t``, 0 while undefined since ``start``."""
    first = t + 1 - period
    if first < start:
        return 0.0
    if first > start:
        return float(span_sum(market.sums[S_RANGE], market.rests[S_RANGE], first, t + 1) / period)
    # The first bar of a window has no bar before it: its range is high - low.
    rest = span_sum(market.sums[S_RANGE], market.rests[S_RANGE], first + 1, t + 1)
    return float((rest + market.bars[HIGH, start] - market.bars[LOW, start]) / period)


@part
def _first_entry(market: Market, start: int, stop: int, entry: int, buffer: float) -> int:
    close, higher = market.bars[CLOSE], market.runs[HIGHER]
    t = next_longer(higher, start, stop, entry)
    while t < stop:
        if buffer == 0.0:
            return t
        highest = span_max(close, market.edges, market.tables, t - entry, t)
        if close[t] >= highest * (1.0 + buffer):
            return t
        t = next_longer(higher, t + 1, stop, entry)
    return stop


@kernel
def _scan_dynamic(
    market: Market, average: FloatArray, span: Span, params: FloatArray, found: Found
) -> int:
    close, lower = market.bars[CLOSE], market.runs[LOWER]
    start, stop = span.start, span.stop
    entry, leave, period = int(params[_D_ENTRY]), int(params[_D_EXIT]), int(params[_D_ATR])
    k = 0
    t = _first_entry(market, start + entry, stop, entry, params[_D_BUFFER])
    while t < stop:
        k = put(found, k, t, BUY_FLAG)
        bought = peak = close[t]
        t += 1
        while t < stop:
            x = close[t]
            peak = max(peak, x)
            is_low = lower[t] > leave and t - start >= leave and x < average[t - start]
            if not is_low:
                ratio = mean_range(market, start, t, period) / x
                is_low = x <= peak * (1.0 - stop_distance(params, ratio, peak, bought))
            if is_low:
                k = put(found, k, t, SELL_FLAG)
                break
            t += 1
        t = _first_entry(market, t + 1, stop, entry, params[_D_BUFFER])
    return k


def scan_dynamic(
    market: Market, recursions: Recursions, span: Span, params: FloatArray, found: Found
) -> int:
    """Buy buffered channel highs, sell channel lows or on the widening trail."""
    average = recursions.ema(span, int(params[dynamic.EMA]))
    return int(_scan_dynamic(market, average, span, params, found))


SYSTEMS = (
    System(champion.DONCHIAN_CHAMPION, scan_champion),
    System(champion.DONCHIAN_CHAMPION_AGGRESSIVE, scan_champion),
    System(dynamic.DONCHIAN_CHAMPION_DYNAMIC, scan_dynamic),
)
