"""Scan the tight trend follower.

Source: reference specification of the optimizer, section 10.5.
"""

from __future__ import annotations

from optimizer.domain.features.market import Market, Span
from optimizer.domain.features.recursions import Recursions
from optimizer.domain.features.runs import HIGHER, LOWER, next_longer
from optimizer.domain.kernels import kernel, part
from optimizer.domain.signals import BUY_FLAG, SELL_FLAG
from optimizer.domain.systems.base import Found, System, put
from trading.market.domain.bars import CLOSE, FloatArray
from trading.signals.domain.strategies.systems import tight_trend_follow as tight

_ENTRY, _EXIT, _TRAIL = tight.ENTRY, tight.EXIT, tight.TRAIL
Averages = tuple[FloatArray, FloatArray, FloatArray]


@part
def _is_up(averages: Averages, i: int, x: float) -> bool:
    fast, mid, slow = averages
    return bool(i > 0 and x > fast[i] > mid[i] > slow[i] and fast[i] > fast[i - 1])


@kernel
def _scan_tight(
    market: Market, averages: Averages, span: Span, params: FloatArray, found: Found
) -> int:
    close, higher, lower = market.bars[CLOSE], market.runs[HIGHER], market.runs[LOWER]
    start, stop = span.start, span.stop
    entry, leave, trail = int(params[_ENTRY]), int(params[_EXIT]), params[_TRAIL]
    kept = 1.0 - trail
    k, t = 0, next_longer(higher, start + entry, stop, entry)
    while t < stop:
        if not _is_up(averages, t - start, close[t]):
            t = next_longer(higher, t + 1, stop, entry)
            continue
        k = put(found, k, t, BUY_FLAG)
        peak = close[t]
        t += 1
        while t < stop:
            x = close[t]
            peak = max(peak, x)
            is_low = lower[t] > leave and t - start >= leave
            is_trailed = trail > 0.0 and x <= peak * kept
            if is_low or is_trailed or not _is_up(averages, t - start, x):
                k = put(found, k, t, SELL_FLAG)
                break
            t += 1
        t = next_longer(higher, t + 1, stop, entry)
    return k


def scan_tight(
    market: Market, recursions: Recursions, span: Span, params: FloatArray, found: Found
) -> int:
    """Buy channel highs inside a stack of rising averages, sell when it breaks."""
    averages = (
        recursions.ema(span, int(params[tight.FAST])),
        recursions.ema(span, int(params[tight.MID])),
        recursions.ema(span, int(params[tight.SLOW])),
    )
    return int(_scan_tight(market, averages, span, params, found))


SYSTEMS = (System(tight.TIGHT_TREND_FOLLOW, scan_tight),)
