"""Bring a study's rows into the columns of a report.

Metrics and scores travel as packed float64, so that twenty thousand trials are a second and not a
minute; what is not finite becomes NaN, which a report writes as an empty cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, NamedTuple

import numpy as np

from optimizer.domain.luck.standing import StandingVerdict, hurdle_stand
from optimizer.domain.metrics import METRIC_NAMES
from optimizer.domain.reporting import (
    ReportFacts,
    ReportFold,
    ReportSearch,
    ReportStudy,
)
from optimizer.domain.study.data import StudyData
from optimizer.domain.study.stretches import EMBARGO_DAYS, Stretches, stretches_cut
from optimizer.models import Study, Trial, TrialLuck, WindowMetrics
from optimizer.models.trials import ROW_SPACE, TRIAL_SPACE
from optimizer.selectors.costs import study_warnings
from optimizer.selectors.keys import number_of, row_range, trial_key, trial_range
from optimizer.selectors.ledger import trials_charged
from optimizer.selectors.scores import scores_table
from optimizer.selectors.verdicts import verdicts_read
from trading.market.domain.bars import FloatArray, IntArray

_SEARCH_NAMES: Final = tuple(field.name for field in fields(ReportSearch))
_AT_ONCE: Final = 1_000  # rows; more leave the caches of the processor
_SHOWN: Final = "%Y-%m-%dT%H:%M:%SZ"


class TrialColumns(NamedTuple):
    """The stored trials of a study as ``ReportStudy`` has them; trials stay as they are."""

    number: IntArray
    strategy: Sequence[str]
    params: Sequence[str]
    status: Sequence[str]
    metrics: Mapping[str, FloatArray]
    scores: FloatArray


def trials_read(study: Study) -> TrialColumns:
    """Return all trials stored of ``study`` so far."""
    rows = Trial.objects.filter(**trial_range(study.pk)).order_by("pk")
    found = list(rows.values_list("number", "strategy", "params_json", "status"))
    number = np.array([row[0] for row in found], dtype=np.int64)
    return TrialColumns(
        number=number,
        strategy=[row[1] for row in found],
        params=[row[2] for row in found],
        status=[row[3] for row in found],
        metrics=_metrics(study, number),
        scores=_scores(study, number),
    )


def study_read(
    *,
    study: Study,
    data: StudyData | None,
    market: str,
    quote: str,
    trials: TrialColumns | None = None,
) -> ReportStudy:
    """Return the columns of everything stored of ``study`` so far.

    Args:
        study: the row.
        data: its candles, for their first and last time; None where nobody shows those.
        market: what the candles are of, as people say it.
        quote: the currency of the amounts.
        trials: where they were read already.
    """
    columns = trials_read(study) if trials is None else trials
    facts = _facts(study, data, market, quote)
    return ReportStudy(
        facts=facts,
        luck=_luck(study, facts.n_searched),
        folds=tuple(fold_read(step) for step in study.luck.get("walk_forward", ())),
        search=_search(study.luck, facts.n_searched),
        **columns._asdict(),
    )


def _metrics(study: Study, number: IntArray) -> dict[str, FloatArray]:
    table = np.full((len(study.windows), number.shape[0], len(METRIC_NAMES)), np.nan)
    # a search that goes on may have stored more since the trials were read
    below = trial_key(study.pk, int(number[-1]) + 1 if number.shape[0] else 0) * ROW_SPACE
    found = WindowMetrics.objects.filter(**(row_range(study.pk) | {"pk__lt": below}))
    rows = found.order_by().values_list("pk", "packed").iterator(_AT_ONCE)
    while some := tuple(islice(rows, _AT_ONCE)):
        keys, contents = zip(*some, strict=True)
        trials, windows = np.divmod(np.array(keys, dtype=np.int64), ROW_SPACE)
        places = np.searchsorted(number, trials % TRIAL_SPACE)
        table[windows, places] = np.frombuffer(b"".join(contents)).reshape(len(some), -1)
    table[~np.isfinite(table)] = np.nan
    return dict(zip(study.windows, table, strict=True))


def _scores(study: Study, number: IntArray) -> FloatArray:
    found, scores = scores_table(study.pk, len(study.objectives))
    known = found <= (number[-1] if number.shape[0] else -1)  # as above
    table = np.full((number.shape[0], len(study.objectives)), np.nan)
    table[np.searchsorted(number, found[known])] = scores[known]
    return table


def _luck(study: Study, n_made: int) -> dict[int, StandingVerdict]:
    found = verdicts_read(TrialLuck.objects.filter(trial__study=study), n_made)
    return {number_of(trial): verdict for trial, verdict in found.items()}


def _search(luck: Mapping[str, Any], n_made: int) -> ReportSearch:
    score, hurdle = luck.get("walk_forward_score"), hurdle_stand(luck, n_made)
    found = {name: luck.get(name) for name in _SEARCH_NAMES} | {
        "walk_forward_score": score["score"] if score else None,
        "n_searched": hurdle.n_made if hurdle.n_judged is not None else luck.get("n_searched"),
        "sharpe_hurdle": hurdle.now,
        "n_judged": hurdle.n_judged,
        "hurdle_judged": hurdle.judged,
    }
    return ReportSearch(**found)


def fold_read(step: Mapping[str, Any]) -> ReportFold:
    """Return one step of ``study.luck["walk_forward"]``, whose keys are the fields of the fold."""
    return ReportFold(**step)


def _facts(study: Study, data: StudyData | None, market: str, quote: str) -> ReportFacts:
    times = () if data is None else data.bars.open_time[[0, -1]].tolist()
    first, last = [_moment(datetime.fromtimestamp(t / 1000, UTC)) for t in times] or ["", ""]
    return ReportFacts(
        study=study.pk,
        status=_status(study),
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
        embargo_days=float(study.settings.get("embargo_days", EMBARGO_DAYS)),
        stretches=_stretches(study, data),
        warnings=study_warnings(study.source),
    )


def _status(study: Study) -> str:
    # the complete report is written while its study still runs, behind the last trial
    is_whole = study.status == Study.Status.RUNNING and study.n_done >= study.n_trials
    return str(Study.Status.FINISHED if is_whole else study.status)


def _stretches(study: Study, data: StudyData | None) -> Stretches:
    if data is None:
        return Stretches()
    share = float(study.settings.get("holdout_share", 0.0))
    return stretches_cut(data.bars.open_time, data.step_ms, study.windows, share)


def _moment(time: datetime) -> str:
    return time.astimezone(UTC).strftime(_SHOWN)
