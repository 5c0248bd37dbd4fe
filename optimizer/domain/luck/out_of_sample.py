"""Run trials where they were not chosen: step by step through the past, and on the holdout.

Indicators and positions come from the bars before, as they would on a desk that began earlier; a
position held at the first bar is bought there, at its price and costs. So nothing is earned across
the border, and a trial that rarely trades is not judged by an empty stretch.

Source: reference specification of the optimizer, section 8; optimizer issue, "Luck control".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from optimizer.domain.evaluator.evaluator import Evaluator, Run
from optimizer.domain.evaluator.stretch import StretchTerms, stretch_run
from optimizer.domain.features.market import Span
from optimizer.domain.luck.timing import part_signals
from optimizer.domain.luck.walk_forward import FoldSpans

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


def holdout_figures(
    everything: Evaluator, candidate: Candidate, span: Span, begin: int, terms: StretchTerms
) -> dict[str, float]:
    """Return what a trial does on the holdout, under the names of ``LuckFigures``.

    Args:
        everything: holds all candles.
        candidate: the trial.
        span: the bars of the holdout, behind the embargo; empty results where it is too short.
        begin: the bar from which the trial is followed.
        terms: how runs begin.
    """
    if span.stop - span.start < LEAST_HOLDOUT_BARS:
        return {}
    run = candidate.run_on(everything, span, begin, terms)
    hold = hold_run(everything, span, terms)
    return {
        "holdout_return_pct": run.metrics.total_return_pct,
        "holdout_hold_pct": hold.metrics.total_return_pct,
        "holdout_trades": float(run.metrics.num_trades),
    }
