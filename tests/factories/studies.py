"""Studies and trials; the trials are evaluated for real, over a short seeded path."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache
from typing import Any, Final

import numpy as np
from django.contrib.auth.models import Permission, User
from django.db.models import F

from optimizer.domain.evaluator.evaluator import Evaluator
from optimizer.domain.luck.figures import LuckFigures, recounted
from optimizer.domain.luck.sharpe import ReturnMoments
from optimizer.domain.study.evaluation import Terms, TrialEvaluator, Work
from optimizer.domain.study.records import TrialRecord
from optimizer.domain.systems import system_get
from optimizer.models import Study, Trial, TrialLuck, TrialScores, WindowMetrics
from optimizer.models.trials import ROW_SPACE, TRIAL_SPACE
from optimizer.services.studies.control import LEASE_TTL
from tests.factories.desk import NOW, operator
from tests.oracles import paths

WINDOWS: Final = ("1d", "2d", "all")
OBJECTIVES: Final = ("profit_biased", "cps_v2", "final_balance", "mar")
STRATEGIES: Final = ("donchian_champion", "csma_revert", "trailing_hold")
BARS: Final = 1500
MOMENTS: Final = ReturnMoments(365, 0.27, 0.4, 5.1)


def study(**values: Any) -> Study:
    """Return a running study on a seeded path, without trials; its owner lived at the heartbeat."""
    now = values.pop("now", NOW)
    lease = {}
    if values.get("owner", "someone"):
        lease = {"token": 1, "expires_at": values.get("heartbeat_at", now) + LEASE_TTL}
    defaults: dict[str, Any] = {
        "created_at": now,
        "heartbeat_at": now,
        "owner": "worker@host:1",
        "strategies": list(STRATEGIES),
        "objectives": list(OBJECTIVES),
        "windows": list(WINDOWS),
        "sampler": "random",
        "seed": 7,
        "trade_size": 1000,
        "fill": "next_open",
        "settings": {"holdout_share": 0.2, "warm_up_bars": 0, "batch_size": 32},
        "source": {"market": "PDAI/DAI 5m", "quote": "DAI"},
        "step_ms": paths.STEP_MS,
        "data_digest": "ab" * 32,
        "cost_digest": "cd" * 32,
        "n_trials": 200,
        "run_dir": "run",
        "manifest": {"git_commit": "0123456789abcdef", "seed": 7},
    }
    return Study.objects.create(**{**defaults, **lease, **values})


def study_taken_over(study_id: int) -> None:
    """Let another process have the study."""
    Study.objects.filter(pk=study_id).update(owner="other", token=F("token") + 1)


@cache
def records(n: int, first: int = 0) -> tuple[TrialRecord, ...]:
    """Return trials as a worker makes them: every fifth pruned, number 7 refused."""
    ticks = itertools.count()
    bars = paths.path(3, BARS)
    evaluator = TrialEvaluator(
        Evaluator(bars, step_ms=paths.STEP_MS, costs=paths.schedule()),
        Terms(WINDOWS, OBJECTIVES, 1000.0, "next_open", 0),
        now_us=lambda: next(ticks),
        pause=lambda _seconds: None,
    )
    made = []
    for number in range(first, first + n):
        rng = np.random.default_rng(number)
        name = STRATEGIES[number % len(STRATEGIES)]
        params = {"no_such": 1.0} if number == 7 else paths.draw(system_get(name).strategy, rng)
        floor = np.inf if number % 5 == 4 else -np.inf
        made.append(evaluator.record(Work(number, name, params), [floor, -np.inf]))
    return tuple(made)


def trials(of: Study, made: Sequence[TrialRecord]) -> None:
    """Store trials as the orchestrator does, and move the study's counters."""
    key = {record.number: of.pk * TRIAL_SPACE + record.number for record in made}
    Trial.objects.bulk_create(
        Trial(
            id=key[r.number], study=of, number=r.number, batch=of.n_batches, strategy=r.strategy,
            params_json=r.params_json, status=r.status.value, error=r.error, attempts=r.attempts,
            elapsed_us=r.elapsed_us,
        )
        for r in made
    )  # fmt: skip
    WindowMetrics.objects.bulk_create(
        WindowMetrics(
            id=key[r.number] * ROW_SPACE + place, trial_id=key[r.number], window=of.windows[place],
            total_return_pct=np.frombuffer(packed)[0], packed=packed,
        )
        for r in made
        for place, packed in enumerate(r.metrics)
    )  # fmt: skip
    TrialScores.objects.bulk_create(
        TrialScores(
            trial_id=key[r.number], packed=r.scores,
            steering=first if np.isfinite(first := r.score_values()[0]) else None,
        )
        for r in made
        if r.scores
    )  # fmt: skip
    of.n_done += len(made)
    of.n_batches += 1
    of.save()


def searcher(username: str = "sven", **values: Any) -> User:
    """Return an operator who may also start, cancel and resume studies."""
    user = operator(username, **values)
    wanted = Permission.objects.filter(codename__in=("add_study", "change_study"))
    user.user_permissions.add(*wanted)
    return user


def luck(of: Study, number: int, **values: Any) -> TrialLuck:
    """Return what scrutiny made of a trial: explained by luck unless told otherwise."""
    figures = {
        "luck_probability": 0.4,
        "deflated_sharpe": 0.412,
        "pbo": 0.62,
        "holdout_return_pct": -8.2,
    }
    defaults: dict[str, Any] = {
        "verdict": "explained",
        "reasons": ["Luck suffices.", "It lost 8.20 % on the holdout."],
        "codes": ["luck_suffices", "holdout_loss"],
        "figures": {**figures, **values.pop("figures", {})},
        "ledger_trials": 777,
        "created_at": of.created_at,
    }
    key = of.pk * TRIAL_SPACE + number
    return TrialLuck.objects.create(trial_id=key, **{**defaults, **values})


def luck_survived(of: Study, number: int, n_judged: int, **figures: float) -> TrialLuck:
    """Return the verdict on a trial that survived at ``n_judged`` trials and just so."""
    moments = replace(MOMENTS, sharpe=figures.get("sharpe_per_period", MOMENTS.sharpe))
    found = LuckFigures(
        holdout_return_pct=4.0,
        sharpe_periods=float(moments.n),
        sharpe_per_period=moments.sharpe,
        sharpe_skewness=moments.skewness,
        sharpe_kurtosis=moments.kurtosis,
    )
    return luck(
        of,
        number,
        verdict="survives",
        reasons=[],
        codes=[],
        figures=asdict(recounted(found, n_judged)),
        ledger_trials=n_judged,
    )


def luck_open(of: Study, number: int, n_judged: int) -> TrialLuck:
    """Return a verdict of an earlier rule, which kept nothing to charge it for later trials."""
    said = "It was examined by an earlier rule."
    return luck(
        of,
        number,
        verdict="not_proven",
        reasons=[said],
        codes=["earlier_rule"],
        ledger_trials=n_judged,
    )
