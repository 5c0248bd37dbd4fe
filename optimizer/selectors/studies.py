"""Read studies the way operators ask for them: which there are, how far each is, what it costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db.models import Max, QuerySet

from optimizer.domain.luck.standing import StandingVerdict, VerdictCounts
from optimizer.domain.study.stretches import EMBARGO_DAYS, Stretches, stretches_read
from optimizer.models import Study, TrialLuck, WindowMetrics
from optimizer.selectors.costs import gap_warnings_kept, study_warnings
from optimizer.selectors.keys import row_range
from optimizer.selectors.ledger import trials_charged
from optimizer.selectors.verdicts import verdicts_count, verdicts_read

QUIET_S: Final = 30.0  # a batch takes seconds; without a sign of life for longer, nobody works
LISTED: Final = 30


@dataclass(frozen=True, slots=True)
class StudyView:
    """One study as it stands.

    Attributes:
        state: waiting (for a worker), running, stopping, stalled (its worker gives no sign of
            life), finished, cancelled or failed.
        reason: why it failed or ended early; empty otherwise.
        market: what the candles are of, as people say it.
        quote: currency of the amounts.
        per_second: trials a second of all its runs, None before the first batch.
        eta_s: seconds to go at that rate, None unless it runs.
        age_s: seconds since it was started.
        silent_s: seconds since its last sign of life.
        n_searched: every trial ever made on the same candles, by whatever study.
        verdicts: on the examined trials, charged for all of these; None before any was examined.
    """

    id: int
    state: str
    reason: str
    created_at: datetime
    heartbeat_at: datetime
    finished_at: datetime | None
    strategies: tuple[str, ...]
    objectives: tuple[str, ...]
    windows: tuple[str, ...]
    sampler: str
    seed: int
    trade_size: Decimal
    fill: str
    settings: Mapping[str, Any]
    source: Mapping[str, Any]
    market: str
    quote: str
    data_digest: str
    cost_digest: str
    n_trials: int
    n_done: int
    n_batches: int
    run_dir: str
    manifest: Mapping[str, Any]
    figures: Mapping[str, Any]
    luck: Mapping[str, Any]
    per_second: float | None
    eta_s: float | None
    age_s: float
    silent_s: float
    n_searched: int
    verdicts: VerdictCounts | None

    @property
    def share(self) -> float:
        """Return how much is done, 0 to 1."""
        return self.n_done / self.n_trials if self.n_trials else 0.0

    @property
    def cost_warnings(self) -> tuple[str, ...]:
        """Return what was to be said when it was opened, its costs, windows and candles."""
        return study_warnings(self.source)

    @property
    def gap_warnings(self) -> tuple[str, ...]:
        """Return what is to be known of missing candles wherever annual figures are shown."""
        return gap_warnings_kept(self.source)

    @property
    def ranking_window(self) -> str:
        """Return the window scores come from."""
        return self.windows[-1]

    @property
    def embargo_days(self) -> float:
        """Return what lies between a part chosen on and a part tested on."""
        return float(self.settings.get("embargo_days", EMBARGO_DAYS))

    @property
    def stretches(self) -> Stretches:
        """Return the days of its windows and holdout; none of a study opened before they were kept.

        The candles are not asked, which takes a second; a study writes its days down when opened.
        """
        return stretches_read(self.manifest.get("stretches", {}), self.windows)

    @property
    def can_cancel(self) -> bool:
        """Return whether there is something to stop."""
        return self.state in {"waiting", "running", "stalled"}

    @property
    def can_resume(self) -> bool:
        """Return whether it can go on where it stopped."""
        return self.state in {"cancelled", "failed", "stalled"}

    @property
    def is_active(self) -> bool:
        """Return whether more trials may come by themselves."""
        return self.state in {"waiting", "running", "stopping", "stalled"}


@dataclass(frozen=True, slots=True)
class StudyLine:
    """One line of the list; ``luck`` is None where the best trial was not examined."""

    study: StudyView
    best_return_pct: float | None
    luck: StandingVerdict | None


def study_get(study_id: int, now: datetime) -> StudyView | None:
    """Return one study, None where there is none."""
    row = Study.objects.filter(pk=study_id).first()
    return None if row is None else _views([row], now)[0]


def study_list(now: datetime, limit: int = LISTED) -> tuple[StudyLine, ...]:
    """Return the newest studies, newest first."""
    rows = list(Study.objects.order_by("-id")[:limit])
    return tuple(_line(view) for view in _views(rows, now))


def returns_of(study_id: int, window: str) -> QuerySet[WindowMetrics]:
    """Return the metrics on one window whose return is a number; some databases sort NaN first."""
    return WindowMetrics.objects.filter(
        **row_range(study_id), window=window, total_return_pct__lt=math.inf
    )


def _line(view: StudyView) -> StudyLine:
    rows = returns_of(view.id, view.ranking_window)
    best = rows.order_by().aggregate(best=Max("total_return_pct"))["best"]
    if best is None:
        return StudyLine(view, None, None)
    first = rows.filter(total_return_pct=best).order_by("id").values("trial_id")[:1]
    found = verdicts_read(TrialLuck.objects.filter(trial_id__in=first), view.n_searched)
    return StudyLine(view, best, next(iter(found.values()), None))


def _views(rows: list[Study], now: datetime) -> list[StudyView]:
    charged = {digest: trials_charged(digest) for digest in {row.data_digest for row in rows}}
    made = {row.pk: max(charged[row.data_digest], row.n_done) for row in rows}
    verdicts = verdicts_count(rows, made)
    return [_view(row, now, made[row.pk], verdicts.get(row.pk)) for row in rows]


def _view(row: Study, now: datetime, n_searched: int, verdicts: VerdictCounts | None) -> StudyView:
    state = _state(row, now)
    rate = _rate(row)
    left = row.n_trials - row.n_done
    return StudyView(
        id=row.pk,
        state=state,
        reason=row.status_reason,
        created_at=row.created_at,
        heartbeat_at=row.heartbeat_at,
        finished_at=row.finished_at,
        strategies=tuple(row.strategies),
        objectives=tuple(row.objectives),
        windows=tuple(row.windows),
        sampler=row.sampler,
        seed=row.seed,
        trade_size=row.trade_size,
        fill=row.fill,
        settings=row.settings,
        source=row.source,
        market=str(row.source.get("market") or "candles"),
        quote=str(row.source.get("quote") or ""),
        data_digest=row.data_digest,
        cost_digest=row.cost_digest,
        n_trials=row.n_trials,
        n_done=row.n_done,
        n_batches=row.n_batches,
        run_dir=row.run_dir,
        manifest=row.manifest,
        figures=row.figures,
        luck=row.luck,
        per_second=rate,
        eta_s=left / rate if rate and state == "running" else None,
        age_s=(now - row.created_at).total_seconds(),
        silent_s=(now - row.heartbeat_at).total_seconds(),
        n_searched=n_searched,
        verdicts=verdicts,
    )


def _state(row: Study, now: datetime) -> str:
    if row.status != Study.Status.RUNNING:
        return str(row.status)
    if row.owner and (now - row.heartbeat_at).total_seconds() > QUIET_S:
        return "stalled"  # nobody is there to obey a wish to stop either
    if row.is_cancel_wanted:
        return "stopping"
    return "running" if row.owner else "waiting"


def _rate(row: Study) -> float | None:
    stored = row.figures.get("trials_per_second")
    if isinstance(stored, int | float) and stored > 0:
        return float(stored)
    took = (row.heartbeat_at - row.created_at).total_seconds()
    return row.n_done / took if row.n_done and took > 0 else None
