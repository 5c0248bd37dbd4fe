"""Open a study: check the request, fingerprint the data, and write down all it started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import F

from optimizer.domain.luck.out_of_sample import LEAST_HOLDOUT_BARS
from optimizer.domain.periods import MS_PER_DAY
from optimizer.domain.study.data import StudyData, embargo_bars
from optimizer.domain.study.gaps import gap_warnings
from optimizer.domain.study.stretches import Stretch, Stretches, cut_warnings, stretches_cut
from optimizer.models import SearchLedger, Study
from optimizer.ports.study_files import StudyFiles
from optimizer.selectors.costs import GAPS_KEY, WINDOWS_KEY
from optimizer.services.reports.build import ReportSource
from optimizer.services.studies.open.problems import Problems
from optimizer.services.studies.open.request import StudyPlan, StudyRequest, request_check
from trading.base.domain.errors import BadInputError
from trading.base.ports.clock import Clock


def study_open(
    *,
    request: StudyRequest,
    source: ReportSource,
    origin: Mapping[str, Any],
    versions: Mapping[str, Any],
    files: StudyFiles,
    clock: Clock,
) -> Study:
    """Return a new study, ready to be run; its run directory holds the manifest.

    Args:
        request: what to do.
        source: the candles and costs.
        origin: where they were read from, so that ``source_of`` can read them again, and what
            is to be known of them.
        versions: of the code and its libraries, ``git_commit`` among them.
        files: makes the run directory.
        clock: tells the time.

    Raises:
        BadInputError: the request or the data cannot be used, or not the one with the other;
            nothing was written.
    """
    data = source.data
    plan, stretches = _fitted(request, data)
    cut = cut_warnings(stretches, int(data.bars.open_time[0]))
    notes = {
        WINDOWS_KEY: {"warnings": list(cut)},
        GAPS_KEY: {"warnings": list(_gaps(data, stretches))},
    }
    study = _row(request, plan, source, {**origin, **notes})
    now = clock.now()
    study.created_at = study.heartbeat_at = now
    study.manifest = _manifest(study, request, versions) | {"stretches": stretches.as_json()}
    with transaction.atomic():
        ledger, _ = SearchLedger.objects.get_or_create(
            data_digest=study.data_digest,
            defaults={"path": data.price_path(), "first_at": now, "last_at": now},
        )
        if not ledger.path:  # of before markets were recognised by it
            SearchLedger.objects.filter(pk=ledger.pk).update(path=data.price_path())
        SearchLedger.objects.filter(pk=ledger.pk).update(n_studies=F("n_studies") + 1, last_at=now)
        study.run_dir = files.folder_make(now)
        study.save(force_insert=True)
        # a worker takes what is committed: with a disk that is full there is to be no study
        files.manifest_write(study.run_dir, {"study": study.pk, **study.manifest})
    return study


def _gaps(data: StudyData, stretches: Stretches) -> tuple[str, ...]:
    """Return what to say of missing candles: of all of them, else of windows that lack many."""
    times = data.bars.open_time
    found = gap_warnings(times, data.step_ms)
    for window in () if found else stretches.windows:
        first, last = np.searchsorted(times, (window.begins, window.ends))
        found += gap_warnings(times[first:last], data.step_ms, f"window {window.label}")
    return found


def _fitted(request: StudyRequest, data: StudyData) -> tuple[StudyPlan, Stretches]:
    """Return the plan on these candles and the days of its windows."""
    plan = request_check(request)
    times = data.bars.open_time
    stretches = stretches_cut(times, data.step_ms, plan.windows, request.holdout_share)
    if set(request.windows) == set(StudyRequest().windows):
        # nobody chose them: on short candles those remain that differ
        plan = replace(plan, windows=_differing(stretches))
        stretches = stretches_cut(times, data.step_ms, plan.windows, request.holdout_share)
    problems = Problems()
    with problems.at("windows"):
        _windows_differ(stretches)
    with problems.at("embargo_days"):
        _holdout_remains(data, request)
    problems.settle()
    return plan, stretches


def _differing(stretches: Stretches) -> tuple[str, ...]:
    """Return the labels of windows that are not the same bars as a shorter one."""
    begun = [window.begins for window in stretches.windows]
    return tuple(
        window.label
        for place, window in enumerate(stretches.windows)
        if window.begins not in begun[:place]
    )


def _windows_differ(stretches: Stretches) -> None:
    """Refuse windows that are the same bars: every trial would be evaluated twice on them."""
    known: dict[int, Stretch] = {}
    for window in stretches.windows:
        other = known.setdefault(window.begins, window)
        if other is not window:
            raise BadInputError(
                f"windows {other.label!r} and {window.label!r} are the same stretch of these "
                f"candles, {window.days}; leave one out"
            )


def _holdout_remains(data: StudyData, request: StudyRequest) -> None:
    """Refuse an embargo behind which nothing of the holdout is left to test on."""
    held = len(data.bars) - data.search_stop(request.holdout_share)
    between = embargo_bars(request.embargo_days, data.step_ms)
    if held and held - between < LEAST_HOLDOUT_BARS:
        days = held * data.step_ms / MS_PER_DAY
        raise BadInputError(
            f"embargo days was {request.embargo_days:g}, {between:,} bars; the holdout is "
            f"{days:.3g} days, {held:,} bars, and {LEAST_HOLDOUT_BARS} or more must be left of it "
            "behind the embargo: expected a shorter embargo, a larger holdout, or none"
        )


def _row(
    request: StudyRequest, plan: StudyPlan, source: ReportSource, origin: Mapping[str, Any]
) -> Study:
    data = source.data
    return Study(
        strategies=list(plan.strategies),
        objectives=list(plan.objectives),
        windows=list(plan.windows),
        sampler=request.sampler,
        seed=request.seed,
        trade_size=request.trade_size,
        fill=request.fill,
        settings=plan.settings,
        source={**origin, "market": source.market, "quote": source.quote},
        step_ms=data.step_ms,
        data_digest=data.data_digest(),
        cost_digest=data.cost_digest(),
        n_trials=plan.n_trials,
    )


def _manifest(study: Study, request: StudyRequest, versions: Mapping[str, Any]) -> dict[str, Any]:
    arguments = asdict(request)
    arguments["trade_size"] = format(request.trade_size, "f")
    return {
        "created_at": study.created_at.isoformat(),
        "arguments": arguments,
        "strategies": study.strategies,
        "objectives": study.objectives,
        "windows": study.windows,
        "sampler": study.sampler,
        "seed": study.seed,
        "settings": study.settings,
        "source": study.source,
        "data_digest": study.data_digest,
        "cost_digest": study.cost_digest,
        **versions,
    }
