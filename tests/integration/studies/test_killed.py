"""Kill workers, orchestrator, Redis and database connection: the trials are those of a quiet run.

Each kind dies as often as the others, give or take one, and what was dead already does not count.
``make test`` kills each once; the acceptance, 50 kills over 2,000 trials, is in ``make proof``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from optimizer.adapters.trial_log import trials_read
from optimizer.domain.evaluator.warm import kernels_warm
from optimizer.models import SearchLedger, Study
from optimizer.services.studies.run.storing import trial_table_hash
from tests.fakes.redis_server import RedisServer
from tests.fakes.sweep_worker import SweepWorker, database_url
from tests.integration.studies.inputs import arguments
from tests.integration.studies.killing import (
    Orchestrator,
    database_kill,
    rows,
    study_newest,
    wait_for_trials,
)
from tests.waiting import wait_for

LAST: Final = 0.7  # of the trials; behind that the workers might have gone home before they die
KINDS: Final = ("worker", "orchestrator", "database", "redis")
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.close()


def quiet_run(folder: Path, redis: RedisServer, trials: int) -> Study:
    running = Orchestrator(folder, redis)
    running.start("run", *arguments(folder, trials=trials))
    return Study.objects.get(pk=running.answer()["study"])


def killed_run(
    folder: Path, running: Orchestrator, worker: SweepWorker | None, trials: int, kills: int
) -> tuple[Study, list[str]]:
    """Run the same study, killing at random moments; return whom, in that order."""
    rng = np.random.default_rng(kills)
    before = study_newest()
    extra = ["--workers-via", "celery"] if worker else []
    running.start("run", *arguments(folder, trials=trials), *extra)
    wait_for(lambda: study_newest() != before, "the study")
    study = study_newest()
    assert study is not None
    kill: dict[str, Callable[[], bool]] = {
        "worker": worker.restart if worker else running.kill_worker,
        "orchestrator": running.kill,
        "database": lambda: database_kill(rng.uniform(0.2, 0.6)),
        "redis": running.redis.restart,
    }
    killed: list[str] = []
    moments = np.sort(rng.integers(0, int(trials * LAST), kills))
    victims = rng.permutation([KINDS[turn % len(KINDS)] for turn in range(kills)])
    for n_done, victim in zip(moments.tolist(), victims.tolist(), strict=True):
        wait_for_trials(study.pk, n_done, running)
        time.sleep(rng.uniform(0.0, 0.08))
        assert running.is_running(), (folder / "err").read_text()[-3000:]
        wait_for(kill[victim], f"a {victim} to kill", every_s=0.01)
        killed.append(victim)
        if victim == "orchestrator":
            running.start("resume", str(study.pk), "--json")
    running.answer()
    study.refresh_from_db()
    return study, killed


@pytest.mark.parametrize("via", ["local", "celery"])
@pytest.mark.parametrize(
    ("trials", "kills"),
    [
        pytest.param(800, len(KINDS), marks=pytest.mark.timeout(480)),
        pytest.param(2_000, 50, marks=[pytest.mark.proof, pytest.mark.timeout(1_800)]),
    ],
)
def test_a_study_killed_at_random_moments_ends_as_if_nobody_had(
    trials: int, kills: int, via: str, tmp_path: Path, redis: RedisServer
) -> None:
    kernels_warm()
    quiet = quiet_run(tmp_path, redis, trials)
    worker = None
    if via == "celery":
        folder = tmp_path / "machine"
        worker = SweepWorker(folder, redis_url=redis.url, database=database_url())
    running = Orchestrator(tmp_path, redis)
    try:
        study, killed = killed_run(tmp_path, running, worker, trials, kills)
    finally:
        if running.process is not None:
            running.kill()
        if worker:
            worker.close()
    counts = [killed.count(kind) for kind in KINDS]
    assert (sum(counts), max(counts) - min(counts) <= 1) == (kills, True)
    runs = study.manifest["runs"]
    assert 1 <= len(runs) <= 1 + killed.count("orchestrator")  # some die before they begin
    assert study.status == Study.Status.FINISHED
    assert (study.n_done, study.n_batches) == (trials, quiet.n_batches)
    assert trial_table_hash(study.pk) == trial_table_hash(quiet.pk)
    assert rows(study.pk) == rows(quiet.pk)
    ledger = SearchLedger.objects.get(data_digest=study.data_digest)
    assert (ledger.n_trials, ledger.n_studies) == (2 * trials, 2)  # each trial counted once
    logged = [trial for trial, _ in trials_read(tmp_path / study.run_dir / "trials.jsonl")]
    assert [trial["number"] for trial in logged] == list(range(trials))
    table = rows(study.pk)[0]
    assert [(trial["strategy"], trial["status"]) for trial in logged] == [
        (row[3], row[5]) for row in table
    ]
