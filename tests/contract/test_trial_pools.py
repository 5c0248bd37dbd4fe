"""What every pool of workers promises: each chunk answered once, with the same records, whoever
evaluates them and whatever dies meanwhile."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer.adapters.run_files import candles_write
from optimizer.adapters.trial_log import line_encode
from optimizer.adapters.workers.bell import RedisBell
from optimizer.adapters.workers.celery_pool import CeleryPool, PoolTools
from optimizer.adapters.workers.celery_queue import CelerySweepQueue
from optimizer.adapters.workers.local import ProcessPool
from optimizer.adapters.workers.process import chunk_answer, trial_evaluator
from optimizer.adapters.workers.wire import Job
from optimizer.bootstrap import evaluation_version
from optimizer.domain.evaluator.warm import kernels_warm
from optimizer.domain.study.capacity import WorkersGiven
from optimizer.domain.study.evaluation import Terms
from optimizer.domain.study.records import TrialRecord, TrialStatus
from optimizer.domain.study.suggestions import Suggestion
from optimizer.ports.sweeps import Answer, Chunk, TrialPool
from tests.factories import study
from tests.fakes.redis_server import RedisServer
from tests.fakes.sweep_worker import PREFIX, SweepWorker, broker_of, database_url
from tests.waiting import wait_for
from trading.base.adapters.system_clock import SystemClock
from trading.market.domain.bars import BarArrays

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.timeout(300),
]

STEP_MS = 300_000
N_BARS = 4_000
N_CHUNKS = 12
TERMS = Terms(("5d", "all"), ("final_balance", "utility"), 1000.0, "next_open", 0)


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    kernels_warm()  # workers then load machine code instead of compiling it
    rng = np.random.default_rng(7)
    close = np.exp(np.cumsum(rng.normal(0.0, 0.01, N_BARS)))
    values = np.stack([close, close * 1.002, close * 0.998, close, np.ones(N_BARS)])
    bars = BarArrays(
        STEP_MS * np.arange(N_BARS, dtype=np.int64),
        np.ascontiguousarray(values),
        np.zeros(N_BARS, dtype=np.uint8),
    )
    folder = tmp_path_factory.mktemp("data") / "candles"
    candles_write(folder, bars)
    return Job(str(folder), ((1e6,), (0.01,), (0.1,), (0.1,)), STEP_MS, TERMS)


def chunks() -> list[Chunk]:
    """Return two batches; the strategy refuses the first trial, its neighbours are sound."""
    rng = np.random.default_rng(3)
    found = []
    for place in range(N_CHUNKS):
        work = tuple(
            Suggestion(place * 10 + k, "donchian_champion", rng.random(4).tobytes())
            for k in range(10)
        )
        found.append(Chunk(place // 6, place % 6, work, {"donchian_champion": (900.0,)}))
    outside = found[0].work[0]._replace(point=np.full(4, -9.0).tobytes())
    found[0] = found[0]._replace(work=(outside, *found[0].work[1:]))
    return found


def same(answers: list[Answer]) -> list[TrialRecord]:
    """Return the records without what differs between runs that agree, in order."""
    records = [r._replace(elapsed_us=0, line=b"") for answer in answers for r in answer.records]
    return sorted(records, key=lambda record: record.number)


@pytest.fixture(scope="module")
def wanted(job: Job) -> list[TrialRecord]:
    evaluator = trial_evaluator(job)
    return same([chunk_answer(evaluator, chunk) for chunk in chunks()])


def test_trials_end_ok_pruned_or_failed_with_their_reason(wanted: list[TrialRecord]) -> None:
    assert {record.status for record in wanted} == set(TrialStatus)
    assert "entry_days was -250.0" in wanted[0].error
    pruned = next(record for record in wanted if record.status is TrialStatus.PRUNED)
    assert len(pruned.metrics) == 1
    assert pruned.early[0] < 900.0


@dataclass
class Scene:
    """A pool, its evaluating processes, and all else that may die on the way."""

    pool: TrialPool
    evaluators: Callable[[], list[int]]
    accidents: list[Callable[[], Any]]

    def kill_evaluator(self) -> None:
        pids = self.evaluators()
        if pids:
            os.kill(pids[-1], signal.SIGKILL)


class Scenes:
    """Opens a scene of either kind."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack

    def processes(self, job: Job) -> Scene:
        pool = ProcessPool(job, workers=WorkersGiven(2, 2, ""), clock=SystemClock())
        self.stack.callback(pool.close)
        return Scene(pool, pool.pids, [])

    def celery(self, job: Job) -> Scene:
        server = RedisServer(self.folder)
        self.stack.callback(server.close)
        worker = SweepWorker(self.folder / "worker", redis_url=server.url, database=database_url())
        self.stack.callback(worker.close)
        app = broker_of(server.url)
        self.stack.callback(app.close)
        queue = CelerySweepQueue(app)
        wait_for(lambda: queue.places() == 2, "the worker")
        tools = PoolTools(
            queue=queue,
            bell=RedisBell(server.url, prefix=PREFIX, pause=time.sleep),
            clock=SystemClock(),
            pause=time.sleep,
            version=evaluation_version(),
            again_s=2.0,
        )
        pool = CeleryPool(job, study_id=study().pk, tools=tools)
        self.stack.callback(pool.close)
        return Scene(pool, worker.evaluators, [server.restart, worker.restart])


@pytest.fixture
def scenes(tmp_path: Path) -> Iterator[Scenes]:
    with ExitStack() as stack:
        yield Scenes(tmp_path, stack)


@pytest.fixture(params=["processes", "celery"])
def scene(request: pytest.FixtureRequest, scenes: Scenes, job: Job) -> Scene:
    opened: Scene = getattr(scenes, request.param)(job)
    return opened


def run(scene: Scene, accidents: list[Callable[[], Any]]) -> list[Answer]:
    """Return all answers; an accident happens before each wait until none is left."""
    answers: list[Answer] = []
    scene.pool.send(chunks())
    while len(answers) < N_CHUNKS:
        if accidents:
            accidents.pop()()
        answers += scene.pool.wait(30.0)
    return answers


def test_a_pool_gives_the_records_that_evaluating_here_gives(
    scene: Scene, wanted: list[TrialRecord]
) -> None:
    answers = run(scene, [])
    assert same(answers) == wanted
    for record in (record for answer in answers for record in answer.records):
        assert record.line == line_encode(record, TERMS.windows, TERMS.objectives)
    assert scene.pool.n_workers == 2
    usage = scene.pool.usage()
    assert usage.cpu_s > 0
    assert usage.last_mb >= usage.first_mb * 0.5 > 0
    assert usage.replaced == 0


def test_whatever_dies_each_chunk_is_answered_once_and_the_same(
    scene: Scene, wanted: list[TrialRecord]
) -> None:
    kills = [scene.kill_evaluator] * 3 + scene.accidents
    answers = run(scene, kills)
    assert len({(answer.batch, answer.place) for answer in answers}) == N_CHUNKS
    assert same(answers) == wanted


def test_a_pool_is_used_again_and_again(scene: Scene, wanted: list[TrialRecord]) -> None:
    assert same(run(scene, [])) == wanted
    later = chunks()[-1]._replace(batch=9)
    scene.pool.send([later])
    assert scene.pool.wait(30.0)[0].batch == 9
    assert scene.pool.wait(0.01) == []
