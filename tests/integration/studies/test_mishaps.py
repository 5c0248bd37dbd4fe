"""What goes wrong beside the search costs no trial, leaves no riddle and is said in a sentence."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

from optimizer.adapters.study_files import RunDirectories
from optimizer.adapters.trial_log import LogChangedError, trials_read
from optimizer.models import SearchLedger, Study, Trial
from optimizer.services.studies.refusals import StudyDeletedError
from optimizer.services.studies.run.running import RunEnd
from optimizer.services.studies.run.storing import trial_table_hash
from tests.factories.studies import study_taken_over
from tests.integration.studies.conftest import Bench
from trading.base.domain.errors import InvariantError

pytestmark = pytest.mark.django_db(transaction=True)


class KilledError(BaseException):
    """Stands for a signal that leaves no time to write anything down."""


def once(act: Callable[[], object], *, after: int) -> Callable[[], None]:
    """Return what does something at one call, counted from 0."""
    count = itertools.count()

    def called() -> None:
        if next(count) == after:
            act()

    return called


def fail(error: BaseException) -> Callable[..., Any]:
    def failing(*_arguments: Any) -> Any:
        raise error

    return failing


@pytest.fixture
def study(bench: Bench) -> Study:
    return bench.open()


def test_the_figures_are_the_study_s_however_often_it_was_killed_and_resumed(
    bench: Bench, study: Study
) -> None:
    bench.on_wait = once(fail(KilledError()), after=14)
    with pytest.raises(KilledError):
        bench.run(study)
    bench.on_wait = lambda: None
    bench.changes = {"luck": fail(KilledError())}
    with pytest.raises(KilledError):
        bench.run(study)
    study.refresh_from_db()
    assert (study.n_done, study.status) == (160, "running")
    bench.changes = {}
    figures = bench.run(study).study.figures
    study.refresh_from_db()
    runs = study.manifest["runs"]
    assert len(runs) == 3  # the first, killed before its first snapshot, may have no figures
    assert 0 < runs[1]["trials"] < 160
    assert (runs[2]["trials"], runs[2]["trials_per_second"]) == (0, 0)
    n_trials, elapsed_s = (
        sum(run.get(name, 0) for run in runs) for name in ("trials", "elapsed_s")
    )
    assert (figures["trials"], figures["elapsed_s"]) == (n_trials, pytest.approx(elapsed_s))
    assert figures["trials_per_second"] == pytest.approx(n_trials / elapsed_s, rel=0.01)
    assert figures["search_per_second"] > figures["trials_per_second"] > 0


@pytest.mark.parametrize("where", ["search", "luck"])
def test_a_study_deleted_while_it_runs_ends_in_a_sentence(
    bench: Bench, study: Study, where: str
) -> None:
    def delete(*_arguments: Any) -> None:
        Study.objects.filter(pk=study.pk).delete()

    if where == "search":
        bench.on_wait = once(delete, after=3)
    else:
        luck = bench.tools().luck

        def deleted(*rest: Any) -> Any:
            delete()
            return luck(*rest)

        bench.changes = {"luck": deleted}
    with pytest.raises(StudyDeletedError) as refused:
        bench.run(study)
    assert str(refused.value) == f"study {study.pk} was deleted while it ran"
    assert bench.pools[-1].is_closed


def test_trials_that_are_counted_and_gone_are_named_and_not_searched_past(
    bench: Bench, study: Study
) -> None:
    stops = iter([False] * 14)
    bench.run(study, should_stop=lambda: next(stops, True))
    study.refresh_from_db()
    (bench.run_dir(study) / "checkpoint.json").unlink()
    last = Trial.objects.filter(study=study).latest("number")
    last.delete()
    with pytest.raises(InvariantError):
        bench.run(study)
    n_done = study.n_done
    study.refresh_from_db()
    assert (study.status, study.n_done) == ("failed", n_done)
    assert f"study {study.pk} counts {n_done} stored trials" in study.status_reason
    assert f"but there is none numbered {last.number}" in study.status_reason


def test_a_log_cut_by_hand_ends_the_run_and_is_whole_after_the_next(
    bench: Bench, study: Study
) -> None:
    path, waits = bench.run_dir(study) / "trials.jsonl", itertools.count()

    def cut() -> None:
        if next(waits) == 8:
            os.truncate(path, 100)

    bench.on_wait = cut
    with pytest.raises(LogChangedError):
        bench.run(study)
    study.refresh_from_db()
    assert study.status == Study.Status.FAILED
    assert "was changed by another process or by hand" in study.status_reason
    assert bench.run(study, resume={}).end is RunEnd.FINISHED
    assert [trial["number"] for trial, _ in trials_read(path)] == list(range(160))


def test_a_study_whose_manifest_cannot_be_written_is_none(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunDirectories, "manifest_write", full)
    with pytest.raises(OSError, match="No space"):
        bench.open()
    assert not Study.objects.exists()
    assert not SearchLedger.objects.exists()


def test_a_run_that_lost_its_study_leaves_the_manifest_of_the_other(bench: Bench) -> None:
    study = bench.open()
    manifest = bench.run_dir(study) / "manifest.json"
    luck = bench.tools().luck
    seen: list[bytes] = []

    def lose(*given: Any) -> Any:
        found = luck(*given)
        study_taken_over(study.pk)
        seen.append(manifest.read_bytes())
        return found

    bench.changes = {"luck": lose}
    assert bench.run(study).end is RunEnd.TAKEN_OVER
    assert [manifest.read_bytes()] == seen


def test_a_folder_in_the_snapshot_s_place_stops_nothing(bench: Bench, study: Study) -> None:
    quiet = trial_table_hash(bench.run(bench.open()).study.pk)
    stops = iter([False] * 14)
    bench.run(study, should_stop=lambda: next(stops, True))
    place = bench.run_dir(study) / "checkpoint.json"
    place.unlink()
    place.mkdir()
    assert bench.run(study).end is RunEnd.FINISHED
    assert trial_table_hash(study.pk) == quiet
    assert place.is_dir()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("odd")])
def test_a_run_that_fails_leaves_its_reason_and_another_goes_on(
    bench: Bench, study: Study, error: Exception
) -> None:
    bench.on_wait = fail(error)
    with pytest.raises(type(error)):
        bench.run(study)
    study.refresh_from_db()
    assert (study.status, study.owner) == ("failed", "")
    assert study.status_reason == f"{type(error).__name__}: {error}"
    bench.on_wait = lambda: None
    assert bench.run(study, resume={}).end is RunEnd.FINISHED


def test_trials_count_although_the_ledger_lost_its_row(bench: Bench, study: Study) -> None:
    first = bench.open()
    bench.run(first)
    before = SearchLedger.objects.get()
    assert before.path
    bench.on_wait = once(SearchLedger.objects.all().delete, after=14)
    bench.run(study)
    ledger = SearchLedger.objects.get()
    assert (ledger.n_trials, ledger.n_studies) == (2 * 160, 2)
    assert (ledger.data_digest, ledger.path) == (study.data_digest, before.path)
    assert ledger.first_at == study.created_at  # opened before the other


def test_a_report_on_the_way_may_take_long_and_signs_of_life_come_meanwhile(bench: Bench) -> None:
    study, report, alive = bench.open(report_every=60), bench.tools().report, []

    def listened(*given: Any) -> Any:
        alive.append("study-heartbeat" in {thread.name for thread in threading.enumerate()})
        return report(*given)

    bench.changes = {"report": listened}
    bench.run(study)
    assert len(alive) > 1  # the last is the complete one
    assert set(alive) == {True}
