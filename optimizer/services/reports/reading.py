"""Bring a study's rows into the columns of a report.

Metrics and scores travel as packed float64, so that twenty thousand trials are a second and not a
minute; what is not finite becomes NaN, which a report writes as an empty cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from optimizer.domain.luck.figures import FIGURE_NAMES, LuckFigures
from optimizer.domain.metrics import METRIC_NAMES
from optimizer.domain.reporting import (
    ReportFacts,
    ReportFold,
    ReportLuck,
    ReportSearch,
    ReportStudy,
)
from optimizer.domain.study.data import StudyData
from optimizer.models import ObjectiveScore, Study, Trial, TrialLuck, WindowMetrics
from optimizer.models.trials import ROW_SPACE, TRIAL_SPACE
from optimizer.selectors.ledger import trials_charged
from trading.domain.market.bars import FloatArray

_SEARCH_NAMES: Final = tuple(field.name for field in fields(ReportSearch))
_SHOWN: Final = "%Y-%m-%dT%H:%M:%SZ"


def study_read(*, study: Study, data: StudyData | None, market: str, quote: str) -> ReportStudy:
    """Return the columns of everything stored of ``study`` so far.

    Args:
        study: the row.
        data: its candles, for their first and last time; None where nobody shows those.
        market: what the candles are of, as people say it.
        quote: the currency of the amounts.
    """
    trials = list(
        Trial.objects.filter(study=study)
        .order_by("number")
        .values_list("number", "strategy", "params_json", "status")
    )
    n = len(trials)
    place_of = {number: place for place, (number, *_) in enumerate(trials)}
    return ReportStudy(
        facts=_facts(study, data, market, quote),
        number=np.array([row[0] for row in trials], dtype=np.int64),
        strategy=[row[1] for row in trials],
        params=[row[2] for row in trials],
        status=[row[3] for row in trials],
        metrics=_metrics(study, n, place_of),
        scores=_scores(study, n, place_of),
        luck=_luck(study),
        folds=tuple(fold_read(step) for step in study.luck.get("walk_forward", ())),
        search=_search(study.luck),
    )


def _metrics(study: Study, n: int, place_of: Mapping[int, int]) -> dict[str, FloatArray]:
    tables = {window: np.full((n, len(METRIC_NAMES)), np.nan) for window in study.windows}
    rows: dict[str, tuple[list[int], list[bytes]]] = {window: ([], []) for window in study.windows}
    found = WindowMetrics.objects.filter(**_own_rows(study)).order_by()
    for trial, window, packed in found.values_list("trial_id", "window", "packed").iterator(5000):
        places, contents = rows[window]
        places.append(place_of[trial % TRIAL_SPACE])
        contents.append(bytes(packed))
    for window, (places, contents) in rows.items():
        values = np.frombuffer(b"".join(contents)).reshape(len(contents), len(METRIC_NAMES))
        tables[window][places] = np.where(np.isfinite(values), values, np.nan)
    return tables


def _scores(study: Study, n: int, place_of: Mapping[int, int]) -> FloatArray:
    column = {name: place for place, name in enumerate(study.objectives)}
    table = np.full((n, len(column)), np.nan)
    found = ObjectiveScore.objects.filter(**_own_rows(study), score__isnull=False).order_by()
    for trial, name, score in found.values_list("trial_id", "objective", "score").iterator(5000):
        table[place_of[trial % TRIAL_SPACE], column[name]] = score
    table[~np.isfinite(table)] = np.nan
    return table


def _own_rows(study: Study) -> dict[str, int]:
    # The keys of a study's rows are one range, which is cheaper than a join.
    space = TRIAL_SPACE * ROW_SPACE
    return {"id__gte": study.pk * space, "id__lt": (study.pk + 1) * space}


def _luck(study: Study) -> dict[int, ReportLuck]:
    rows = TrialLuck.objects.filter(trial__study=study).values_list(
        "trial_id", "explained", "reasons", "figures"
    )
    return {
        trial % TRIAL_SPACE: ReportLuck(
            explained=explained,
            reasons=tuple(reasons),
            figures=LuckFigures(**{name: figures.get(name) for name in FIGURE_NAMES}),
        )
        for trial, explained, reasons, figures in rows
    }


def _search(luck: Mapping[str, Any]) -> ReportSearch:
    score = luck.get("walk_forward_score")
    found = {name: luck.get(name) for name in _SEARCH_NAMES}
    return ReportSearch(**{**found, "walk_forward_score": score["score"] if score else None})


def fold_read(step: Mapping[str, Any]) -> ReportFold:
    """Return one step of ``study.luck["walk_forward"]``, whose keys are the fields of the fold."""
    return ReportFold(**step)


def _facts(study: Study, data: StudyData | None, market: str, quote: str) -> ReportFacts:
    times = () if data is None else data.bars.open_time[[0, -1]].tolist()
    first, last = [_moment(datetime.fromtimestamp(t / 1000, UTC)) for t in times] or ["", ""]
    return ReportFacts(
        study=study.pk,
        # the complete report is written while its study still runs, behind the last trial
        status="finished" if study.n_done >= study.n_trials else study.status,
        market=market,
        first_bar=first,
        last_bar=last,
        created_at=_moment(study.created_at),
        updated_at=_moment(study.finished_at or study.heartbeat_at),
        strategies=tuple(study.strategies),
        objectives=tuple(study.objectives),
        windows=tuple(study.windows),
        sampler=study.sampler,
        seed=study.seed,
        trade_size=float(study.trade_size),
        quote=quote,
        fill=study.fill,
        n_wanted=study.n_trials,
        n_searched=max(trials_charged(study.data_digest), study.n_done),
        data_digest=study.data_digest,
        cost_digest=study.cost_digest,
        git_commit=str(study.manifest.get("git_commit") or ""),
    )


def _moment(time: datetime) -> str:
    return time.astimezone(UTC).strftime(_SHOWN)
