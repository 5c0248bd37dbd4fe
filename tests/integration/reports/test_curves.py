"""Runs drawn out: those of the search, going on into the holdout, and only those that differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.domain.evaluator.evaluator import ALL, Evaluator, Plan, Run
from optimizer.domain.evaluator.stretch import stretch_run
from optimizer.domain.periods import window_parse
from optimizer.domain.study.data import StudyData
from optimizer.domain.study.records import TrialRecord
from optimizer.models import Study
from optimizer.services.reports.curves import CurveTerms, chosen, curves_draw
from optimizer.services.reports.reading import study_read
from tests.integration.reports.conftest import HOLDOUT, STEP_MS, N

pytestmark = pytest.mark.django_db


def test_a_curve_is_the_search_s_run_and_goes_on_into_the_holdout(
    study: Study, data: StudyData, records: list[TrialRecord]
) -> None:
    report = study_read(study=study, data=data, market="m", quote="DAI")
    stop = data.search_stop(HOLDOUT)
    searched = Evaluator(data.bars.slice(0, stop), step_ms=STEP_MS, costs=data.costs)
    curves = curves_draw(study=report, data=data, terms=CurveTerms(holdout_share=HOLDOUT))
    assert 1 < len(curves) <= 5
    for curve in curves:
        record = records[curve.number]
        run = searched.evaluate(record.strategy, record.params(), Plan(windows=(ALL,)))[0]
        # the last bar of the search part is closed by force there and not here
        np.testing.assert_array_equal(curve.equity[: stop - 1], searched.curve(run)[:-1])
        assert curve.equity.shape == curve.time.shape == (len(data.bars),)
        assert curve.holdout_from == data.bars.open_time[stop]
        for trade in curve.trades:
            assert curve.time[trade.exit_index] > curve.time[trade.entry_index]


def test_runs_that_trade_nearly_the_same_are_drawn_once_and_counted(
    study: Study, data: StudyData
) -> None:
    report = study_read(study=study, data=data, market="m", quote="DAI")
    best = report.best(0)
    assert best is not None
    twins = [place for place in range(N) if report.strategy[place] == report.strategy[best]][:6]
    params = list(report.params)
    for place in twins:
        params[place] = report.params[best]
    curves = curves_draw(
        study=replace(report, params=params), data=data, terms=CurveTerms(HOLDOUT, top=50)
    )
    assert len(twins) > 2
    skipped = [place for place in twins if np.isfinite(report.scores[place, 0])]
    assert sum(int(report.number[place]) == c.number for place in skipped for c in curves) == 1
    first = next(curve for curve in curves if curve.number == report.number[best])
    assert first.n_alike >= len(skipped) - 1
    marks = {(c.strategy, tuple((t.entry_index, t.exit_index) for t in c.trades)) for c in curves}
    assert len(marks) == len(curves)


def test_a_curve_of_a_short_window_starts_where_the_search_did(
    study: Study, data: StudyData
) -> None:
    study.windows = ["all", "1d"]  # as if the short one ranked
    report = study_read(study=study, data=data, market="m", quote="DAI")
    curve = curves_draw(study=report, data=data, terms=CurveTerms(HOLDOUT, top=1))[0]
    searched = data.bars.slice(0, data.search_stop(HOLDOUT))
    evaluator = Evaluator(searched, step_ms=STEP_MS, costs=data.costs)
    assert curve.time[0] == searched.open_time[evaluator.span(window_parse("1d")).start]


def test_a_run_with_the_numbers_of_another_is_counted_without_being_evaluated(
    study: Study, data: StudyData, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = study_read(study=study, data=data, market="m", quote="DAI")
    best = report.best(0)
    assert best is not None
    twins = [place for place in chosen(report) if report.strategy[place] == report.strategy[best]]
    metrics = {window: rows.copy() for window, rows in report.metrics.items()}
    for rows in metrics.values():
        rows[twins] = rows[best]
    evaluated: list[str] = []

    def noted(evaluator: Evaluator, strategy: str, *rest: Any) -> Run:
        evaluated.append(strategy)
        return stretch_run(evaluator, strategy, *rest)

    monkeypatch.setattr("optimizer.services.reports.curves.stretch_run", noted)
    curves = curves_draw(
        study=replace(report, metrics=metrics), data=data, terms=CurveTerms(HOLDOUT, top=50)
    )
    assert len(twins) > 2
    assert evaluated.count(report.strategy[best]) == 1
    first = next(curve for curve in curves if curve.number == report.number[best])
    assert first.n_alike == len(twins) - 1
