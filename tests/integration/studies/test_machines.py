"""One study on two Celery workers, each in a network namespace with a data directory of its own.

The orchestrator is the command on a third machine, this one. Workers reach PostgreSQL and Redis
over a wire and nothing else of this machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection

from optimizer.adapters.workers.celery_queue import CelerySweepQueue
from optimizer.domain.evaluator.warm import kernels_warm
from optimizer.models import SweepChunk
from optimizer.services.studies.run.storing import trial_table_hash
from tests.conftest import refuse_or_skip
from tests.fakes.network import (
    Machine,
    Relay,
    machines,
    namespace_of,
    namespaces_missing,
)
from tests.fakes.redis_server import RedisServer
from tests.fakes.sweep_worker import SweepWorker, broker_of, database_url
from tests.integration.studies.inputs import arguments
from tests.integration.studies.killing import Orchestrator, study_newest
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.services,
    pytest.mark.slow,
    pytest.mark.timeout(400),
]
N_TRIALS = 400


@dataclass
class Cluster:
    """Two workers in namespaces and an orchestrator outside."""

    workers: list[SweepWorker]
    orchestrator: Orchestrator
    folder: Path


def worker_in(machine: Machine, folder: Path, redis: RedisServer, stack: ExitStack) -> SweepWorker:
    """Start a worker in a namespace, with relays to the two servers."""
    parts = urlsplit(database_url())
    database = Relay(machine.host, (parts.hostname or "127.0.0.1", parts.port or 5432))
    queue = Relay(machine.host, str(redis.socket))
    stack.callback(database.close)
    stack.callback(queue.close)
    user = (parts.netloc.rpartition("@")[0] + "@").lstrip("@")
    worker = SweepWorker(
        folder,
        redis_url=f"redis://{machine.host}:{queue.port}/0",
        database=f"postgres://{user}{machine.host}:{database.port}{parts.path}",
        prefix=machine.prefix,
    )
    stack.callback(worker.close)
    return worker


@pytest.fixture
def cluster(tmp_path: Path, settings: Any) -> Iterator[Cluster]:
    if connection.vendor != "postgresql":
        pytest.skip("machines share PostgreSQL; CI runs this again with DATABASE_URL set")
    missing = namespaces_missing()
    if missing:
        refuse_or_skip(missing)
    settings.DATA_DIR = tmp_path / "local"
    kernels_warm()  # workers then load machine code instead of compiling it
    with ExitStack() as stack:
        redis = RedisServer(tmp_path)
        stack.callback(redis.close)
        found = stack.enter_context(machines(2))
        workers = [worker_in(each, tmp_path / each.name, redis, stack) for each in found]
        broker = broker_of(redis.url)
        stack.callback(broker.close)
        places = CelerySweepQueue(broker).places
        wait_for(lambda: places() == 5, "both workers", 60.0)
        own = tmp_path / "orchestrator"
        own.mkdir()
        yield Cluster(workers, Orchestrator(own, redis), tmp_path)


def test_two_machines_complete_one_study_as_one_machine_would(cluster: Cluster) -> None:
    cluster.orchestrator.start(
        "run", *arguments(cluster.folder, trials=N_TRIALS), "--workers-via", "celery"
    )
    seen: set[str] = set()

    def has_ended() -> bool:
        seen.update(SweepChunk.objects.exclude(worker="").values_list("worker", flat=True))
        return not cluster.orchestrator.is_running()

    wait_for(has_ended, "the end of the study", 300.0, every_s=0.005)
    answer = cluster.orchestrator.answer()
    assert answer["trials"] == N_TRIALS
    study = study_newest()
    assert study is not None
    assert (study.pk, study.n_done) == (answer["study"], N_TRIALS)
    assert {int(name.rpartition(":")[2]) for name in seen} == {w.pid for w in cluster.workers}
    fetched = [{p.name for p in (w.folder / "sweeps").iterdir()} for w in cluster.workers]
    assert len(fetched[0]) == 1
    assert fetched[0] == fetched[1]  # the same candles by the same digest, each in its own place
    for worker in cluster.workers:
        assert namespace_of(worker.pid) == worker.folder.name
    assert SweepChunk.objects.count() == 0

    alone = Orchestrator(cluster.folder / "alone", cluster.orchestrator.redis)
    alone.folder.mkdir()
    alone.start("run", *arguments(cluster.folder, trials=N_TRIALS))
    locally = alone.answer()["study"]
    assert trial_table_hash(study.pk) == trial_table_hash(locally)
