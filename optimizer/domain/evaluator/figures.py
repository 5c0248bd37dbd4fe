"""Turn the books of a run into the figures people read.

Source: reference specification of the optimizer, section 2C.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from optimizer.domain.evaluator.account import (
    CASH,
    COSTS,
    LONGEST,
    LOSS_SUM,
    LOSSES,
    NEG_COUNT,
    NEG_SQUARES,
    NEG_SUM,
    OBSERVED,
    RETURNS,
    SQUARES,
    TINY,
    TRADED,
    TRADES,
    TRIPPED_AT,
    WIN_SUM,
    WINS,
    WORST,
)
from optimizer.domain.metrics import (
    Metrics,
    bars_per_year,
    cagr,
    ratio,
)
from optimizer.domain.periods import MS_PER_DAY
from trading.domain.market.bars import FloatArray

# A spread this much smaller than the square of its mean has lost digits to the subtraction.
_CANCELLED: Final = 1e-6
Moments = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """What is true of a window whatever is run over it; ratios are decimals."""

    bars: int
    step_ms: int
    hold_gain: float
    hold_drawdown: float
    days: float


def _moments(books: list[float], bars: int, exact: Callable[[], Moments]) -> Moments:
    mean = books[RETURNS] / bars
    square = books[SQUARES] / bars
    count = books[NEG_COUNT]
    low_mean = books[NEG_SUM] / count if count else 0.0
    low_square = books[NEG_SQUARES] / count if count else 0.0
    variance, low_variance = square - mean * mean, low_square - low_mean * low_mean
    if square > 0.0 and variance < _CANCELLED * square:
        return exact()
    if count == 1.0:
        low_variance = 0.0
    elif count and low_variance < _CANCELLED * low_square:
        return exact()
    return mean, math.sqrt(max(variance, 0.0)), math.sqrt(max(low_variance, 0.0))


def metrics_of(
    books_array: FloatArray,
    facts: WindowFacts,
    trade_size: float,
    is_next_open: bool,
    exact: Callable[[], Moments],
) -> Metrics:
    """Return the metrics of one run.

    Args:
        books_array: the books of ``walk``.
        facts: of the window it ran over.
        trade_size: quote, the balance the run began with.
        is_next_open: which fill model, since some figures relate to different bases.
        exact: mean and deviations from the full curve, asked for only where the running sums
            cannot give them.
    """
    books: list[float] = books_array.tolist()
    mean, deviation, low_deviation = _moments(books, facts.bars, exact)
    yearly = math.sqrt(bars_per_year(facts.step_ms))
    balance, worst, trades = books[CASH], books[WORST], books[TRADES]
    growth = balance / max(trade_size, TINY)
    gain = growth - 1.0
    cost_base = max(TINY, books[TRADED]) if is_next_open else trade_size
    cost_pct = books[COSTS] / cost_base * 100.0
    # By place, in the order of the fields: names would cost a trial as much as an objective does.
    return Metrics(
        gain * 100.0,
        cagr(growth, facts.bars - (1 if is_next_open else 0), facts.step_ms) * 100.0,
        worst * 100.0,
        books[LONGEST] * facts.step_ms / MS_PER_DAY,
        ratio(mean, deviation) * yearly,
        ratio(mean, low_deviation) * yearly,
        int(trades),
        int(books[WINS]),
        int(books[LOSSES]),
        ratio(books[WINS], trades) * 100.0,
        ratio(books[WIN_SUM], books[WINS]) * 100.0,
        ratio(books[LOSS_SUM], books[LOSSES]) * 100.0,
        _profit_factor(books[WIN_SUM], books[LOSS_SUM]),
        _recovery_factor(gain, worst, is_next_open),
        books[COSTS],
        cost_pct,
        # Without a trade there is no fill either, except gas booked by next_close for a failed buy.
        cost_pct / max(trades, 1.0) if is_next_open or trades else 0.0,
        facts.hold_gain * 100.0,
        facts.hold_drawdown * 100.0,
        balance,
        trade_size,
        facts.days,
        books[TRIPPED_AT] >= 0.0,
        books[OBSERVED] * 100.0,
    )


def _profit_factor(win_sum: float, loss_sum: float) -> float:
    if loss_sum == 0.0:
        return math.inf if win_sum > 0.0 else 0.0
    return win_sum / max(TINY, -loss_sum)


def _recovery_factor(gain: float, worst: float, is_next_open: bool) -> float:
    if worst == 0.0:
        return math.inf if is_next_open else 0.0
    return gain / max(TINY, -worst)
