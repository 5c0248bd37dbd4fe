"""Draw out the runs worth looking at: from the start of the last window to the end of the candles.

A run starts cold at the same bar as in the search and goes on into the holdout without a break, so
that one line shows what was chosen and what came after. The figure scrutiny gives for the holdout
is of another run: it begins anew there with the trade size, the line goes on with what was earned.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from optimizer.domain.evaluator.evaluator import Evaluator, Run
from optimizer.domain.evaluator.stretch import StretchTerms, stretch_run
from optimizer.domain.evaluator.trades import Trade
from optimizer.domain.features.market import Span
from optimizer.domain.metrics import FillModel
from optimizer.domain.periods import Window, window_parse, window_start
from optimizer.domain.reporting import ReportCurve, ReportStudy
from optimizer.domain.study.data import StudyData
from trading.market.domain.bars import CLOSE

BoolArray = npt.NDArray[np.bool_]

TOP: Final = 5
LOOKED_AT_MAX: Final = 200  # a search may end in thousands of runs that trade the same
ALIKE_FROM: Final = 0.95  # of the candles held by one or the other


@dataclass(frozen=True, slots=True)
class CurveTerms:
    """What of a study decides how its runs are drawn; ``holdout_share`` of the bars, 0 to 0.5."""

    holdout_share: float = 0.0
    warm_up_bars: int = 0
    top: int = TOP


def chosen(study: ReportStudy) -> list[int]:
    """Return the places worth drawing, each once.

    First come the best of each objective, then the highest returns, then the best of each strategy.
    """
    best = [study.best(objective) for objective in range(len(study.facts.objectives))]
    ranked = study.ranked(study.ranking_window).tolist()
    of_strategy: dict[str, int] = {}
    for place in ranked:
        of_strategy.setdefault(study.strategy[place], place)
    found = [place for place in best if place is not None]
    return [*dict.fromkeys([*found, *ranked[:LOOKED_AT_MAX], *of_strategy.values()])]


def curves_draw(*, study: ReportStudy, data: StudyData, terms: CurveTerms) -> list[ReportCurve]:
    """Return the first runs of ``chosen`` that differ, each evaluated again.

    Runs of one strategy that hold nearly the same candles are one: where a parameter only moves an
    exit by a bar, the lines cannot be told apart. Those with the same figures on every window of
    the search are taken to be, without a look at the holdout. Each counts those skipped for it.

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
    return drawing.different(study, terms.top)


def _numbers(study: ReportStudy, place: int) -> bytes:
    """Return what a trial of its strategy came to on every window."""
    rows = [study.metrics[window][place].tobytes() for window in study.facts.windows]
    return b"".join([study.strategy[place].encode(), *rows])


def _one_more(curve: ReportCurve) -> ReportCurve:
    return replace(curve, n_alike=curve.n_alike + 1)


def _is_alike(curve: ReportCurve, run: Run) -> bool:
    if curve.strategy != run.strategy:
        return False
    n = len(curve.time)
    one, other = _held(curve.trades, n), _held(run.trades(), n)
    return int((one & other).sum()) >= ALIKE_FROM * int((one | other).sum())


def _held(trades: Sequence[Trade], n: int) -> BoolArray:
    held = np.zeros(n, dtype=bool)
    for trade in trades:
        held[trade.entry_index : trade.exit_index] = True
    return held


@dataclass(frozen=True, slots=True)
class _Drawing:
    evaluator: Evaluator
    window: Window
    span: Span
    warm_up_bars: int
    holdout_from: int | None

    def different(self, study: ReportStudy, top: int) -> list[ReportCurve]:
        """Return the first runs that differ, at most ``top``."""
        curves: list[ReportCurve] = []
        drawn: dict[bytes, int] = {}
        for place in chosen(study):
            found = _numbers(study, place)
            if found in drawn:  # most are: nothing is evaluated to hear the same again
                curves[drawn[found]] = _one_more(curves[drawn[found]])
                continue
            run = self._run(study, place)
            alike = next((k for k, curve in enumerate(curves) if _is_alike(curve, run)), None)
            drawn[found] = len(curves) if alike is None else alike
            if alike is not None:
                curves[alike] = _one_more(curves[alike])
                continue
            curves.append(self._curve(study, place, run))
            if len(curves) == top:
                break
        return curves

    def _curve(self, study: ReportStudy, place: int, run: Run) -> ReportCurve:
        bars = self.evaluator.bars
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
