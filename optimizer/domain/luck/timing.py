"""Turn round trips into the signals that would make them: a run's own, in part, or invented ones.

Fills are on the bar after a signal.
"""

from __future__ import annotations

import numpy as np

from optimizer.domain.evaluator.walk import T_ENTRY, T_EXIT
from optimizer.domain.features.market import Span
from optimizer.domain.signals import BUY_FLAG, SELL_FLAG, Signals
from trading.market.domain.bars import FloatArray, IntArray


def time_share(trade_rows: FloatArray, hold_rows: FloatArray) -> float:
    """Return how long a run was in the market, of the time that buying and holding was.

    Both are float64[k, 10] of ``walk`` over the same bars; 0 where holding could buy nothing.
    """
    own, hold = (
        float((rows[:, T_EXIT] - rows[:, T_ENTRY]).sum()) for rows in (trade_rows, hold_rows)
    )
    return own / hold if hold > 0.0 else 0.0


def timed_signals(buys: IntArray, sells: IntArray, span: Span) -> Signals:
    """Return signals on the given bars.

    Args:
        buys: int64[k], strictly growing.
        sells: int64[k]; ``buys[i] <= sells[i] < buys[i + 1]``, equal for both on one bar. One that
            would be filled on the last bar of ``span`` is left out, because what is held then is
            closed there anyway.
        span: bars of the run.
    """
    is_sold, is_both = sells < span.stop - 2, sells == buys
    at = np.stack((buys, sells), axis=1).ravel()
    side = np.tile(np.array([BUY_FLAG, SELL_FLAG], dtype=np.int8), buys.shape[0])
    side[::2] |= np.where(is_both & is_sold, SELL_FLAG, 0).astype(np.int8)
    kept = np.stack((np.ones_like(is_both), is_sold & ~is_both), axis=1).ravel()
    return Signals(at[kept].astype(np.int32), side[kept])


def part_signals(trade_rows: FloatArray, part: Span) -> Signals:
    """Return the signals of the round trips in ``part``; one held across its start begins there.

    Args:
        trade_rows: float64[k, 10] of ``walk``.
        part: bars within the run's span; what is held at its end is left to be closed there.
    """
    entries = trade_rows[:, T_ENTRY].astype(np.int64)
    exits = trade_rows[:, T_EXIT].astype(np.int64)
    # The first fill is on the second bar; a fill needs a signal before the last bar.
    inside = (exits > part.start + 1) & (entries < part.stop)
    buys = np.maximum(entries[inside] - 1, part.start)
    return timed_signals(buys, exits[inside] - 1, part)
