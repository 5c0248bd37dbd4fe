"""Studies are taken up once, by workers that have a place, and again when theirs is gone."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from optimizer.models import DataBlob, Study, SweepChunk
from optimizer.services.studies.control import LEASE_TTL
from optimizer.services.studies.refusals import StudyRefusedError
from optimizer.services.studies.run.running import RunEnd, RunResult
from optimizer.services.sweeps.supervision import (
    BLOBS_KEPT,
    CHUNKS_KEPT,
    UNCLAIMED_S,
    WAITS,
    WAITS_FOR_HOME,
    Take,
    studies_without_worker,
    study_take,
    sweeps_forget,
)
from tests.factories import NOW, study
from tests.fakes.clock import FakeClock
from trading.base.domain.errors import BadInputError, TradingError

pytestmark = pytest.mark.django_db


class Runs:
    """Stands for running a study; remembers which, and may fail."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.taken: list[int] = []
        self._failure = failure

    def __call__(self, study_id: int) -> RunResult:
        self.taken.append(study_id)
        if self._failure:
            raise self._failure
        return RunResult(RunEnd.FINISHED, Study(pk=study_id), {})


def take(row: Study, runs: Runs, place: Any = None, homes: tuple[str, ...] = ("run",)) -> Take:
    return study_take(
        study_id=row.pk,
        run=runs,
        is_home=lambda run_dir: run_dir in homes,
        place=place or threading.Lock(),
        clock=FakeClock(),
    )


def test_a_study_is_run_and_the_place_free_again() -> None:
    row, runs, place = study(owner=""), Runs(), threading.Lock()
    assert take(row, runs, place) == Take("finished")
    assert runs.taken == [row.pk]
    assert not place.locked()


def test_a_worker_with_a_study_takes_no_second_one_and_the_row_says_why() -> None:
    row, runs, place = study(owner=""), Runs(), threading.Lock()
    place.acquire()
    assert take(row, runs, place) == Take("busy with another study")
    assert runs.taken == []
    row.refresh_from_db()
    assert (row.status, row.status_reason) == (Study.Status.RUNNING, WAITS)


@pytest.mark.parametrize("owner", ["", "lost:1:a"])
def test_a_study_opened_on_another_machine_is_passed_on_and_the_row_says_where(owner: str) -> None:
    long_ago = FakeClock().now() - timedelta(days=1)
    row, runs = study(owner=owner, heartbeat_at=long_ago), Runs()
    assert take(row, runs, homes=()).is_elsewhere
    assert runs.taken == []
    row.refresh_from_db()
    assert row.status_reason == WAITS_FOR_HOME
    assert take(row, runs) == Take("finished")


def test_a_call_for_a_study_that_runs_on_its_machine_says_nothing_in_its_row() -> None:
    row = study(owner="host:1:a", heartbeat_at=FakeClock().now())
    assert take(row, Runs(), homes=()).is_elsewhere
    row.refresh_from_db()
    assert row.status_reason == ""


@pytest.mark.parametrize(
    "failure",
    [
        StudyRefusedError("study 1 is finished; there is nothing to run"),
        BadInputError("study was 1; there is no such study"),
    ],
)
def test_a_message_that_comes_too_late_ends_in_a_sentence(failure: TradingError) -> None:
    row = study(owner="")
    assert take(row, Runs(failure)) == Take(str(failure))
    row.refresh_from_db()
    assert (row.status, row.status_reason) == (Study.Status.RUNNING, "")


def test_a_defect_ends_the_study_with_its_reason_instead_of_for_ever_beginning_again() -> None:
    row, place = study(owner=""), threading.Lock()
    with pytest.raises(ZeroDivisionError):
        take(row, Runs(ZeroDivisionError("division by zero")), place)
    row.refresh_from_db()
    assert row.status == Study.Status.FAILED
    assert row.status_reason == "ZeroDivisionError: division by zero"
    assert not place.locked()


@pytest.mark.parametrize("status", [s for s in Study.Status if s != Study.Status.RUNNING])
def test_a_defect_behind_the_end_of_a_study_takes_nothing_from_it(status: str) -> None:
    row = study(owner="", status=status, status_reason="as it was")
    with pytest.raises(ZeroDivisionError):
        take(row, Runs(ZeroDivisionError("division by zero")))
    row.refresh_from_db()
    assert (row.status, row.status_reason) == (status, "as it was")


def test_a_database_that_is_away_leaves_the_study_to_be_taken_up_again() -> None:
    row = study(owner="")
    with pytest.raises(OperationalError):
        take(row, Runs(OperationalError("server closed the connection")))
    row.refresh_from_db()
    assert row.status == Study.Status.RUNNING


@pytest.mark.parametrize(
    ("owner", "age_s", "is_alive", "is_found"),
    [
        ("", UNCLAIMED_S - 1, True, False),  # whoever opened it may mean to run it
        ("", UNCLAIMED_S + 1, True, True),
        ("host:1:a", UNCLAIMED_S + 1, True, False),
        ("host:1:a", UNCLAIMED_S + 1, False, True),
        ("host:1:a", LEASE_TTL.total_seconds() + 1, True, True),
    ],
)
def test_a_running_study_is_found_when_nobody_works_on_it(
    owner: str, age_s: float, is_alive: bool, is_found: bool
) -> None:
    row = study(owner=owner, heartbeat_at=NOW - timedelta(seconds=age_s))
    found = studies_without_worker(now=NOW, is_alive=lambda name: is_alive or name != owner)
    assert found == ([row.pk] if is_found else [])


def test_the_study_that_waits_longest_is_called_first() -> None:
    waiting = [study(heartbeat_at=NOW - timedelta(hours=1)).pk for _ in range(3)]
    found = studies_without_worker(now=NOW, is_alive=lambda _owner: False)
    assert found == sorted(waiting)


@pytest.mark.parametrize("status", [s for s in Study.Status if s != Study.Status.RUNNING])
def test_studies_that_ended_are_left_alone(status: str) -> None:
    study(status=status, heartbeat_at=NOW - timedelta(days=1))
    assert studies_without_worker(now=NOW, is_alive=lambda _owner: False) == []


def test_what_ended_studies_left_behind_is_forgotten_and_nothing_else() -> None:
    running, ended = study(), study(status=Study.Status.FINISHED)
    old, fresh = NOW - CHUNKS_KEPT - timedelta(seconds=1), NOW
    kept = [
        SweepChunk.objects.create(study=running, key="a", request=b"", sent_at=old),
        SweepChunk.objects.create(study=ended, key="b", request=b"", sent_at=fresh),
    ]
    SweepChunk.objects.create(study=ended, key="c", request=b"", sent_at=old)
    unused = NOW - BLOBS_KEPT - timedelta(seconds=1)
    for digest, used_at in (("old", unused), ("fresh", NOW)):
        DataBlob.objects.create(digest=digest, content=b"", created_at=unused, used_at=used_at)
    assert sweeps_forget(now=NOW) == 2
    assert list(SweepChunk.objects.all()) == kept
    assert [blob.pk for blob in DataBlob.objects.all()] == ["fresh"]
