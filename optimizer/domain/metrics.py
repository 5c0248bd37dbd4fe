"""The figures of one run over one window, under the names operators, reports and files share.

Percent fields are times 100; drawdowns are negative; ratios that have no bound are infinite here
and null in JSON. The two fill models differ as the two original engines did: ``next_open`` relates
costs to the traded notional and annualises over n - 1 bars, ``next_close`` relates costs to the
trade size and annualises over n bars; a run without drawdown has an infinite recovery factor in the
first and 0 in the second.

Source: reference specification of the optimizer, section 2C.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Final, NamedTuple

YEAR_DAYS: Final = 365
YEAR_MINUTES: Final = YEAR_DAYS * 24 * 60
MS_PER_MINUTE: Final = 60_000


class FillModel(StrEnum):
    """Where a signal of one bar's close is filled on the next bar."""

    NEXT_OPEN = "next_open"
    NEXT_CLOSE = "next_close"


class Metrics(NamedTuple):
    """One run over one window. ``*_pct`` in percent, ``*_quote`` and balances in quote currency."""

    total_return_pct: float
    cagr_pct: float
    max_drawdown_pct: float
    max_drawdown_duration_days: float
    sharpe: float
    sortino: float
    num_trades: int
    profitable_trades: int
    losing_trades: int
    win_rate_pct: float
    avg_win_pct: float
    avg_loss_pct: float
    profit_factor: float
    recovery_factor: float
    total_cost_quote: float
    total_cost_pct: float
    avg_cost_per_trade_pct: float
    buy_hold_return_pct: float
    buy_hold_max_drawdown_pct: float
    final_balance: float
    initial_balance: float
    duration_days: float
    is_tripped: bool
    max_equity_drawdown_pct_observed: float

    def as_dict(self) -> dict[str, float | int | bool | None]:
        """Return the fields by name, what is not finite as None."""
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in self._asdict().items()
        }


METRIC_NAMES: Final = Metrics._fields


def bars_per_year(step_ms: int) -> float:
    """Return how many bars of ``step_ms`` a year of 365 days has; gaps are ignored."""
    return YEAR_MINUTES / (step_ms / MS_PER_MINUTE)


def yearly_pct(total_return_pct: float, days: float) -> float:
    """Return the yearly growth over the days that passed, percent; the return itself below one."""
    if days <= 0.0 or total_return_pct <= -100.0:
        return total_return_pct
    growth: float = (1.0 + total_return_pct / 100.0) ** (YEAR_DAYS / days)
    return 100.0 * (growth - 1.0)
