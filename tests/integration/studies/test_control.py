"""Who may run, stop and resume a study, and on which data."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from optimizer.models import Study
from optimizer.services.studies.control import Claimant, study_cancel, study_claim
from optimizer.services.studies.refusals import DataChangedError, StudyRefusedError
from optimizer.services.studies.run.heartbeat import heartbeat
from optimizer.services.studies.run.running import RunEnd
from optimizer.services.studies.run.storing import batch_store
from tests.factories.studies import study_taken_over
from tests.fakes.clock import FakeClock
from tests.integration.studies.conftest import Bench
from tests.waiting import wait_for
from trading.base.domain.errors import BadInputError, LeaseLostError

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def study(bench: Bench) -> Study:
    return bench.open()


@pytest.fixture
def clock(study: Study) -> FakeClock:
    return FakeClock(int(study.created_at.timestamp() * 1000) + 1)


def claimant(owner: str, clock: FakeClock, *, is_alive: bool = True) -> Claimant:
    return Claimant(owner, "1", clock, lambda _owner: is_alive)


def claim(study: Study, owner: str, clock: FakeClock, *, is_alive: bool = True) -> Study:
    return study_claim(study.pk, claimant(owner, clock, is_alive=is_alive))


def test_a_living_owner_keeps_the_study(study: Study, clock: FakeClock) -> None:
    claim(study, "first", clock)
    clock.advance(5)
    with pytest.raises(StudyRefusedError, match="is run by first, last sign of life 5 s ago"):
        claim(study, "second", clock)


def test_a_dead_owner_loses_it_at_once_and_a_silent_one_later(
    study: Study, clock: FakeClock
) -> None:
    claim(study, "first", clock)
    assert claim(study, "second", clock, is_alive=False).owner == "second"
    clock.advance(31)
    assert claim(study, "third", clock).owner == "third"


def test_a_study_that_is_taken_up_has_no_reason_to_wait_any_more(
    study: Study, clock: FakeClock
) -> None:
    Study.objects.filter(pk=study.pk).update(status_reason="waits for a worker")
    assert claim(study, "first", clock).status_reason == ""


def test_who_was_taken_over_stores_nothing_more(study: Study, clock: FakeClock) -> None:
    first = claim(study, "first", clock)
    claim(study, "second", clock, is_alive=False)
    with pytest.raises(LeaseLostError, match="run by another process"):
        batch_store(study=first, batch=0, records=[], now=clock.now(), path=dict)
    study.refresh_from_db()
    assert study.n_batches == 0


def test_a_run_that_is_taken_over_ends_quietly(bench: Bench, study: Study) -> None:
    bench.on_wait = lambda: study_taken_over(study.pk)
    assert bench.run(study).end is RunEnd.TAKEN_OVER
    study.refresh_from_db()
    assert (study.owner, study.status) == ("other", "running")


def test_a_run_that_slept_while_its_study_was_cancelled_says_that(
    bench: Bench, study: Study
) -> None:
    def sleep_on() -> None:
        mine = Study.objects.filter(pk=study.pk).exclude(owner="")
        if mine.update(expires_at=study.created_at - timedelta(days=1)):
            study_cancel(study.pk, clock=bench.tools().clock)

    bench.on_wait = sleep_on
    result = bench.run(study)
    assert (result.end, result.study.status) == (RunEnd.CANCELLED, "cancelled")
    assert result.study.status_reason == "cancelled by request"


def test_a_study_nobody_runs_is_cancelled_at_once(study: Study, clock: FakeClock) -> None:
    assert study_cancel(study.pk, clock=clock).status == Study.Status.CANCELLED
    with pytest.raises(StudyRefusedError, match="cancelled already"):
        study_cancel(study.pk, clock=clock)


def test_a_study_somebody_runs_is_asked_to_stop(study: Study, clock: FakeClock) -> None:
    claim(study, "first", clock)
    asked = study_cancel(study.pk, clock=clock)
    assert (asked.status, asked.is_cancel_wanted) == ("running", True)
    clock.advance(31)
    assert study_cancel(study.pk, clock=clock).status == Study.Status.CANCELLED


def test_a_study_that_does_not_exist_is_named(clock: FakeClock) -> None:
    with pytest.raises(BadInputError, match="study was 99; there is no such study"):
        study_cancel(99, clock=clock)


def test_a_long_piece_of_work_gives_signs_of_life(study: Study, clock: FakeClock) -> None:
    first = claim(study, "first", clock)
    clock.advance(40)
    with heartbeat(first, clock, every_s=0.01):
        wait_for(
            lambda: Study.objects.get(pk=study.pk).heartbeat_at == clock.now(), "a sign of life"
        )
    with pytest.raises(StudyRefusedError, match="is run by first"):
        claim(study, "second", clock)
    clock.advance(40)
    assert claim(study, "second", clock).owner == "second"


def change_costs(bench: Bench) -> None:
    content: dict[str, Any] = json.loads(bench.costs.read_text())
    content["entries"]["1000.0"]["derived"]["loss_rate"] = "0.0123"
    bench.costs.write_text(json.dumps(content))


def change_candles(bench: Bench) -> None:
    import pandas as pd

    table = pd.read_parquet(bench.candles)
    table.loc[5, "volume"] += 1.0
    table.to_parquet(bench.candles)


@pytest.mark.parametrize(
    ("change", "what"), [(change_costs, "swap costs"), (change_candles, "cand")]
)
def test_changed_data_are_refused_with_both_digests(
    bench: Bench, study: Study, change: Any, what: str
) -> None:
    change(bench)
    with pytest.raises(DataChangedError, match=what) as refused:
        bench.run(study)
    known = study.cost_digest if what == "swap costs" else study.data_digest
    assert known[:16] in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    study.refresh_from_db()
    assert (study.status, study.status_reason) == ("failed", str(refused.value))
    assert study.finished_at is not None
    assert study.finished_at - study.created_at < timedelta(minutes=5)
