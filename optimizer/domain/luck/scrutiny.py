"""Put the trials of a study to every test over the window their scores come from, and judge them.

The evaluator here holds the candles the search saw and no others; what happens on the holdout is
found elsewhere and handed in.

Source: optimizer issue, "Luck control"; docs/adr/0003-luck.md says why each choice was made.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from optimizer.domain.evaluator.evaluator import Evaluator, Run
from optimizer.domain.evaluator.stretch import StretchTerms
from optimizer.domain.features.market import Span
from optimizer.domain.luck import bootstrap, overfitting, plateau, random_entry, sharpe
from optimizer.domain.luck.figures import LuckFigures, recounted
from optimizer.domain.luck.out_of_sample import Candidate, hold_run
from optimizer.domain.luck.overfitting import Overfitting
from optimizer.domain.luck.returns import Periods, period_returns, periods_of
from optimizer.domain.luck.timing import part_signals, time_share
from optimizer.domain.luck.verdict import RETURNS_LEAST, Evidence, Judgement, judge
from optimizer.domain.objectives import objective_scores
from optimizer.domain.overlays import overlays_split
from optimizer.domain.search.space import Space
from optimizer.domain.systems import system_get
from trading.market.domain.bars import FloatArray


class Scrutiny:
    """One study's data and terms, ready to test its trials."""

    def __init__(
        self,
        searched: Evaluator,
        *,
        span: Span,
        terms: StretchTerms,
        objective: str,
        n_searched: int,
    ) -> None:
        """Run buying and holding once.

        Args:
            searched: the candles the search saw.
            span: the bars of the window scores come from.
            terms: how every run begins.
            objective: the name that steered the search.
            n_searched: trials ever made on the data.
        """
        self._searched, self._span, self._terms = searched, span, terms
        self._objective, self._n_searched = objective, n_searched
        self.periods: Periods = periods_of(span.stop - span.start, searched.step_ms)
        self._yearly = math.sqrt(self.periods.per_year)
        hold = hold_run(searched, span, terms)
        self._market, self._hold_rows = self.returns(hold), hold.trade_rows
        self._hold = {
            "buy_hold_net_return_pct": hold.metrics.total_return_pct,
            "buy_hold_net_sharpe": sharpe.return_moments(self._market).sharpe * self._yearly,
        }

    @property
    def variance(self) -> float:
        """Return by how much yearly Sharpe ratios of skill-less trials vary here."""
        return sharpe.null_variance(self._market.shape[0]) * self.periods.per_year

    def run(self, candidate: Candidate) -> Run:
        """Return the run that was ranked."""
        return candidate.run(self._searched, self._span, self._terms)

    def returns(self, run: Run) -> FloatArray:
        """Return the period returns of a run, see ``period_returns``."""
        return period_returns(self._searched.curve(run), self.periods)

    def overfitting(self, candidates: Sequence[Candidate]) -> Overfitting | None:
        """Return how much choosing the best overfits, None among too few different trials.

        Args:
            candidates: trials that were not chosen by their results.
        """
        if not candidates or self._market.shape[0] < RETURNS_LEAST:
            return None
        table = np.column_stack([self.returns(self.run(candidate)) for candidate in candidates])
        ranked = table[:, overfitting.distinct_columns(table)]
        is_enough = ranked.shape[1] >= overfitting.LEAST_TRIALS
        return overfitting.overfitting(ranked) if is_enough else None

    def judgement(
        self,
        candidate: Candidate,
        search: Overfitting | None,
        holdout: Mapping[str, float],
        rng: np.random.Generator,
    ) -> Judgement:
        """Return the judgement on one trial.

        Args:
            candidate: the trial.
            search: of ``overfitting``.
            holdout: of ``holdout_figures``; empty where nothing was set aside.
            rng: for neighbours, resampling and random timing.
        """
        run = self.run(candidate)
        found = {
            **holdout,
            **self._hold,
            **self._sharpe_figures(run, rng),
            **self._plateau_figures(candidate, run, rng),
            **self._timing_figures(run, rng),
        }
        if search:
            found["pbo"] = search.pbo
        figures = recounted(LuckFigures(**_finite(found)), self._n_searched)
        evidence = Evidence(
            return_pct=run.metrics.total_return_pct,
            n_trades=run.metrics.num_trades,
            n_searched=self._n_searched,
            loss_share=search.loss_share if search else None,
        )
        return judge(figures, evidence)

    def _sharpe_figures(self, run: Run, rng: np.random.Generator) -> dict[str, float]:
        returns = self.returns(run)
        if returns.shape[0] < RETURNS_LEAST:
            return {}
        own = {"daily_sharpe": sharpe.return_moments(returns).sharpe * self._yearly}
        if not run.trade_rows.shape[0]:
            return own
        draws = bootstrap.stationary_bootstrap(returns, bootstrap.mean_block(returns), rng)
        levels = (bootstrap.LOW, bootstrap.HIGH)
        gain = (np.quantile(draws.total_return, levels) * 100.0).tolist()
        ratio = (np.quantile(draws.sharpe, levels) * self._yearly).tolist()
        share = time_share(run.trade_rows, self._hold_rows)
        moments = sharpe.return_moments(sharpe.timed_returns(returns, self._market, share))
        return {
            **own,
            "timing_sharpe": moments.sharpe * self._yearly,
            "sharpe_periods": float(moments.n),
            "sharpe_per_period": moments.sharpe,
            "sharpe_skewness": moments.skewness,
            "sharpe_kurtosis": moments.kurtosis,
            "bootstrap_return_low_pct": gain[0],
            "bootstrap_return_high_pct": gain[1],
            "bootstrap_sharpe_low": ratio[0],
            "bootstrap_sharpe_high": ratio[1],
        }

    def _plateau_figures(
        self, candidate: Candidate, run: Run, rng: np.random.Generator
    ) -> dict[str, float]:
        found, parts = {}, self.block_scores(run)
        if parts:
            found["plateau_blocks_score"] = plateau.lower_quantile(parts)
        system = system_get(candidate.strategy)
        space = Space.of(system.name, system.strategy.params)
        if not space.dim:
            return found
        own, overlays = overlays_split(candidate.params)
        scores, gains = [], []
        for point in plateau.neighbours(space.point(system.strategy.resolve(own)), rng):
            params = {**space.params(point), **overlays.as_params()}
            beside = self.run(candidate._replace(params=params)).metrics
            gains.append(beside.total_return_pct)
            scores.append(objective_scores(beside, (self._objective,))[self._objective])
        found["plateau_return_pct"] = plateau.lower_quantile(gains)
        found["plateau_score"] = plateau.lower_quantile(scores)
        return found

    def block_scores(self, run: Run) -> list[float]:
        """Return the steering objective of a run in parts, each begun with the trade size.

        A position held across a border is bought again behind it, at its costs. Empty where the
        window is too short for parts.
        """
        scores = []
        for part in plateau.time_blocks(run.span):
            signals = part_signals(run.trade_rows, part)
            metrics, _ = self._searched.run(signals, part, self._terms.trade_size, run.fill)
            scores.append(objective_scores(metrics, (self._objective,))[self._objective])
        return scores

    def _timing_figures(self, run: Run, rng: np.random.Generator) -> dict[str, float]:
        if not run.trade_rows.shape[0]:
            return {}
        draws = random_entry.random_entry_returns(self._searched, run, rng)
        return {
            "random_entry_percentile": random_entry.percentile(run.metrics.total_return_pct, draws),
            "random_entry_median_pct": float(np.median(draws)),
        }


def _finite(figures: Mapping[str, float]) -> dict[str, float]:
    # what has no bound, as some objectives, has no figure
    return {name: value for name, value in figures.items() if math.isfinite(value)}
