"""Trade as often and as long as a run did, at random moments: what its timing was worth.

A run's holding times are shuffled and the flat bars between them are dealt out at random. Fills,
costs and compounding are the run's own, so that the draws differ from it in nothing but timing.

Source: optimizer issue, "Luck control"; the permutation idea is that of D. R. Aronson,
"Evidence-Based Technical Analysis", 2006, chapter 6.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optimizer.domain.evaluator.evaluator import Evaluator, Run
from optimizer.domain.evaluator.walk import T_ENTRY, T_EXIT
from optimizer.domain.features.market import Span
from optimizer.domain.luck.timing import timed_signals
from optimizer.domain.signals import BUY_FLAG, SELL_FLAG, SignalRows
from trading.market.domain.bars import FloatArray, IntArray

DRAWS: Final = 100
LEAST_DRAWS: Final = 40
_FILLS: Final = 20_000  # round trips over all draws, which bounds the time


def draws_for(n_trades: int) -> int:
    """Return how many draws a run of ``n_trades`` gets: fewer for one that trades all the time."""
    return min(DRAWS, max(LEAST_DRAWS, _FILLS // max(n_trades, 1)))


def random_timings(
    holds: IntArray, span: Span, draws: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Return the bars of buys and sells, int64[draws, k] each, every row in growing order.

    Args:
        holds: int64[k], k >= 1, bars from entry to exit of every round trip of a run over
            ``span``; 0 for one that bought and sold on one bar.
        span: bars to trade in; fills are on the bar after a signal.
        draws: how many rows.
        rng: where order and moments come from.
    """
    k = holds.shape[0]
    order = rng.permuted(np.tile(holds, (draws, 1)), axis=1)
    # between an exit and the next entry lies at least a bar, as in every run
    free = max(0, (span.stop - 2 - span.start) - int(holds.sum()) - (k - 1))
    before = np.sort(rng.integers(0, free + 1, (draws, k)), axis=1)
    passed = np.zeros((draws, k), dtype=np.int64)
    np.cumsum(order[:, :-1] + 1, axis=1, out=passed[:, 1:])
    buys = span.start + before + passed
    return buys, buys + order


def random_entry_returns(evaluator: Evaluator, run: Run, rng: np.random.Generator) -> FloatArray:
    """Return what random timing earns in the place of ``run``, percent, float64[draws].

    Args:
        evaluator: of the run.
        run: with at least one round trip.
        rng: where the timing comes from.
    """
    holds = (run.trade_rows[:, T_EXIT] - run.trade_rows[:, T_ENTRY]).astype(np.int64)
    size, draws = run.metrics.initial_balance, draws_for(holds.shape[0])
    buys, sells = random_timings(holds, run.span, draws, rng)
    rows = _signal_rows(buys, sells, run.span)
    balances = evaluator.balances(rows, run.span, size, run.fill)
    returns: FloatArray = (balances / size - 1.0) * 100.0
    return returns


def _signal_rows(buys: IntArray, sells: IntArray, span: Span) -> SignalRows:
    shape = (buys.shape[0], 2 * buys.shape[1])
    if np.any(sells == buys):
        at, side = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.int8)
        counts = np.zeros(shape[0], dtype=np.int64)
        for row in range(shape[0]):
            signals = timed_signals(buys[row], sells[row], span)
            count = counts[row] = signals.at.shape[0]
            at[row, :count], side[row, :count] = signals
        return SignalRows(at, side, counts)
    # the same for all rows at once, which takes a tenth of the time
    at = np.stack((buys, sells), axis=2).reshape(shape).astype(np.int32)
    side = np.tile(np.array([BUY_FLAG, SELL_FLAG], dtype=np.int8), (shape[0], buys.shape[1]))
    return SignalRows(at, side, shape[1] - (sells[:, -1] >= span.stop - 2))


def percentile(value: float, draws: FloatArray) -> float:
    """Return the share of ``draws`` below ``value``, 0 to 1; equal ones count half."""
    return float(np.mean(draws < value) + 0.5 * np.mean(draws == value))
