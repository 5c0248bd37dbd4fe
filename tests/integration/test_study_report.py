"""The report of a stored study: what the rows say, and runs that go on into the holdout."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer import bootstrap
from optimizer.adapters.html_report import HtmlReport
from optimizer.domain.evaluator.evaluator import ALL, Evaluator, Plan, Run
from optimizer.domain.evaluator.stretch import stretch_run
from optimizer.domain.metrics import METRIC_NAMES
from optimizer.domain.periods import window_parse
from optimizer.domain.study.data import StudyData
from optimizer.domain.study.evaluation import Terms, TrialEvaluator, Work
from optimizer.domain.study.records import TrialRecord, TrialStatus
from optimizer.domain.systems import system_get
from optimizer.models import SearchLedger, Study, Trial, TrialLuck, TrialScores, WindowMetrics
from optimizer.models.trials import ROW_SPACE, TRIAL_SPACE
from optimizer.ports.reports import PutFile
from optimizer.services.reports import tables
from optimizer.services.reports.build import ReportResult, ReportSource, report_build
from optimizer.services.reports.curves import CurveTerms, chosen, curves_draw
from optimizer.services.reports.reading import study_read
from tests.oracles import paths
from trading.domain.errors import BadInputError

pytestmark = pytest.mark.django_db
TOKENS = Path(__file__).resolve().parents[2] / "static" / "css" / "tokens.css"
STEP_MS = 300_000
OBJECTIVES = ("mar", "final_balance")
WINDOWS = ("1d", "all")
STRATEGIES = ("donchian_champion", "trailing_hold", "csma_revert")
HOLDOUT = 0.2
NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
N = 24


class MemoryFolder(dict[str, bytes]):
    @contextmanager
    def filling(self) -> Iterator[PutFile]:
        yield self.__setitem__


@pytest.fixture(scope="module")
def data() -> StudyData:
    return StudyData(paths.path(3, 1500), STEP_MS, paths.schedule())


@pytest.fixture(scope="module")
def records(data: StudyData) -> list[TrialRecord]:
    """Return trials as a worker would: every fifth pruned, one refused."""
    bars = data.bars.slice(0, data.search_stop(HOLDOUT))
    ticks = itertools.count()
    evaluator = TrialEvaluator(
        Evaluator(bars, step_ms=STEP_MS, costs=data.costs),
        Terms(WINDOWS, OBJECTIVES, 1000.0, "next_open", 0),
        now_us=lambda: next(ticks),
        pause=lambda _seconds: None,
    )
    rng = np.random.default_rng(8)
    made = []
    for number in range(N):
        name = STRATEGIES[number % 3]
        params = paths.draw(system_get(name).strategy, rng)
        if number == 7:
            params = {"no_such": 1.0}
        floor = np.inf if number % 5 == 4 else -np.inf
        made.append(evaluator.record(Work(number, name, params), [floor]))
    return made


def store(study: Study, records: Sequence[TrialRecord]) -> None:
    for record in records:
        key = study.pk * TRIAL_SPACE + record.number
        trial = Trial.objects.create(
            id=key,
            study=study,
            number=record.number,
            batch=0,
            strategy=record.strategy,
            params_json=record.params_json,
            status=record.status.value,
            error=record.error,
            elapsed_us=1,
        )
        for place, packed in enumerate(record.metrics):
            WindowMetrics.objects.create(
                id=key * ROW_SPACE + place,
                trial=trial,
                window=WINDOWS[place],
                total_return_pct=np.frombuffer(packed)[0],
                packed=packed,
            )
        if record.scores:
            TrialScores.objects.create(trial=trial, packed=record.scores)


@pytest.fixture
def study(data: StudyData, records: list[TrialRecord]) -> Study:
    """Return a stored study, beside another one whose rows must not show."""
    made = []
    for seed in (1, 2):
        made.append(
            Study.objects.create(
                created_at=NOW,
                heartbeat_at=NOW,
                status=Study.Status.FINISHED,
                strategies=list(STRATEGIES),
                objectives=list(OBJECTIVES),
                windows=list(WINDOWS),
                sampler="random",
                seed=seed,
                trade_size=1000,
                fill="next_open",
                settings={"holdout_share": HOLDOUT, "warm_up_bars": 0},
                source={},
                step_ms=STEP_MS,
                data_digest=data.data_digest(),
                cost_digest=data.cost_digest(),
                n_trials=N,
                n_done=N,
                run_dir="run",
                manifest={"git_commit": "abc"},
            )
        )
        store(made[-1], records if seed == 1 else records[:3])
    SearchLedger.objects.create(
        data_digest=data.data_digest(), n_trials=777, n_studies=2, first_at=NOW, last_at=NOW
    )
    best = made[0].trials.get(number=0)
    TrialLuck.objects.create(
        trial=best,
        explained=True,
        reasons=["It lost money on the holdout."],
        figures={"deflated_sharpe": 0.3, "pbo": 0.6, "holdout_return_pct": -4.0},
        ledger_trials=777,
        created_at=NOW,
    )
    return made[0]


def build(study: Study, data: StudyData, *, is_complete: bool = True) -> MemoryFolder:
    folder = MemoryFolder()
    result = report_build(
        study_id=study.pk,
        source_of=lambda row: ReportSource(data, "PDAI/DAI 5m", "DAI"),
        renderer=HtmlReport(tokens=TOKENS),
        folder_of={"run": folder}.__getitem__,
        is_complete=is_complete,
    )
    assert isinstance(result, ReportResult)
    assert sorted(result.files) == sorted(folder)
    return folder


def test_the_columns_are_exactly_what_was_stored(
    study: Study, data: StudyData, records: list[TrialRecord]
) -> None:
    report = study_read(study=study, data=data, market="m", quote="DAI")
    assert report.number.tolist() == list(range(N))
    assert report.facts.n_searched == 777
    for record in records:
        for place, window in enumerate(WINDOWS):
            row = report.metrics[window][record.number]
            if place >= len(record.metrics):
                assert np.isnan(row).all()
                continue
            expected = np.frombuffer(record.metrics[place])
            expected = np.where(np.isfinite(expected), expected, np.nan)
            np.testing.assert_array_equal(row, expected)
        scores = record.score_values() or [np.nan, np.nan]
        np.testing.assert_array_equal(report.scores[record.number], scores)
    assert report.luck[0].reasons == ("It lost money on the holdout.",)
    assert len(METRIC_NAMES) == report.metrics["all"].shape[1]


def test_pruned_and_failed_trials_show_only_where_they_were_evaluated(
    study: Study, data: StudyData, records: list[TrialRecord]
) -> None:
    folder = build(study, data)
    by_status = {record.number: record.status for record in records}
    for window, wanted in (("1d", {TrialStatus.OK, TrialStatus.PRUNED}), ("all", {TrialStatus.OK})):
        text = folder[f"metrics_{window}.csv"].decode()
        found = {int(row["trial_id"]) for row in csv.DictReader(io.StringIO(text))}
        assert found == {number for number, status in by_status.items() if status in wanted}


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


def test_the_report_says_which_days_its_windows_are(study: Study, data: StudyData) -> None:
    study.settings |= {"embargo_days": 0.5}
    study.save()
    folder = build(study, data)
    times = data.bars.open_time
    stop = data.search_stop(HOLDOUT)
    ends = int(times[stop - 1]) + STEP_MS  # a gap may lie between
    summary = json.loads(folder["overall.json"])
    assert summary["holdout"]["from"] == tables.moment(int(times[stop]))
    assert summary["windows"]["1d"]["to"] == tables.moment(ends)
    assert summary["holdout"]["to"] == tables.moment(int(times[-1]) + STEP_MS)
    assert summary["windows"]["all"]["from"] == tables.moment(int(times[0]))
    page = folder["report.html"].decode()
    assert "0.5 days left out between" in page
    assert "a day left out between" not in page
    assert f"<dt>1d</dt><dd>{tables.moment(ends - STEP_MS - 86_400_000)[:10]} to " in page


def test_a_curve_of_a_short_window_starts_where_the_search_did(
    study: Study, data: StudyData
) -> None:
    study.windows = ["all", "1d"]  # as if the short one ranked
    report = study_read(study=study, data=data, market="m", quote="DAI")
    curve = curves_draw(study=report, data=data, terms=CurveTerms(HOLDOUT, top=1))[0]
    searched = data.bars.slice(0, data.search_stop(HOLDOUT))
    evaluator = Evaluator(searched, step_ms=STEP_MS, costs=data.costs)
    assert curve.time[0] == searched.open_time[evaluator.span(window_parse("1d")).start]


def test_building_twice_gives_the_same_bytes(study: Study, data: StudyData) -> None:
    assert build(study, data) == build(study, data)


def test_a_report_on_the_way_draws_nothing_out(study: Study, data: StudyData) -> None:
    folder = build(study, data, is_complete=False)
    assert sorted(folder) == ["overall.json", "report.html"]


def test_a_study_that_has_just_begun_has_a_report(study: Study, data: StudyData) -> None:
    study.trials.all().delete()
    folder = build(study, data)
    assert folder["metrics_all.csv"].count(b"\n") == 1
    assert b"No trial was evaluated here yet." in folder["report.html"]


def test_a_study_that_does_not_exist_is_named(data: StudyData) -> None:
    with pytest.raises(BadInputError, match="study was 99; there is no such study"):
        build(Study(pk=99), data)


def test_the_desk_writes_a_report_into_the_run_directory(
    study: Study, data: StudyData, tmp_path: Path, settings: Any
) -> None:
    settings.DATA_DIR = tmp_path
    source = ReportSource(data, "PDAI/DAI 5m", "DAI")
    result = bootstrap.report_build(study_id=study.pk, source_of=lambda _: source)
    written = {path.relative_to(tmp_path / "run").as_posix() for path in tmp_path.rglob("*.*")}
    assert written == set(result.files)
    assert result.best["mar"]["trial"] in range(N)


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
