"""Draw out the runs worth looking at: from the start of the last window to the end of the candles.

A run starts cold at the same bar as in the search and goes on into the holdout without a break, so
that one line shows what was chosen and what came after.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.domain.evaluator.evaluator import Evaluator, Run
from optimizer.domain.evaluator.stretch import StretchTerms, stretch_run
from optimizer.domain.features.market import Span
from optimizer.domain.metrics import FillModel
from optimizer.domain.periods import Window, window_parse, window_start
from optimizer.domain.reporting import ReportCurve, ReportStudy
from optimizer.domain.study.data import StudyData
from trading.domain.market.bars import CLOSE

TOP: Final = 5


@dataclass(frozen=True, slots=True)
class CurveTerms:
    """What of a study decides how its runs are drawn; ``holdout_share`` of the bars, 0 to 0.5."""

    holdout_share: float = 0.0
    warm_up_bars: int = 0
    top: int = TOP


def chosen(study: ReportStudy, top: int) -> list[int]:
    """Return the places worth drawing: the best of each objective, then the highest returns."""
    best = [study.best(objective) for objective in range(len(study.facts.objectives))]
    by_return = study.ranked(study.ranking_window)[:top].tolist()
    places = [place for place in best if place is not None]
    return list(dict.fromkeys([*places, *by_return]))[:top]


def curves_draw(*, study: ReportStudy, data: StudyData, terms: CurveTerms) -> list[ReportCurve]:
    """Return the runs of ``chosen``, each evaluated again.

    Raises:
        BadInputError: the candles hold no search part for this holdout share.
    """
    times = data.bars.open_time
    stop = data.search_stop(terms.holdout_share)
    window = window_parse(study.ranking_window)
    drawing = _Drawing(
        evaluator=Evaluator(data.bars, step_ms=data.step_ms, costs=data.costs),
        window=window,
        span=Span(window_start(times[:stop], window), len(data.bars)),
        warm_up_bars=terms.warm_up_bars,
        holdout_from=int(times[stop]) if stop < len(data.bars) else None,
    )
    return [drawing.curve(study, place) for place in chosen(study, terms.top)]


@dataclass(frozen=True, slots=True)
class _Drawing:
    evaluator: Evaluator
    window: Window
    span: Span
    warm_up_bars: int
    holdout_from: int | None

    def curve(self, study: ReportStudy, place: int) -> ReportCurve:
        run, bars = self._run(study, place), self.evaluator.bars
        return ReportCurve(
            number=int(study.number[place]),
            strategy=study.strategy[place],
            window=self.window.label,
            time=np.array(bars.open_time[self.span.start : self.span.stop]),
            equity=self.evaluator.curve(run),
            close=np.array(bars.values[CLOSE, self.span.start : self.span.stop]),
            trades=run.trades(),
            holdout_from=self.holdout_from,
        )

    def _run(self, study: ReportStudy, place: int) -> Run:
        facts = study.facts
        return stretch_run(
            self.evaluator,
            study.strategy[place],
            json.loads(study.params[place]),
            self.span,
            StretchTerms(facts.trade_size, FillModel(facts.fill), self.warm_up_bars),
        )
