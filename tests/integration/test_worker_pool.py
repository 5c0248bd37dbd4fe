"""Spawned workers: the same records whoever evaluates, and nothing lost when workers are killed."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from optimizer.adapters.run_files import candles_write
from optimizer.adapters.workers.local import ProcessPool, workers_count
from optimizer.adapters.workers.process import chunk_answer, trial_evaluator
from optimizer.adapters.workers.wire import Job
from optimizer.domain.evaluator.warm import kernels_warm
from optimizer.domain.study.evaluation import Terms, Work
from optimizer.domain.study.records import TrialRecord, TrialStatus
from optimizer.ports.sweeps import Answer, Chunk
from trading.adapters.system_clock import SystemClock
from trading.domain.errors import BadInputError
from trading.domain.market.bars import BarArrays

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
    rng = np.random.default_rng(3)
    found = []
    for place in range(N_CHUNKS):
        work = tuple(
            Work(place * 10 + k, "donchian_champion", {"entry_days": float(rng.uniform(2, 8))})
            for k in range(10)
        )
        found.append(Chunk(place // 6, place % 6, work, {"donchian_champion": (900.0,)}))
    # refused by the strategy: it fails, and its neighbours do not
    work = (found[0].work[0]._replace(params={"entry_days": -1.0}), *found[0].work[1:])
    found[0] = found[0]._replace(work=work)
    return found


def same(answers: list[Answer]) -> list[TrialRecord]:
    records = [replace(r, elapsed_us=0) for answer in answers for r in answer.records]
    return sorted(records, key=lambda record: record.number)


@pytest.fixture(scope="module")
def wanted(job: Job) -> list[TrialRecord]:
    evaluator = trial_evaluator(job)
    return same([chunk_answer(evaluator, chunk) for chunk in chunks()])


def test_trials_end_ok_pruned_or_failed_with_their_reason(wanted: list[TrialRecord]) -> None:
    assert {record.status for record in wanted} == set(TrialStatus)
    assert "entry_days was -1.0" in wanted[0].error
    pruned = next(record for record in wanted if record.status is TrialStatus.PRUNED)
    assert len(pruned.metrics) == 1
    assert pruned.early[0] < 900.0


@pytest.mark.parametrize("n_kills", [0, 3])
def test_workers_give_the_same_records_however_many_are_killed(
    job: Job, wanted: list[TrialRecord], n_kills: int
) -> None:
    pool = ProcessPool(job, n_workers=2, clock=SystemClock())
    kills = list(np.random.default_rng(n_kills).integers(0, 2, n_kills))
    answers: list[Answer] = []
    try:
        for chunk in chunks():
            pool.send(chunk)
        while len(answers) < N_CHUNKS:
            if kills:
                os.kill(pool.pids()[int(kills.pop())], signal.SIGKILL)
            answers += pool.wait(30.0)
        usage = pool.usage()
    finally:
        pool.close()
    assert same(answers) == wanted
    assert usage.replaced == n_kills
    assert usage.cpu_s > 0


def test_the_number_of_workers_is_a_share_of_the_cores() -> None:
    assert workers_count(max_workers=3, cpu_fraction=0.9) == 3
    assert workers_count(max_workers=None, cpu_fraction=0.01) == 1
    for workers, fraction in ((0, 0.9), (None, 0.0), (None, 1.5)):
        with pytest.raises(BadInputError):
            workers_count(max_workers=workers, cpu_fraction=fraction)


def test_candles_already_written_are_left_alone(job: Job) -> None:
    before = {path: path.stat().st_mtime_ns for path in Path(job.folder).iterdir()}
    empty = np.zeros((5, 2))
    times = np.arange(2, dtype=np.int64)
    candles_write(Path(job.folder), BarArrays(times, empty, np.zeros(2, dtype=np.uint8)))
    assert {path: path.stat().st_mtime_ns for path in Path(job.folder).iterdir()} == before
