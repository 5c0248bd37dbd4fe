"""The figures scrutiny finds for one trial, under the names files and pages show them by."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

from optimizer.domain.luck import sharpe


@dataclass(frozen=True, slots=True)
class LuckFigures:
    """Figures of one trial; None where there was nothing to compute it from.

    Over the window scores come from, unless the name says holdout. Probabilities, shares and
    percentiles are 0 to 1, ``*_pct`` percent, Sharpe ratios yearly.

    Attributes:
        luck_probability: chance that the best of as many skill-less trials as were ever made on
            the data looks as good, over the window and on the holdout together.
        deflated_sharpe: probability that the true Sharpe ratio of its timed returns, which are
            those beyond its share of the market, beats the best of as many skill-less trials.
        timing_sharpe: the Sharpe ratio of its timed returns.
        pbo: probability that the best of this search is no better than the median elsewhere.
        holdout_return_pct: on candles the search never saw, positions bought anew.
        holdout_hold_pct: buying and holding there, after costs.
        holdout_trades: closed round trips there.
        holdout_luck_probability: chance that a trial without skill does as well there, charged
            for the looks at the holdout; None where it is too short.
        plateau_score: lower quartile of the steering objective over neighbouring parameters.
        plateau_return_pct: lower quartile of the return over the same neighbours.
        plateau_blocks_score: lower quartile of the steering objective over blocks of time.
        bootstrap_return_low_pct, bootstrap_return_high_pct: 90 % interval of the return.
        bootstrap_sharpe_low, bootstrap_sharpe_high: 90 % interval of the Sharpe ratio.
        buy_hold_net_return_pct: buying and holding, after costs.
        buy_hold_net_sharpe: its Sharpe ratio.
        random_entry_percentile: share of random timings, as many trades for as long, it beats.
        random_entry_median_pct: what the median of them earned.
        daily_sharpe: of its daily returns, its share of the market included.
        sharpe_periods, sharpe_per_period, sharpe_skewness, sharpe_kurtosis: number of the timed
            returns, and their ratio (not yearly), skewness and kurtosis (3 for the normal law).
            They give the first two figures for any number of trials.
    """

    luck_probability: float | None = None
    deflated_sharpe: float | None = None
    timing_sharpe: float | None = None
    pbo: float | None = None
    holdout_return_pct: float | None = None
    holdout_hold_pct: float | None = None
    holdout_trades: float | None = None
    holdout_luck_probability: float | None = None
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

    @property
    def moments(self) -> sharpe.ReturnMoments | None:
        """Return the moments of the timed returns, None where they were not found."""
        n, ratio = self.sharpe_periods, self.sharpe_per_period
        skewness, kurtosis = self.sharpe_skewness, self.sharpe_kurtosis
        if n is None or ratio is None or skewness is None or kurtosis is None:
            return None
        return sharpe.ReturnMoments(int(n), ratio, skewness, kurtosis)


def recounted(figures: LuckFigures, n_trials: int) -> LuckFigures:
    """Return figures with those that depend on the number of trials found for ``n_trials``.

    Without moments there is nothing to find them from, and they stay as they are.
    """
    moments = figures.moments
    if moments is None:
        return figures
    here = sharpe.luck_chance(moments.sharpe, moments.n, n_trials)
    return replace(
        figures,
        luck_probability=sharpe.joint_chance(here, figures.holdout_luck_probability),
        deflated_sharpe=sharpe.deflated_sharpe(moments, n_trials),
    )


FIGURE_NAMES: Final = tuple(field.name for field in fields(LuckFigures))
