"""Scan the two systems that buy the first bar: hold for ever, hold with a trail.

Source: reference specification of the optimizer, sections 10.1 and 10.2.
"""

from __future__ import annotations

from optimizer.domain.features.market import Market, Span
from optimizer.domain.features.recursions import Recursions
from optimizer.domain.kernels import kernel
from optimizer.domain.signals import BUY_FLAG, SELL_FLAG
from optimizer.domain.systems.base import Found, System, put
from trading.market.domain.bars import CLOSE, FloatArray
from trading.signals.domain.strategies.systems.passive_hold import PASSIVE_HOLD
from trading.signals.domain.strategies.systems.trailing_hold import TRAILING_HOLD


def scan_passive(
    market: Market, recursions: Recursions, span: Span, params: FloatArray, found: Found
) -> int:
    """Buy the first bar."""
    found.at[0], found.side[0] = span.start, BUY_FLAG
    return 1


@kernel
def _scan_trailing(market: Market, span: Span, params: FloatArray, found: Found) -> int:
    close = market.bars[CLOSE]
    k = put(found, 0, span.start, BUY_FLAG)
    peak, kept = close[span.start], 1.0 - params[0]
    for t in range(span.start + 1, span.stop):
        peak = max(peak, close[t])
        if close[t] <= peak * kept:
            return put(found, k, t, SELL_FLAG)
    return k


def scan_trailing(
    market: Market, recursions: Recursions, span: Span, params: FloatArray, found: Found
) -> int:
    """Buy the first bar, sell at the first close a share below the running peak."""
    return int(_scan_trailing(market, span, params, found))


SYSTEMS = (System(PASSIVE_HOLD, scan_passive), System(TRAILING_HOLD, scan_trailing))
