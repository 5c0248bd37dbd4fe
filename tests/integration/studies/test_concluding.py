"""A study whose trials are all stored obeys a stop too; what it was doing is done again."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from optimizer import bootstrap
from optimizer.domain.study.data import StudyData
from optimizer.models import SearchLedger, Study, TrialLuck
from optimizer.selectors.keys import number_of
from optimizer.services.reports.reading import TrialColumns
from optimizer.services.studies.control import study_cancel
from optimizer.services.studies.run.running import RunEnd
from optimizer.services.studies.run.tools import Between
from tests.factories.studies import study_taken_over
from tests.integration.studies.conftest import Bench
from trading.base.adapters.system_clock import SystemClock

pytestmark = pytest.mark.django_db(transaction=True)


def verdicts(study: Study) -> dict[int, tuple[Any, ...]]:
    rows = TrialLuck.objects.filter(trial__study=study)
    return {number_of(row.trial_id): (row.verdict, row.codes, row.figures) for row in rows}


def files(folder: Path) -> dict[str, bytes]:
    """Return what a report consists of."""
    own = {"manifest.json", "checkpoint.json", "trials.jsonl"}
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in own
    }


def stop_after(calls: int, *, is_begun: Callable[[], bool]) -> Callable[[], bool]:
    """Return a stop that comes after so many questions, counted from a moment on."""
    count = itertools.count()
    return lambda: is_begun() and next(count) >= calls


def is_stored() -> bool:
    return Study.objects.filter(n_done=160).exists()


def before_luck(bench: Bench, act: Callable[[int], object]) -> None:
    """Let something happen once the search is over."""
    luck = bench.tools().luck

    def acted(study_id: int, data: StudyData, trials: TrialColumns, between: Between) -> Any:
        act(study_id)
        return luck(study_id, data, trials, between)

    bench.changes = {"luck": acted}


@pytest.mark.parametrize("calls", [1, 2, 9])
def test_a_stop_between_two_verdicts_leaves_none_and_the_next_run_makes_them_all(
    bench: Bench, calls: int
) -> None:
    study = bench.open()
    stopped = bench.run(study, should_stop=stop_after(calls, is_begun=is_stored))
    assert stopped.end is RunEnd.STOPPED
    assert (stopped.study.status, stopped.study.owner) == (Study.Status.RUNNING, "")
    assert (stopped.study.luck, verdicts(study), files(bench.run_dir(study))) == ({}, {}, {})
    assert SearchLedger.objects.get().n_holdout_looks == 0
    assert bench.run(study).end is RunEnd.FINISHED
    assert bench.pools[-1].evaluated == []
    assert verdicts(study)
    assert SearchLedger.objects.get().n_holdout_looks == 1


def test_a_stop_within_the_report_leaves_whole_files_and_the_next_run_writes_the_rest(
    bench: Bench,
) -> None:
    study = bench.open()
    stop = stop_after(3, is_begun=TrialLuck.objects.exists)
    assert bench.run(study, should_stop=stop).end is RunEnd.STOPPED
    before, found = files(bench.run_dir(study)), verdicts(study)
    assert before
    assert "report.html" not in before
    assert bench.run(study).end is RunEnd.FINISHED
    after = files(bench.run_dir(study))
    assert before.items() <= after.items()
    assert "report.html" in after
    assert verdicts(study) == found
    assert SearchLedger.objects.get().n_holdout_looks == 1  # the same look, taken again


def test_the_trials_are_read_once_for_scrutiny_and_report(
    bench: Bench,
) -> None:
    study = bench.open()
    read: list[str] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and '"packed"' in sql and "windowmetrics" in sql:
            read.append(sql)
        return execute(sql, params, many, context)

    before_luck(bench, lambda _study_id: read.append("luck"))
    with connection.execute_wrapper(listen):
        assert bench.run(study).end is RunEnd.FINISHED
    assert read.count("luck") == 1
    assert len(read) == 2


def test_a_study_cancelled_while_it_is_examined_ends_and_may_be_resumed(bench: Bench) -> None:
    study, clock = bench.open(), SystemClock()
    before_luck(bench, lambda study_id: study_cancel(study_id, clock=clock))
    result = bench.run(study)
    assert result.end is RunEnd.CANCELLED
    assert (result.study.status, result.study.n_done) == (Study.Status.CANCELLED, 160)
    assert result.study.status_reason == "cancelled by request"
    assert verdicts(study) == {}
    bench.changes = {}
    assert bench.run(study, resume={}).end is RunEnd.FINISHED
    assert verdicts(study)


def test_a_run_that_is_taken_over_while_it_examines_writes_no_verdict(bench: Bench) -> None:
    study = bench.open()
    before_luck(bench, study_taken_over)
    assert bench.run(study).end is RunEnd.TAKEN_OVER
    study.refresh_from_db()
    assert (study.owner, study.status, study.luck) == ("other", "running", {})
    assert verdicts(study) == {}


def test_the_report_of_a_study_that_failed_behind_its_last_trial_says_that(bench: Bench) -> None:
    def too_small(_study_id: int) -> None:
        raise MemoryError("too small")

    study = bench.open()
    before_luck(bench, too_small)
    with pytest.raises(MemoryError):
        bench.run(study)
    for status in ("failed", "finished"):
        bootstrap.report_build(study_id=study.pk)
        summary = json.loads((bench.run_dir(study) / "overall.json").read_text())
        assert (summary["status"], summary["trials"]) == (status, 160)
        bench.changes = {}
        if status == "failed":
            assert bench.run(study, resume={}).end is RunEnd.FINISHED
