"""Whole searches, made by the real engine and evaluator in this process and stored as rows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Final

from optimizer.adapters.cmaes_sampler import CmaesSampler
from optimizer.domain.evaluator.evaluator import Evaluator
from optimizer.domain.search.pruning import PruningFloors
from optimizer.domain.search.samplers import RandomSampler, Sampler
from optimizer.domain.search.space import Space
from optimizer.domain.study.data import StudyData
from optimizer.domain.study.engine import SearchEngine
from optimizer.domain.study.evaluation import Terms, TrialEvaluator, Work
from optimizer.domain.study.schedule import Schedule, batch_size_choose
from optimizer.domain.study.suggestions import suggestion_params
from optimizer.domain.systems import systems_parse
from optimizer.models import SearchLedger, Study
from tests.factories import studies
from tests.factories.desk import NOW

OBJECTIVES: Final = ("final_balance", "mar")
HOLDOUT: Final = 0.25


def search(
    data: StudyData,
    *,
    strategies: Sequence[str] = ("all",),
    n_trials: int = 200,
    windows: Sequence[str] = ("all",),
    sampler: str = "cmaes",
    seed: int = 0,
    **values: Any,
) -> Study:
    """Return a finished study of ``n_trials`` trials, counted in the ledger of its candles."""
    systems = systems_parse(list(strategies))
    spaces = tuple(Space.of(system.name, system.strategy.params) for system in systems)
    batch = batch_size_choose(n_trials, sum(space.dim > 0 for space in spaces))
    terms = Terms(tuple(windows), OBJECTIVES, 1000.0, "next_open", 0)
    settings = {"holdout_share": HOLDOUT, "embargo_days": 1.0, "batch_size": batch}
    study = studies.study(
        status=Study.Status.FINISHED,
        strategies=[system.name for system in systems],
        objectives=list(OBJECTIVES),
        windows=list(windows),
        sampler=sampler,
        seed=seed,
        settings={**settings, **values.pop("settings", {})},
        step_ms=data.step_ms,
        data_digest=data.data_digest(),
        cost_digest=data.cost_digest(),
        n_trials=n_trials,
        **values,
    )

    def make(space: Space, place: int) -> Sampler:
        kind = CmaesSampler if sampler == "cmaes" else RandomSampler
        return kind(dim=space.dim, seed=seed, place=place)

    engine = SearchEngine(
        schedule=Schedule(spaces, n_trials, batch),
        make=make,
        pruning=PruningFloors(share=0.1, n_windows=len(windows)),
        n_objectives=len(OBJECTIVES),
    )
    stop = data.search_stop(study.settings["holdout_share"])
    ticks = itertools.count()
    evaluator = TrialEvaluator(
        Evaluator(data.bars.slice(0, stop), step_ms=data.step_ms, costs=data.costs),
        terms,
        now_us=lambda: next(ticks),
        pause=lambda _seconds: None,
    )
    while engine.can_propose or engine.pending:
        while engine.can_propose:
            engine.propose()
        oldest = engine.pending[0]
        made = [
            evaluator.record(
                Work(s.number, s.strategy, suggestion_params(s)), oldest.floors[s.strategy]
            )
            for s in oldest.suggestions
        ]
        engine.absorb(made)
        studies.trials(study, made)
    ledger_add(study, data)
    return study


def ledger_add(study: Study, data: StudyData) -> None:
    """Count a study's trials in the ledger, as the orchestrator does batch by batch."""
    ledger, _ = SearchLedger.objects.get_or_create(
        data_digest=study.data_digest,
        defaults={"path": data.price_path(), "first_at": NOW, "last_at": NOW},
    )
    ledger.n_trials += study.n_done
    ledger.n_studies += 1
    ledger.save()
