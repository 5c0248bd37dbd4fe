"""Read trials the way people look at them: ranked by return, best by objective, one in full."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
from django.db.models import Count

from optimizer.domain.luck.standing import StandingVerdict
from optimizer.domain.study.records import metrics_unpack
from optimizer.models import Trial, TrialLuck, TrialScores, WindowMetrics
from optimizer.selectors.keys import number_of, trial_key, trial_range
from optimizer.selectors.scores import scores_table, scores_unpack
from optimizer.selectors.studies import StudyView, returns_of
from optimizer.selectors.verdicts import verdicts_read

RANKED: Final = 100


@dataclass(frozen=True, slots=True)
class TrialView:
    """One trial on the ranking window; ``metrics`` and ``scores`` without a bound are None."""

    number: int
    strategy: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float | None]
    scores: Mapping[str, float | None]
    luck: StandingVerdict | None

    @property
    def return_pct(self) -> float | None:
        """Return the total return after all costs."""
        return self.metrics["total_return_pct"]


@dataclass(frozen=True, slots=True)
class BestTrial:
    """The highest score of one objective so far, and the trial that has it; None before any."""

    objective: str
    score: float | None
    trial: TrialView | None


@dataclass(frozen=True, slots=True)
class TrialDetail:
    """One trial in full: its metrics by window, shortest first."""

    view: TrialView
    status: str
    error: str
    attempts: int
    elapsed_us: int
    windows: Mapping[str, Mapping[str, float | None]]


def ranked_trials(study: StudyView, limit: int = RANKED) -> tuple[TrialView, ...]:
    """Return the trials with the highest returns on the ranking window, highest first."""
    rows = returns_of(study.id, study.ranking_window)
    top = rows.order_by("-total_return_pct", "id").values_list("trial_id", flat=True)[:limit]
    return _views(study, list(top))


def best_trials(study: StudyView) -> tuple[BestTrial, ...]:
    """Return the best trial of every objective, in the study's order; the earliest of equals."""
    number, scores = scores_table(study.id, len(study.objectives))
    if not number.shape[0]:
        return tuple(BestTrial(name, None, None) for name in study.objectives)
    known = np.where(np.isnan(scores), -np.inf, scores)
    places = known.argmax(axis=0)
    highest = known.max(axis=0).tolist()
    found = [trial_key(study.id, n) for n in number[places].tolist()]
    views = {view.number: view for view in _views(study, list(dict.fromkeys(found)))}
    return tuple(
        BestTrial(name, score, views[number_of(key)])
        if math.isfinite(score)
        else BestTrial(name, None, None)
        for name, score, key in zip(study.objectives, highest, found, strict=True)
    )


def trial_counts(study_id: int, after: int = -1) -> dict[str, int]:
    """Return how many trials numbered above ``after`` ended in each way."""
    rows = Trial.objects.filter(**trial_range(study_id, after)).order_by().values_list("status")
    return dict(rows.annotate(Count("id")).values_list("status", "id__count"))


def trial_get(study: StudyView, number: int) -> TrialDetail | None:
    """Return one trial in full, None where there is none."""
    key = trial_key(study.id, number)
    # a number that no trial can have is the key of another study's
    row = Trial.objects.filter(pk=key, **trial_range(study.id)).first()
    if row is None:
        return None
    stored = WindowMetrics.objects.filter(trial=row).order_by("id")
    windows = {m.window: metrics_unpack(bytes(m.packed)) for m in stored}
    last = windows.get(study.ranking_window) or dict.fromkeys(_NO_METRICS)
    view = TrialView(
        row.number,
        row.strategy,
        row.params,
        last,
        _scores_of(study, [row.pk]).get(row.pk, {}),
        _luck_of(study, [row.pk]).get(row.pk),
    )
    return TrialDetail(view, row.status, row.error, row.attempts, row.elapsed_us, windows)


_NO_METRICS: Final = ("total_return_pct",)


def _views(study: StudyView, ids: Sequence[int]) -> tuple[TrialView, ...]:
    """Return the trials with these keys, in their order."""
    packed = dict(
        WindowMetrics.objects.filter(trial_id__in=ids, window=study.ranking_window).values_list(
            "trial_id", "packed"
        )
    )
    facts = {row[0]: row[1:] for row in _facts(ids)}
    scores, luck = _scores_of(study, ids), _luck_of(study, ids)
    return tuple(
        TrialView(
            number_of(key),
            facts[key][0],
            orjson.loads(facts[key][1]),
            metrics_unpack(bytes(packed[key])),
            scores.get(key, {}),
            luck.get(key),
        )
        for key in ids
    )


def _facts(ids: Sequence[int]) -> Sequence[tuple[int, str, str]]:
    return list(Trial.objects.filter(pk__in=ids).values_list("id", "strategy", "params_json"))


def _scores_of(study: StudyView, ids: Sequence[int]) -> dict[int, dict[str, float | None]]:
    rows = TrialScores.objects.filter(pk__in=ids).values_list("pk", "packed")
    return {key: scores_unpack(packed, study.objectives) for key, packed in rows}


def _luck_of(study: StudyView, ids: Sequence[int]) -> dict[int, StandingVerdict]:
    return verdicts_read(TrialLuck.objects.filter(trial_id__in=ids), study.n_searched)
