"""Scan the CSMA revert, plain and with the range gate.

Source: reference specification of the optimizer, section 10.8.
"""

from __future__ import annotations

import numpy as np

from optimizer.domain.features.market import Market, Span
from optimizer.domain.features.prefix import S_CLOSE, S_GAIN, S_LOSS, span_sum
from optimizer.domain.features.recursions import Recursions
from optimizer.domain.features.runs import MarkArray, next_unlike
from optimizer.domain.kernels import kernel, part
from optimizer.domain.signals import BUY_FLAG, SELL_FLAG
from optimizer.domain.systems.base import Found, System, put
from trading.market.domain.bars import CLOSE, FloatArray
from trading.signals.domain.feature_kernels import simple_rsi
from trading.signals.domain.strategies.systems import csma_range_revert as ranged
from trading.signals.domain.strategies.systems import csma_revert as revert
from trading.signals.domain.strategies.systems.ties import reaches, sinks_to

_N_SMA, _RSI, _ATR = revert.N_SMA, revert.RSI, revert.ATR
_ENTRY_DROP, _EXIT_UP, _RSI_MAX = revert.ENTRY_DROP, revert.EXIT_UP, revert.RSI_MAX
_ATR_MULT, _ATR_FLOOR, _TIME_STOP = revert.ATR_MULT, revert.ATR_FLOOR, ranged.TIME_STOP
_HTF_BARS, _ADX_MAX = ranged.HTF_BARS, ranged.ADX_MAX
# The directional index of the bars and of the higher candles, Wilder's range; empty for none.
Gates = tuple[FloatArray, FloatArray, FloatArray]


@part
def average(market: Market, t: int, period: int) -> float:
    """Return the simple average of the ``period`` closes up to bar ``t``."""
    total = span_sum(market.sums[S_CLOSE], market.rests[S_CLOSE], t + 1 - period, t + 1)
    return float(total / period)


@part
def rsi_simple(market: Market, t: int, period: int) -> float:
    """Return the RSI of simple means over the ``period`` changes up to bar ``t``."""
    gain = span_sum(market.sums[S_GAIN], market.rests[S_GAIN], t + 1 - period, t + 1) / period
    loss = span_sum(market.sums[S_LOSS], market.rests[S_LOSS], t + 1 - period, t + 1) / period
    return float(simple_rsi(gain, loss, market.bars[CLOSE, t]))


@part
def mean_change(market: Market, start: int, t: int, period: int) -> float:
    """Return the mean absolute change over ``period``, 0 while undefined since ``start``."""
    first = t + 1 - period
    if first <= start:
        return 0.0
    gain = span_sum(market.sums[S_GAIN], market.rests[S_GAIN], first, t + 1)
    loss = span_sum(market.sums[S_LOSS], market.rests[S_LOSS], first, t + 1)
    return float((gain + loss) / period)


@part
def is_dip(market: Market, t: int, period: int, kept: float) -> bool:
    """Return whether the close is at or below ``kept`` of its average."""
    return bool(sinks_to(market.bars[CLOSE, t], average(market, t, period) * kept))


@kernel
def mark_dips(market: Market, span: Span, period: int, kept: float, marks: MarkArray) -> None:
    """Mark every bar of ``span`` that may be a dip: all that are, and few that are not.

    The high words alone decide, with slack for what they miss, so that many bars go at once.
    """
    sums = market.sums[S_CLOSE]
    share, slack = kept / period * (1.0 + 1e-9), sums[-1] * 1e-15
    close, out = market.bars[CLOSE, span.start : span.stop], marks[span.start : span.stop]
    upper = sums[span.start + 1 : span.stop + 1]
    lower = sums[span.start + 1 - period : span.stop + 1 - period]
    for i in range(out.shape[0]):
        out[i] = 1 if close[i] <= (upper[i] - lower[i]) * share + slack else 0


@part
def _leave(market: Market, atr: FloatArray, bought: int, span: Span, params: FloatArray) -> int:
    close, period = market.bars[CLOSE], int(params[_N_SMA])
    target, is_wilder = 1.0 + params[_EXIT_UP], atr.shape[0] > 0
    latest = span.stop
    if params.shape[0] > _TIME_STOP and params[_TIME_STOP] > 0.0:
        latest = bought + int(params[_TIME_STOP])
    peak, stop = close[bought], -1.0
    for t in range(bought + 1, span.stop):
        x = close[t]
        peak = max(peak, x)
        sma = average(market, t, period)
        if reaches(x, sma):
            if is_wilder:
                size = 0.0 if np.isnan(atr[t - span.start]) else atr[t - span.start]
            else:
                size = mean_change(market, span.start, t, int(params[_ATR]))
            size = max(size, x * params[_ATR_FLOOR])
            if size > 0.0:
                stop = max(stop, 0.0, min(x, peak - params[_ATR_MULT] * size))
        if reaches(x, sma * target) or x <= stop or t >= latest:
            return t
    return span.stop


@part
def _is_range(gates: Gates, i: int, params: FloatArray) -> bool:
    adx, candles = gates[0], gates[1]
    if adx.shape[0] == 0:
        return True
    j = (i + 1) // int(params[_HTF_BARS]) - 1
    if j < 0:
        return False
    return bool(adx[i] <= params[_ADX_MAX] and candles[j] <= params[_ADX_MAX])


@kernel
def _scan_revert(market: Market, gates: Gates, span: Span, params: FloatArray, found: Found) -> int:
    n_sma, period, kept = int(params[_N_SMA]), int(params[_RSI]), 1.0 - params[_ENTRY_DROP]
    k, t = 0, span.start + max(n_sma - 1, period)
    if t < span.stop:
        mark_dips(market, Span(t, span.stop), n_sma, kept, found.marks)
        t = next_unlike(found.marks, t, span.stop, 0)
    while t < span.stop:
        if (
            is_dip(market, t, n_sma, kept)
            and _is_range(gates, t - span.start, params)
            and rsi_simple(market, t, period) <= params[_RSI_MAX]
        ):
            k = put(found, k, t, BUY_FLAG)
            t = _leave(market, gates[2], t, span, params)
            if t < span.stop:
                k = put(found, k, t, SELL_FLAG)
        t = next_unlike(found.marks, t + 1, span.stop, 0)
    return k


_NO_GATES = (np.empty(0), np.empty(0), np.empty(0))


def scan_revert(
    market: Market, recursions: Recursions, span: Span, params: FloatArray, found: Found
) -> int:
    """Buy oversold dips below the average, sell above it or on the raised stop."""
    return int(_scan_revert(market, _NO_GATES, span, params, found))


def scan_range_revert(
    market: Market, recursions: Recursions, span: Span, params: FloatArray, found: Found
) -> int:
    """Do so in range markets only, with Wilder's range and a time stop."""
    gates = (
        recursions.adx(span, int(params[ranged.ADX])),
        recursions.adx(span, int(params[ranged.HTF_ADX]), int(params[_HTF_BARS])),
        recursions.atr(span, int(params[_ATR])),
    )
    return int(_scan_revert(market, gates, span, params, found))


SYSTEMS = (
    System(revert.CSMA_REVERT, scan_revert),
    System(ranged.CSMA_RANGE_REVERT, scan_range_revert),
)
