"""Turn the books of a run into the figures people read.

Source: reference specification of the optimizer, section 2C.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

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
from optimizer.domain.kernels import kernel, part
from optimizer.domain.metrics import METRIC_NAMES, Metrics, bars_per_year
from optimizer.domain.periods import MS_PER_DAY
from trading.market.domain.bars import FloatArray

# A spread this much smaller than the square of its mean has lost digits to the subtraction.
_CANCELLED: Final = 1e-6
_FROM_BOOKS: Final = np.full(3, np.nan)
_COUNTS: Final = tuple(
    METRIC_NAMES.index(name) for name in ("num_trades", "profitable_trades", "losing_trades")
)
_FLAG: Final = METRIC_NAMES.index("is_tripped")
_PER_YEAR, _STEP_DAYS, _BARS, _HOLD_GAIN, _HOLD_DRAWDOWN, _DAYS = range(6)
Moments = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """What is true of a window whatever is run over it; ratios are decimals.

    Attributes:
        row: the same as the kernel takes it, float64[6].
    """

    bars: int
    step_ms: int
    hold_gain: float
    hold_drawdown: float
    days: float
    row: FloatArray = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Write the row."""
        row = np.empty(6)
        row[_PER_YEAR], row[_STEP_DAYS] = bars_per_year(self.step_ms), self.step_ms / MS_PER_DAY
        row[_BARS], row[_DAYS] = self.bars, self.days
        row[_HOLD_GAIN], row[_HOLD_DRAWDOWN] = self.hold_gain, self.hold_drawdown
        object.__setattr__(self, "row", row)


@part
def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0.0 else 0.0


@part
def _moments(books: FloatArray, bars: float) -> tuple[float, float, float, bool]:
    # Mean, deviation, deviation of the negative ones, and whether the sums still hold the digits.
    mean, square, count = books[RETURNS] / bars, books[SQUARES] / bars, books[NEG_COUNT]
    low_mean, low_square = _ratio(books[NEG_SUM], count), _ratio(books[NEG_SQUARES], count)
    variance, low_variance = square - mean * mean, low_square - low_mean * low_mean
    is_sound = not (square > 0.0 and variance < _CANCELLED * square)
    if count == 1.0:
        low_variance = 0.0
    elif count > 0.0 and low_variance < _CANCELLED * low_square:
        is_sound = False
    return mean, max(variance, 0.0) ** 0.5, max(low_variance, 0.0) ** 0.5, is_sound


@part
def _profit_factor(win_sum: float, loss_sum: float) -> float:
    if loss_sum == 0.0:
        return np.inf if win_sum > 0.0 else 0.0
    return win_sum / max(TINY, -loss_sum)


@part
def _recovery_factor(gain: float, worst: float, is_next_open: bool) -> float:
    if worst == 0.0:
        return np.inf if is_next_open else 0.0
    return gain / max(TINY, -worst)


@part
def _trade_figures(books: FloatArray) -> tuple[float, float, float, float, float, float, float]:
    trades, wins, losses = books[TRADES], books[WINS], books[LOSSES]
    return (
        trades,
        wins,
        losses,
        _ratio(wins, trades) * 100.0,
        _ratio(books[WIN_SUM], wins) * 100.0,
        _ratio(books[LOSS_SUM], losses) * 100.0,
        _profit_factor(books[WIN_SUM], books[LOSS_SUM]),
    )


@part
def _cost_figures(
    books: FloatArray, trade_size: float, is_next_open: bool
) -> tuple[float, float, float]:
    trades = books[TRADES]
    cost_pct = books[COSTS] / trade_size * 100.0
    if is_next_open:
        cost_pct = _ratio(books[COSTS], books[TRADED]) * 100.0
    # Without a trade there is no fill either, except gas booked by next_close for a failed buy.
    each = cost_pct / max(trades, 1.0) if is_next_open or trades > 0.0 else 0.0
    return books[COSTS], cost_pct, each


@kernel
def _figures(
    books: FloatArray,
    facts: FloatArray,
    given: FloatArray,
    trade_size: float,
    is_next_open: bool,
    out: FloatArray,
) -> bool:
    """Write the figures in the order of ``Metrics``; tell whether the moments could be had.

    ``given`` holds them where they were computed another way; its first one is NaN if not.
    """
    mean, deviation, low_deviation, is_sound = _moments(books, facts[_BARS])
    if not np.isnan(given[0]):
        mean, deviation, low_deviation, is_sound = given[0], given[1], given[2], True
    yearly = facts[_PER_YEAR] ** 0.5
    balance, worst = books[CASH], books[WORST]
    growth = balance / trade_size
    gain = growth - 1.0
    bars = max(facts[_BARS] - (1.0 if is_next_open else 0.0), 1.0)
    of_equity = (
        gain * 100.0,
        (growth ** (facts[_PER_YEAR] / bars) - 1.0) * 100.0,
        worst * 100.0,
        books[LONGEST] * facts[_STEP_DAYS],
        _ratio(mean, deviation) * yearly,
        _ratio(mean, low_deviation) * yearly,
    )
    of_window = (
        facts[_HOLD_GAIN] * 100.0,
        facts[_HOLD_DRAWDOWN] * 100.0,
        balance,
        trade_size,
        facts[_DAYS],
        1.0 if books[TRIPPED_AT] >= 0.0 else 0.0,
        books[OBSERVED] * 100.0,
    )
    # Added, because numba does not unpack a tuple into another.
    of_trades = _trade_figures(books) + (_recovery_factor(gain, worst, is_next_open),)  # noqa: RUF005
    values = of_equity + of_trades + _cost_figures(books, trade_size, is_next_open) + of_window
    for i in range(len(values)):
        out[i] = values[i]
    return is_sound


def metrics_of(
    books: FloatArray,
    facts: WindowFacts,
    trade_size: float,
    is_next_open: bool,
    exact: Callable[[], Moments],
) -> Metrics:
    """Return the metrics of one run.

    Args:
        books: the books of ``walk``.
        facts: of the window it ran over.
        trade_size: quote, the balance the run began with.
        is_next_open: which fill model, since some figures relate to different bases.
        exact: mean and deviations from the full curve, asked for only where the running sums
            cannot give them.
    """
    out = np.empty(len(METRIC_NAMES))
    if not _figures(books, facts.row, _FROM_BOOKS, trade_size, is_next_open, out):
        _figures(books, facts.row, np.array(exact()), trade_size, is_next_open, out)
    values: list[Any] = out.tolist()
    for place in _COUNTS:
        values[place] = int(values[place])
    values[_FLAG] = values[_FLAG] > 0.0
    return Metrics(*values)
