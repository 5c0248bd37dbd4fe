"""Run trials where they were not chosen: step by step through the past, and on the holdout.

Indicators and positions come from the bars before, as they would on a desk that began earlier; a
position held at the first bar is bought there, at its price and costs. So nothing is earned across
the border, and a trial that rarely trades is not judged by an empty stretch.

Source: reference specification of the optimizer, section 8; optimizer issue, "Luck control".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NamedTuple

from optimizer.domain.evaluator.evaluator import Evaluator, Run
from optimizer.domain.evaluator.stretch import StretchTerms, stretch_run
from optimizer.domain.features.market import Span
from optimizer.domain.luck import sharpe
from optimizer.domain.luck.returns import Periods, period_returns
from optimizer.domain.luck.timing import part_signals, time_share
from optimizer.domain.luck.verdict import RETURNS_LEAST
from optimizer.domain.luck.walk_forward import FoldSpans
from trading.market.domain.bars import FloatArray

HOLD: Final = "passive_hold"
LEAST_HOLDOUT_BARS: Final = 10


class Candidate(NamedTuple):
    """One trial: its number, and all there is to run it."""

    number: int
    strategy: str
    params: Mapping[str, float]

    def run(self, evaluator: Evaluator, span: Span, terms: StretchTerms) -> Run:
        """Return its run over ``span``."""
        return stretch_run(evaluator, self.strategy, self.params, span, terms)

    def run_on(self, evaluator: Evaluator, span: Span, begin: int, terms: StretchTerms) -> Run:
        """Return its run over ``span`` as it goes on from bar ``begin``, with fresh money."""
        whole = self.run(evaluator, Span(begin, span.stop), terms)
        signals = part_signals(whole.trade_rows, span)
        metrics, rows = evaluator.run(signals, span, terms.trade_size, terms.fill)
        return replace(whole, span=span, metrics=metrics, trade_rows=rows)


HOLDER: Final = Candidate(-1, HOLD, {})


def hold_run(evaluator: Evaluator, span: Span, terms: StretchTerms) -> Run:
    """Return buying the first bar of ``span`` and holding; with a warm-up it would begin before."""
    return HOLDER.run(evaluator, span, replace(terms, warm_up_bars=0))


class FoldRun(NamedTuple):
    """One step of the walk-forward: who was chosen, and what came of it."""

    spans: FoldSpans
    candidate: Candidate
    train: Run
    test: Run
    test_hold: Run


def fold_run(
    evaluator: Evaluator,
    candidates: Sequence[Candidate],
    spans: FoldSpans,
    terms: StretchTerms,
) -> FoldRun:
    """Return one step: the candidate with the highest train return, the first of equals, tested.

    Args:
        evaluator: of the candles the search saw.
        candidates: at least one.
        spans: where to choose and where to test.
        terms: how runs begin; the test goes on from the beginning of the train stretch.
    """
    best, train = None, None
    for candidate in candidates:
        run = candidate.run(evaluator, spans.train, terms)
        if train is None or run.metrics.total_return_pct > train.metrics.total_return_pct:
            best, train = candidate, run
    if best is None or train is None:
        raise ValueError("a walk-forward needs at least one candidate")
    test = best.run_on(evaluator, spans.test, spans.train.start, terms)
    return FoldRun(spans, best, train, test, hold_run(evaluator, spans.test, terms))


@dataclass(frozen=True)
class Holdout:
    """The candles the search never saw, and how trials are tried on them.

    Attributes:
        everything: holds all candles.
        span: the bars of the holdout, behind the embargo.
        begin: the bar from which trials are followed.
        terms: how runs begin.
        periods: what its returns are cut into.
        n_looks: searches that were tried on it, this one included.
    """

    everything: Evaluator
    span: Span
    begin: int
    terms: StretchTerms
    periods: Periods
    n_looks: int = 1

    @cached_property
    def hold(self) -> Run:
        """Return buying and holding there."""
        return hold_run(self.everything, self.span, self.terms)

    def figures(self, candidate: Candidate) -> dict[str, float]:
        """Return what a trial does there, under the names of ``LuckFigures``; none if too short."""
        if self.span.stop - self.span.start < LEAST_HOLDOUT_BARS:
            return {}
        run = candidate.run_on(self.everything, self.span, self.begin, self.terms)
        found = {
            "holdout_return_pct": run.metrics.total_return_pct,
            "holdout_hold_pct": self.hold.metrics.total_return_pct,
            "holdout_trades": float(run.metrics.num_trades),
        }
        returns, market = self._returns(run), self._returns(self.hold)
        if returns.shape[0] >= RETURNS_LEAST:
            share = time_share(run.trade_rows, self.hold.trade_rows)
            moments = sharpe.return_moments(sharpe.timed_returns(returns, market, share))
            chance = sharpe.luck_chance(moments.sharpe, moments.n, self.n_looks)
            found["holdout_luck_probability"] = chance
        return found

    def _returns(self, run: Run) -> FloatArray:
        return period_returns(self.everything.curve(run), self.periods)
