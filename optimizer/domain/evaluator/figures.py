"""Turn the books of a run into the figures people read.

Source: reference specification of the optimizer, section 2C.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

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
    growth = books[CASH] / max(trade_size, TINY)
    gain, worst = growth - 1.0, books[WORST]
    return Metrics(
        total_return_pct=gain * 100.0,
        cagr_pct=cagr(growth, facts.bars - (1 if is_next_open else 0), facts.step_ms) * 100.0,
        max_drawdown_pct=worst * 100.0,
        max_drawdown_duration_days=books[LONGEST] * facts.step_ms / MS_PER_DAY,
        sharpe=ratio(mean, deviation) * yearly,
        sortino=ratio(mean, low_deviation) * yearly,
        recovery_factor=_recovery_factor(gain, worst, is_next_open),
        buy_hold_return_pct=facts.hold_gain * 100.0,
        buy_hold_max_drawdown_pct=facts.hold_drawdown * 100.0,
        final_balance=books[CASH],
        initial_balance=trade_size,
        duration_days=facts.days,
        is_tripped=books[TRIPPED_AT] >= 0.0,
        max_equity_drawdown_pct_observed=books[OBSERVED] * 100.0,
        **_trade_figures(books),
        **_cost_figures(books, trade_size, is_next_open),
    )


def _trade_figures(books: list[float]) -> dict[str, Any]:
    trades, wins, losses = int(books[TRADES]), int(books[WINS]), int(books[LOSSES])
    return {
        "num_trades": trades,
        "profitable_trades": wins,
        "losing_trades": losses,
        "win_rate_pct": ratio(wins, trades) * 100.0,
        "avg_win_pct": ratio(books[WIN_SUM], wins) * 100.0,
        "avg_loss_pct": ratio(books[LOSS_SUM], losses) * 100.0,
        "profit_factor": _profit_factor(books[WIN_SUM], books[LOSS_SUM]),
    }


def _cost_figures(books: list[float], trade_size: float, is_next_open: bool) -> dict[str, Any]:
    base = max(TINY, books[TRADED]) if is_next_open else trade_size
    cost_pct = books[COSTS] / base * 100.0
    # Without a trade there is no fill either, except gas booked by next_close for a failed buy.
    each = cost_pct / max(books[TRADES], 1.0) if is_next_open or books[TRADES] else 0.0
    return {
        "total_cost_quote": books[COSTS],
        "total_cost_pct": cost_pct,
        "avg_cost_per_trade_pct": each,
    }


def _profit_factor(win_sum: float, loss_sum: float) -> float:
    if loss_sum == 0.0:
        return math.inf if win_sum > 0.0 else 0.0
    return win_sum / max(TINY, -loss_sum)


def _recovery_factor(gain: float, worst: float, is_next_open: bool) -> float:
    if worst == 0.0:
        return math.inf if is_next_open else 0.0
    return gain / max(TINY, -worst)
