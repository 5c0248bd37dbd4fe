"""Studies as tasks of a Celery worker that also evaluates their trials."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer import bootstrap
from optimizer.domain.evaluator.warm import kernels_warm
from optimizer.models import Study, SweepChunk
from optimizer.services.studies.open.request import CELERY
from optimizer.services.studies.open.sources import Origin
from optimizer.services.studies.run.storing import trial_table_hash
from optimizer.services.sweeps.supervision import (
    WAITS,
    WAITS_FOR_HOME,
    studies_without_worker,
)
from tests.fakes.redis_server import RedisServer
from tests.fakes.sweep_worker import SweepWorker, broker_of, database_url
from tests.integration.studies.conftest import REQUEST
from tests.integration.studies.inputs import candles_file, costs_file
from tests.waiting import wait_for
from trading.base.adapters.system_clock import SystemClock

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.services,
    pytest.mark.slow,
    pytest.mark.timeout(300),
]
STUDY_RUN = "optimizer.tasks.study_run"


class Desk:
    """A Redis, a worker of the queue sweeps, and studies for it."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.candles, self.costs = candles_file(folder, 1_200), costs_file(folder)
        self.redis = redis = RedisServer(folder)
        stack.callback(redis.close)
        self.worker = SweepWorker(folder / "data", redis_url=redis.url, database=database_url())
        stack.callback(self.worker.close)
        self.broker = broker_of(redis.url)
        stack.callback(self.broker.close)

    def open(self, **changes: Any) -> Study:
        """Open a study whose trials Celery workers evaluate."""
        request = replace(REQUEST, workers_via=CELERY, **changes)
        origin = Origin(file=str(self.candles), swap_costs=str(self.costs))
        return bootstrap.study_open(request=request, origin=origin)

    def call(self, *study_ids: int) -> None:
        """Do what the page and the supervising task do."""
        for study_id in study_ids:
            self.broker.send_task(STUDY_RUN, (study_id,), queue="sweeps")

    def supervise(self) -> None:
        """Do what beat does, without the wait that saves processes of other machines."""
        Study.objects.filter(owner="").update(heartbeat_at="2020-01-01T00:00Z")
        now = SystemClock().now()
        self.call(*studies_without_worker(now=now, is_alive=lambda _owner: True))

    def has_ended(self, *studies: Study) -> bool:
        """Return whether the studies are finished."""
        found = Study.objects.filter(pk__in=[study.pk for study in studies])
        failed = found.filter(status=Study.Status.FAILED).first()
        assert failed is None, failed.status_reason
        return all(study.status == Study.Status.FINISHED for study in found)


@pytest.fixture
def desk(tmp_path: Path, settings: Any) -> Iterator[Desk]:
    settings.DATA_DIR = tmp_path / "data"
    kernels_warm()  # the worker then loads machine code instead of compiling it
    with ExitStack() as stack:
        yield Desk(tmp_path, stack)


def local_hash(desk: Desk, study: Study) -> str:
    """Return the hash of the same study made by one process of this machine."""
    alike = bootstrap.study_open(
        request=replace(REQUEST, n_trials=study.n_trials, seed=study.seed, max_workers=1),
        origin=Origin(file=str(desk.candles), swap_costs=str(desk.costs)),
    )
    bootstrap.study_run(study_id=alike.pk)
    return trial_table_hash(alike.pk)


def test_a_study_and_its_trials_share_one_worker_and_a_second_delivery_changes_nothing(
    desk: Desk,
) -> None:
    study = desk.open()
    desk.call(study.pk, study.pk, study.pk)
    wait_for(lambda: desk.has_ended(study), "the end of the study", 120)
    desk.call(study.pk)
    assert trial_table_hash(study.pk) == local_hash(desk, study)
    study.refresh_from_db()
    assert study.n_done == study.n_trials
    assert study.figures["n_workers"] == 2
    assert len(study.manifest["runs"]) == 1
    assert SweepChunk.objects.count() == 0


def test_a_worker_that_is_told_to_stop_gives_its_study_to_the_next(desk: Desk) -> None:
    study = desk.open(n_trials=1200)
    desk.call(study.pk)
    wait_for(lambda: Study.objects.get(pk=study.pk).n_done > 0, "the first batch", 120)
    desk.worker.close()
    study.refresh_from_db()
    assert (study.status, study.owner) == (Study.Status.RUNNING, "")
    assert 0 < study.n_done < study.n_trials
    desk.worker.open()
    desk.supervise()
    wait_for(lambda: desk.has_ended(study), "the end of the study", 120)
    assert trial_table_hash(study.pk) == local_hash(desk, study)
    study.refresh_from_db()
    assert len(study.manifest["runs"]) == 2


def test_a_worker_that_breaks_with_its_broker_gives_its_study_to_the_next(
    desk: Desk, tmp_path: Path
) -> None:
    desk.worker.close()
    study = desk.open(n_trials=1200)
    broken = SweepWorker(
        tmp_path / "data",
        redis_url=desk.redis.url,
        database=database_url(),
        include="tests.fakes.broken_restore",
    )
    try:
        desk.call(study.pk)
        wait_for(lambda: Study.objects.get(pk=study.pk).n_done > 0, "the first batch", 120)
        worker = broken.pid
        for _ in range(5):  # it breaks only where it holds a message at that moment
            desk.redis.restart()
            with suppress(AssertionError):
                wait_for(lambda: broken.pid != worker, "the worker's end", 6)
                break
        assert "Unrecoverable error" in broken.log()
        assert broken.pid != worker

        def has_ended() -> bool:
            desk.supervise()
            return desk.has_ended(study)

        wait_for(has_ended, "the end of the study", 120, every_s=1.0)
    finally:
        broken.close()
    assert trial_table_hash(study.pk) == local_hash(desk, study)


def test_studies_take_turns_on_a_worker_and_leave_room_for_their_trials(desk: Desk) -> None:
    first, second = desk.open(n_trials=1200), desk.open(seed=6)
    desk.call(first.pk)
    wait_for(lambda: Study.objects.get(pk=first.pk).owner != "", "the first study's start", 120)
    desk.call(second.pk)

    def waits() -> bool:
        return Study.objects.get(pk=second.pk).status_reason == WAITS

    wait_for(waits, "the second study's reason to wait", 120)
    assert Study.objects.get(pk=second.pk).n_done == 0

    def both_ended() -> bool:
        desk.supervise()
        return desk.has_ended(first, second)

    wait_for(both_ended, "the end of both", 180, every_s=1.0)
    assert Study.objects.get(pk=second.pk).status_reason == ""
    assert trial_table_hash(second.pk) == local_hash(desk, second)


def test_a_study_waits_for_the_machine_it_was_opened_on_and_uses_the_others(
    desk: Desk, tmp_path: Path
) -> None:
    desk.worker.close()
    other = SweepWorker(
        tmp_path / "other", redis_url=desk.redis.url, database=database_url(), concurrency=2
    )
    try:
        study = desk.open()
        desk.call(study.pk)

        def waits() -> bool:
            return Study.objects.get(pk=study.pk).status_reason == WAITS_FOR_HOME

        wait_for(waits, "the study's reason to wait", 120)
        desk.worker.open()

        def has_ended() -> bool:
            desk.supervise()
            return desk.has_ended(study)

        wait_for(has_ended, "the end of the study", 120, every_s=1.0)
    finally:
        other.close()
    study.refresh_from_db()
    assert study.status_reason == ""
    assert (tmp_path / "data" / study.run_dir / "report.html").is_file()
    assert not (tmp_path / "other" / study.run_dir).exists()
    assert trial_table_hash(study.pk) == local_hash(desk, study)
