"""A stored study whose results are known, beside another whose rows must not show."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from optimizer.domain.evaluator.evaluator import Evaluator
from optimizer.domain.study.data import StudyData
from optimizer.domain.study.evaluation import Terms, TrialEvaluator, Work
from optimizer.domain.study.records import TrialRecord
from optimizer.domain.systems import system_get
from optimizer.models import SearchLedger, Study, Trial, TrialLuck, TrialScores, WindowMetrics
from optimizer.models.trials import ROW_SPACE, TRIAL_SPACE
from tests.oracles import paths

STEP_MS = 300_000
OBJECTIVES = ("mar", "final_balance")
WINDOWS = ("1d", "all")
STRATEGIES = ("donchian_champion", "trailing_hold", "csma_revert")
HOLDOUT = 0.2
NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
N = 24


@pytest.fixture(scope="module")
def data() -> StudyData:
    return StudyData(paths.path(3, 1500), STEP_MS, paths.schedule())


@pytest.fixture(scope="module")
def records(data: StudyData) -> list[TrialRecord]:
    """Return trials as a worker would: every fifth pruned, one refused."""
    bars = data.bars.slice(0, data.search_stop(HOLDOUT))
    ticks = itertools.count()
    evaluator = TrialEvaluator(
        Evaluator(bars, step_ms=STEP_MS, costs=data.costs),
        Terms(WINDOWS, OBJECTIVES, 1000.0, "next_open", 0),
        now_us=lambda: next(ticks),
        pause=lambda _seconds: None,
    )
    rng = np.random.default_rng(8)
    made = []
    for number in range(N):
        name = STRATEGIES[number % 3]
        params = paths.draw(system_get(name).strategy, rng)
        if number == 7:
            params = {"no_such": 1.0}
        floor = np.inf if number % 5 == 4 else -np.inf
        made.append(evaluator.record(Work(number, name, params), [floor]))
    return made


def store(study: Study, records: Sequence[TrialRecord]) -> None:
    for record in records:
        key = study.pk * TRIAL_SPACE + record.number
        trial = Trial.objects.create(
            id=key,
            study=study,
            number=record.number,
            batch=0,
            strategy=record.strategy,
            params_json=record.params_json,
            status=record.status.value,
            error=record.error,
            elapsed_us=1,
        )
        for place, packed in enumerate(record.metrics):
            WindowMetrics.objects.create(
                id=key * ROW_SPACE + place,
                trial=trial,
                window=WINDOWS[place],
                total_return_pct=np.frombuffer(packed)[0],
                packed=packed,
            )
        if record.scores:
            TrialScores.objects.create(trial=trial, packed=record.scores)


@pytest.fixture
def study(data: StudyData, records: list[TrialRecord]) -> Study:
    """Return a stored study, beside another one whose rows must not show."""
    made = []
    for seed in (1, 2):
        made.append(
            Study.objects.create(
                created_at=NOW,
                heartbeat_at=NOW,
                status=Study.Status.FINISHED,
                strategies=list(STRATEGIES),
                objectives=list(OBJECTIVES),
                windows=list(WINDOWS),
                sampler="random",
                seed=seed,
                trade_size=1000,
                fill="next_open",
                settings={"holdout_share": HOLDOUT, "warm_up_bars": 0},
                source={},
                step_ms=STEP_MS,
                data_digest=data.data_digest(),
                cost_digest=data.cost_digest(),
                n_trials=N,
                n_done=N,
                run_dir="run",
                manifest={"git_commit": "abc"},
            )
        )
        store(made[-1], records if seed == 1 else records[:3])
    SearchLedger.objects.create(
        data_digest=data.data_digest(), n_trials=777, n_studies=2, first_at=NOW, last_at=NOW
    )
    best = made[0].trials.get(number=0)
    TrialLuck.objects.create(
        trial=best,
        verdict="explained",
        reasons=["It lost money on the holdout."],
        figures={"deflated_sharpe": 0.3, "pbo": 0.6, "holdout_return_pct": -4.0},
        ledger_trials=777,
        created_at=NOW,
    )
    return made[0]
