"""Run trials where they were not chosen: step by step through the past, and on the holdout.

Indicators are warmed up on the bars before, but a position the trial would already hold there is
not taken over, so that no profit reaches across.

Source: reference specification of the optimizer, section 8; optimizer issue, "Luck control".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from optimizer.domain.evaluator.evaluator import Evaluator, Run
from optimizer.domain.evaluator.stretch import StretchTerms, stretch_run
from optimizer.domain.features.market import Span
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


HOLDER: Final = Candidate(-1, HOLD, {})


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
        terms: how runs begin; the test is warmed up from the beginning of the train stretch.
    """
    best, train = None, None
    for candidate in candidates:
        run = candidate.run(evaluator, spans.train, terms)
        if train is None or run.metrics.total_return_pct > train.metrics.total_return_pct:
            best, train = candidate, run
    if best is None or train is None:
        raise ValueError("a walk-forward needs at least one candidate")
    warmed = replace(terms, warm_up_bars=spans.test.start - spans.train.start)
    hold = HOLDER.run(evaluator, spans.test, replace(terms, warm_up_bars=0))
    return FoldRun(spans, best, train, best.run(evaluator, spans.test, warmed), hold)


def holdout_figures(
    everything: Evaluator, candidate: Candidate, span: Span, begin: int, terms: StretchTerms
) -> dict[str, float]:
    """Return what a trial does on the holdout, under the names of ``LuckFigures``.

    Args:
        everything: holds all candles.
        candidate: the trial.
        span: the bars of the holdout, behind the embargo; empty results where it is too short.
        begin: the bar from which indicators are warmed up.
        terms: how runs begin.
    """
    if span.stop - span.start < LEAST_HOLDOUT_BARS:
        return {}
    run = candidate.run(everything, span, replace(terms, warm_up_bars=span.start - begin))
    hold = HOLDER.run(everything, span, replace(terms, warm_up_bars=0))
    return {
        "holdout_return_pct": run.metrics.total_return_pct,
        "holdout_hold_pct": hold.metrics.total_return_pct,
        "holdout_trades": float(run.metrics.num_trades),
    }
