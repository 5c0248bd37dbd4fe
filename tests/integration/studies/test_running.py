"""A study's trials are the same however often it stops, and each is made once."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from optimizer.adapters.run_files import StudySnapshot
from optimizer.adapters.trial_log import trials_read
from optimizer.models import SearchLedger, Study, Trial, TrialScores, WindowMetrics
from optimizer.services.studies.control import study_cancel
from optimizer.services.studies.run.running import RunEnd
from optimizer.services.studies.run.storing import batch_store, records_from, trial_table_hash
from tests.fakes.clock import FakeClock
from tests.integration.studies.conftest import Bench
from trading.base.domain.errors import InvariantError

pytestmark = pytest.mark.django_db(transaction=True)


def after(calls: int) -> Callable[[], bool]:
    count = itertools.count()
    return lambda: next(count) >= calls


def finished(bench: Bench, study: Study) -> str:
    assert bench.run(study).end is RunEnd.FINISHED
    return trial_table_hash(study.pk)


@pytest.fixture
def quiet(bench: Bench) -> str:
    """Return the hash of the study that nobody interrupts."""
    return finished(bench, bench.open())


def test_a_study_ends_with_all_its_trials_in_every_place(bench: Bench) -> None:
    study = bench.open()
    result = bench.run(study)
    study.refresh_from_db()
    assert (study.status, study.n_done, study.owner) == ("finished", 160, "")
    assert Trial.objects.filter(study=study).count() == 160
    n_ok = Trial.objects.filter(study=study, status="ok").count()
    n_pruned = Trial.objects.filter(study=study, status="pruned").count()
    assert WindowMetrics.objects.count() == 2 * n_ok + n_pruned
    assert TrialScores.objects.count() == n_ok
    assert SearchLedger.objects.get().n_trials == 160
    logged = [trial["number"] for trial, _ in trials_read(bench.run_dir(study) / "trials.jsonl")]
    assert logged == list(range(160))
    assert set(result.best) == {"final_balance", "utility"}
    assert all(best["luck"] is not None for best in result.best.values())
    assert (bench.run_dir(study) / "report.html").is_file()
    assert bench.told[0] == (0, True)
    assert bench.told[-1] == (160, True)
    assert bench.pools[0].is_closed


def test_the_manifest_says_what_it_was_started_with_and_what_it_cost(bench: Bench) -> None:
    study = bench.open()
    bench.run(study)
    study.refresh_from_db()
    manifest = json.loads((bench.run_dir(study) / "manifest.json").read_text())
    assert manifest["arguments"]["trade_size"] == "1000"
    assert manifest["strategies"] == ["passive_hold", "donchian_champion", "csma_revert"]
    assert manifest["windows"] == ["2d", "all"]
    days = manifest["stretches"]
    assert days["windows"]["all"]["from"] < days["windows"]["2d"]["from"]
    assert days["windows"]["2d"]["to"] == days["windows"]["all"]["to"] <= days["holdout"]["from"]
    assert (manifest["seed"], manifest["study"]) == (5, study.pk)
    assert manifest["data_digest"] == study.data_digest
    assert manifest["cost_digest"] == study.cost_digest
    assert set(manifest["libraries"]) >= {"numpy", "numba", "cmaes"}
    (run,) = manifest["runs"]
    assert run["worker_cpu_s"] == 1.0
    assert study.figures["trials_per_second"] > 0
    assert study.source["pair"] == "PDAI/DAI"


@pytest.mark.parametrize("snapshot", ["kept", "gone", "damaged", "of another format"])
def test_a_study_stopped_everywhere_finds_what_the_quiet_one_does(
    bench: Bench, quiet: str, snapshot: str
) -> None:
    study = bench.open()
    for calls in (0, 1, 12, 2, 14, 11, 3):
        assert bench.run(study, should_stop=after(calls)).end is RunEnd.STOPPED
        file = bench.run_dir(study) / "checkpoint.json"
        if snapshot == "gone":
            file.unlink()
        elif snapshot == "damaged":
            file.write_bytes(file.read_bytes()[:-20])
        elif snapshot == "of another format":
            StudySnapshot(file).save({"study": study.pk, "seed": study.seed, "engine": {}})
    assert finished(bench, study) == quiet
    assert SearchLedger.objects.get().n_trials == 2 * 160


def test_no_trial_that_is_stored_is_evaluated_again(bench: Bench) -> None:
    study = bench.open()
    bench.run(study, should_stop=after(14))
    study.refresh_from_db()
    assert 0 < study.n_done < 160
    bench.run(study)
    assert sorted(bench.pools[-1].evaluated) == list(range(study.n_done, 160))


def test_a_log_that_lags_or_is_torn_is_mended_from_the_rows(bench: Bench, quiet: str) -> None:
    study = bench.open()
    bench.run(study, should_stop=after(14))
    log = bench.run_dir(study) / "trials.jsonl"
    log.write_bytes(log.read_bytes()[:-500])
    assert finished(bench, study) == quiet
    assert [t["number"] for t, _ in trials_read(log)] == list(range(160))


def test_a_lost_connection_is_got_over(bench: Bench, quiet: str) -> None:
    failures = itertools.cycle([False, False, True])

    def database(work: Callable[[], Any]) -> Any:
        found = work()
        if next(failures):  # the answer to the commit is lost, so it is done again
            found = work()
        return found

    bench.changes = {"database": database}
    assert finished(bench, bench.open()) == quiet


def test_a_database_that_stays_away_ends_the_run_and_another_goes_on(
    bench: Bench, quiet: str
) -> None:
    study = bench.open()
    count = itertools.count()

    def away() -> None:
        if next(count) == 4:
            raise OperationalError("the server is gone")

    bench.on_wait = away
    with pytest.raises(OperationalError):
        bench.run(study)
    assert bench.pools[-1].is_closed
    assert finished(bench, study) == quiet


def test_a_batch_stored_twice_is_stored_once(bench: Bench) -> None:
    study = bench.open()
    bench.run(study, should_stop=after(14))
    study.refresh_from_db()
    assert study.n_batches > 0
    records = list(records_from(study, 0))
    before = SearchLedger.objects.get().n_trials
    batch_store(
        study=study,
        batch=study.n_batches - 1,
        records=records,
        now=study.created_at,
        path=dict,
    )
    assert SearchLedger.objects.get().n_trials == before


def test_cancelling_stops_and_resuming_goes_on(bench: Bench, quiet: str) -> None:
    study = bench.open()
    count = itertools.count()
    clock = FakeClock(int(study.created_at.timestamp() * 1000))
    bench.changes = {"clock": clock}

    def cancel_once() -> None:
        clock.advance(0.5)  # a study asks now and then whether it is wanted
        if next(count) == 13:
            study_cancel(study.pk, clock=clock)

    bench.on_wait = cancel_once
    result = bench.run(study)
    assert result.end is RunEnd.CANCELLED
    assert result.study.status == Study.Status.CANCELLED
    assert result.study.status_reason == "cancelled by request"
    assert bench.run(study, resume={}).end is RunEnd.FINISHED
    assert trial_table_hash(study.pk) == quiet


def test_trials_that_another_search_made_are_refused(bench: Bench) -> None:
    study = bench.open()
    bench.run(study, should_stop=after(14))
    (bench.run_dir(study) / "checkpoint.json").unlink()
    Study.objects.filter(pk=study.pk).update(seed=6)
    with pytest.raises(InvariantError, match="is not what the search proposes"):
        bench.run(study)
    study.refresh_from_db()
    assert study.status == Study.Status.FAILED
    assert "another version of the search" in study.status_reason


def test_reports_on_the_way_are_written_when_asked_for(bench: Bench) -> None:
    seen: list[bool] = []
    report = bench.tools().report
    bench.changes = {"report": lambda *a: (seen.append(len(a) > 2), report(*a))[1]}
    bench.run(bench.open(report_every=60))
    assert seen[-1] is True
    assert seen.count(False) >= 1


def test_two_studies_of_one_second_have_their_own_directories(bench: Bench, tmp_path: Path) -> None:
    first, second = bench.open(), bench.open()
    assert first.run_dir != second.run_dir
    assert first.run_dir.startswith("reports/optimizer_top_top_strats_run/20")
