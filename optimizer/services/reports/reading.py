"""Bring a study's rows into the columns of a report.

Metrics and scores travel as packed float64, so that twenty thousand trials are a second and not a
minute; what is not finite becomes NaN, which a report writes as an empty cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from django.db.models import QuerySet

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
from optimizer.selectors.keys import number_of, row_range, trial_key
from optimizer.selectors.ledger import trials_charged
from trading.domain.market.bars import FloatArray, IntArray

_SEARCH_NAMES: Final = tuple(field.name for field in fields(ReportSearch))
_AT_ONCE: Final = 5_000  # rows
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
        .iterator(_AT_ONCE)
    )
    number = np.array([row[0] for row in trials], dtype=np.int64)
    return ReportStudy(
        facts=_facts(study, data, market, quote),
        number=number,
        strategy=[row[1] for row in trials],
        params=[row[2] for row in trials],
        status=[row[3] for row in trials],
        metrics=_metrics(study, number),
        scores=_scores(study, number),
        luck=_luck(study),
        folds=tuple(fold_read(step) for step in study.luck.get("walk_forward", ())),
        search=_search(study.luck),
    )


def _metrics(study: Study, number: IntArray) -> dict[str, FloatArray]:
    keys: list[int] = []
    contents: list[bytes] = []
    for key, packed in _rows(WindowMetrics.objects.all(), study, number, "packed"):
        keys.append(key)
        contents.append(packed)
    values = np.frombuffer(b"".join(contents)).reshape(len(keys), len(METRIC_NAMES))
    places, window_of = _places(np.array(keys, dtype=np.int64), number)
    tables = {}
    for place, window in enumerate(study.windows):
        is_own = window_of == place
        table = tables[window] = np.full((number.shape[0], len(METRIC_NAMES)), np.nan)
        table[places[is_own]] = values[is_own]
        table[~np.isfinite(table)] = np.nan
    return tables


def _scores(study: Study, number: IntArray) -> FloatArray:
    found = _rows(ObjectiveScore.objects.filter(score__isnull=False), study, number, "score")
    rows = np.fromiter(found, dtype=[("key", np.int64), ("score", np.float64)])
    table = np.full((number.shape[0], len(study.objectives)), np.nan)
    table[_places(rows["key"], number)] = rows["score"]
    table[~np.isfinite(table)] = np.nan
    return table


def _rows(
    rows: QuerySet[Any], study: Study, number: IntArray, name: str
) -> Iterator[tuple[int, Any]]:
    """Return keys and one column of the rows below the trials ``number``, int64[n], growing."""
    # a search that goes on may have stored more since the trials were read
    last = int(number[-1]) if number.shape[0] else -1
    below = {"id__lt": trial_key(study.pk, last + 1) * ROW_SPACE}
    own = rows.filter(**(row_range(study.pk) | below)).order_by()
    return own.values_list("id", name).iterator(_AT_ONCE)


def _places(keys: IntArray, number: IntArray) -> tuple[IntArray, IntArray]:
    # A row's key says which trial it is of and which window or objective, see the models.
    trials: IntArray = keys // ROW_SPACE
    places: IntArray = np.searchsorted(number, trials % TRIAL_SPACE).astype(np.int64)
    return places, keys % ROW_SPACE


def _luck(study: Study) -> dict[int, ReportLuck]:
    rows = TrialLuck.objects.filter(trial__study=study).values_list(
        "trial_id", "explained", "reasons", "figures"
    )
    return {
        number_of(trial): ReportLuck(
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
