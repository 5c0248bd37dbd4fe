"""The figures scrutiny finds for one trial, under the names files and pages show them by."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final


@dataclass(frozen=True, slots=True)
class LuckFigures:
    """Figures of one trial; None where there was nothing to compute it from.

    Over the window scores come from, unless the name says holdout. Probabilities, shares and
    percentiles are 0 to 1, ``*_pct`` percent, Sharpe ratios yearly.

    Attributes:
        deflated_sharpe: probability that the true Sharpe ratio beats the best of as many
            skill-less trials as were ever made on the data.
        pbo: probability that the best of this search is no better than the median elsewhere.
        holdout_return_pct: on candles the search never saw, positions bought anew.
        holdout_hold_pct: buying and holding there, after costs.
        holdout_trades: closed round trips there.
        plateau_score: lower quartile of the steering objective over neighbouring parameters.
        plateau_return_pct: lower quartile of the return over the same neighbours.
        plateau_blocks_score: lower quartile of the steering objective over blocks of time.
        bootstrap_return_low_pct, bootstrap_return_high_pct: 90 % interval of the return.
        bootstrap_sharpe_low, bootstrap_sharpe_high: 90 % interval of the Sharpe ratio.
        buy_hold_net_return_pct: buying and holding, after costs.
        buy_hold_net_sharpe: its Sharpe ratio.
        random_entry_percentile: share of random timings, as many trades for as long, it beats.
        random_entry_median_pct: what the median of them earned.
        daily_sharpe: of the returns the first figure is found from.
        sharpe_periods, sharpe_per_period, sharpe_skewness, sharpe_kurtosis: number of these
            returns, and their ratio (not yearly), skewness and kurtosis (3 for the normal law).
        sharpe_variance: of the ratios of skill-less trials, per period. With the four before it
            gives the first figure for any number of trials.
    """

    deflated_sharpe: float | None = None
    pbo: float | None = None
    holdout_return_pct: float | None = None
    holdout_hold_pct: float | None = None
    holdout_trades: float | None = None
    plateau_score: float | None = None
    plateau_return_pct: float | None = None
    plateau_blocks_score: float | None = None
    bootstrap_return_low_pct: float | None = None
    bootstrap_return_high_pct: float | None = None
    bootstrap_sharpe_low: float | None = None
    bootstrap_sharpe_high: float | None = None
    buy_hold_net_return_pct: float | None = None
    buy_hold_net_sharpe: float | None = None
    random_entry_percentile: float | None = None
    random_entry_median_pct: float | None = None
    daily_sharpe: float | None = None
    sharpe_periods: float | None = None
    sharpe_per_period: float | None = None
    sharpe_skewness: float | None = None
    sharpe_kurtosis: float | None = None
    sharpe_variance: float | None = None


FIGURE_NAMES: Final = tuple(field.name for field in fields(LuckFigures))
