"""Open and run studies with the adapters of this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from optimizer.bootstrap.candles import system_clock
from optimizer.bootstrap.reports import report_build, report_folder
from optimizer.bootstrap.sources import source_readers, study_source
from optimizer.bootstrap.sweeps import celery_pool, evaluation_version
from optimizer.domain.study.capacity import WorkersGiven, workers_in
from optimizer.domain.study.data import StudyData
from optimizer.models import Study
from optimizer.selectors.costs import CANDLES_KEY, COSTS_KEY, study_warnings
from optimizer.services.reports.build import ReportResult, ReportSource
from optimizer.services.reports.reading import TrialColumns
from optimizer.services.studies.control import Claimant, digests_running, study_named, study_resume
from optimizer.services.studies.open import opening, sources
from optimizer.services.studies.open.costs import costs_used
from optimizer.services.studies.open.request import CELERY, StudyRequest, request_check
from optimizer.services.studies.open.sources import Origin
from optimizer.services.studies.run import running
from optimizer.services.studies.run.chunks import chunks_in_flight
from optimizer.services.studies.run.running import RunResult
from optimizer.services.studies.run.stopping import StoppableFolder
from optimizer.services.studies.run.tools import Between, StudyTools, nothing
from trading.base import bootstrap as base
from trading.base.domain.events import STUDY_SAID
from trading.base.services.event_log import EventLog
from trading.market import bootstrap as market
from trading.market.bootstrap.swap_costs import ProgressBar, no_bar
from trading.market.domain.bars import BarArrays

if TYPE_CHECKING:
    from optimizer.ports.sweeps import TrialPool


COPIES_KEPT: Final = timedelta(days=1)  # of candles, since a study last began with them

_log = EventLog(__name__)


def _log_line(line: str) -> None:
    _log.say(STUDY_SAID, what=line)


def study_open(
    *,
    request: StudyRequest,
    origin: Origin,
    is_forced: bool = False,
    say: Callable[[str], object] = _log_line,
    bar: ProgressBar = no_bar,
) -> Study:
    """Open a study on candles and costs from ``origin``; see the service.

    Args:
        request: what to do.
        origin: where the candles and costs are.
        is_forced: costs of another market than the candles' are wanted all the same.
        say: takes a line for a person: what is to be known of costs and windows, and what takes
            minutes.
        bar: shows how many rungs are measured where the desk has no costs yet.

    Raises:
        BadInputError: the request or the data cannot be used, or not the one with the other.
        VenueError: there are no swap costs and they cannot be measured now.
    """
    from optimizer.adapters.study_files import RunDirectories
    from optimizer.adapters.versions import versions

    request_check(request)  # before data of many megabytes are read
    measured = partial(market.swap_costs_measured, say=say, bar=bar)
    loaded = sources.source_load(origin, source_readers(measured))
    costs = costs_used(
        loaded.cache,
        venue=loaded.origin.venue,
        pair=loaded.origin.pair,
        trade_size=request.trade_size,
        is_forced=is_forced,
        clock=system_clock(),
    )
    study = opening.study_open(
        request=request,
        source=loaded.source,
        origin={
            **loaded.origin.as_dict(),
            CANDLES_KEY: {"warnings": list(sources.simulated_warnings(loaded.origin.venue))},
            COSTS_KEY: costs.as_dict(),
        },
        versions={**versions(settings.BASE_DIR), "evaluation_version": evaluation_version()},
        files=RunDirectories(settings.DATA_DIR),
        clock=system_clock(),
    )
    for line in study_warnings(study.source):
        say(line)
    return study


def study_run(
    *,
    study_id: int,
    on_progress: Callable[[int], None] = lambda _n_done: None,
    should_stop: Callable[[], bool] = lambda: False,
    say: Callable[[str], object] = lambda _line: None,
    resume: Mapping[str, Any] | None = None,
) -> RunResult:
    """Run a study to its end or until it is stopped; see the service.

    ``say`` takes a line for a person when the study waits for workers that do not answer.
    """
    return running.study_run(
        study_id=study_id,
        tools=study_tools(say),
        on_progress=on_progress,
        should_stop=should_stop,
        resume=resume,
    )


def study_found(study_id: int) -> Study:
    """Return a study; a database that is away for a moment is waited for.

    Raises:
        BadInputError: there is none with this number.
    """
    from optimizer.adapters.workers.reconnect import reconnecting

    return reconnecting(partial(study_named, study_id), pause=threading.Event().wait)


def study_resume_ready(study_id: int) -> None:
    """Put a study back to running for the worker that is called next; see the service.

    Raises:
        BadInputError: there is no such study.
        StudyRefusedError: it cannot go on; nothing was changed.
    """
    from optimizer.adapters.process_name import may_live

    study_resume(study_id, Claimant("", evaluation_version(), system_clock(), may_live))


def study_tools(say: Callable[[str], object] = lambda _line: None) -> StudyTools:
    """Return the adapters of a run in this process."""
    from optimizer.adapters.process_name import may_live, process_name
    from optimizer.adapters.samplers import sampler_make
    from optimizer.adapters.study_files import RunDirectories
    from optimizer.adapters.versions import versions
    from optimizer.adapters.workers.reconnect import reconnecting
    from optimizer.adapters.workers.room import cores_granted
    from optimizer.services.luck.assess import luck_assess
    from optimizer.services.news import StudyNews

    clock = system_clock()
    news = StudyNews(base.event_publisher(), clock)
    return StudyTools(
        claimant=Claimant(process_name(), evaluation_version(), clock, may_live),
        versions=lambda: versions(settings.BASE_DIR),
        clock=clock,
        cpu_clock=time.process_time,
        n_cores=cores_granted(),
        files=RunDirectories(settings.DATA_DIR),
        source_of=study_source,
        sampler_of=sampler_make,
        pool_of=partial(pool_make, say=say),
        database=partial(reconnecting, pause=threading.Event().wait),
        luck=lambda number, data, trials, between: luck_assess(
            study_id=number, data=data, clock=clock, trials=trials, between=between
        ),
        report=_report,
        tell=lambda number, n_done, is_change: news.tell(
            number, n_done=n_done, is_change=is_change
        ),
    )


def _report(
    study_id: int,
    source: ReportSource,
    trials: TrialColumns | None = None,
    between: Between = nothing,
    /,
) -> ReportResult:
    return report_build(
        study_id=study_id,
        source_of=lambda _study: source,
        folder_of=lambda run_dir: StoppableFolder(report_folder(run_dir), between),
        is_complete=trials is not None,
        trials=trials,
    )


def pool_make(
    study: Study, data: StudyData, say: Callable[[str], object] = lambda _line: None
) -> TrialPool:
    """Return the workers a study asks for, of this machine or of all machines."""
    from optimizer.adapters.workers.local import ProcessPool
    from optimizer.adapters.workers.wire import Job
    from optimizer.services.studies.run.search import terms_of

    chosen, costs = study.settings, data.costs
    stop = data.search_stop(float(chosen["holdout_share"]))
    folder = _candles_copy(study.data_digest, data.bars.slice(0, stop))
    columns = (costs.notional, costs.loss_rate, costs.buy_gas, costs.sell_gas)
    schedule = tuple(tuple(column.tolist()) for column in columns)
    job = Job(str(folder), schedule, data.step_ms, terms_of(study))
    if chosen["workers_via"] == CELERY:
        return celery_pool(job, study_id=study.pk, most=chosen["max_workers"], say=say)
    workers = workers_given(study, n_bars=stop)
    if workers.why:
        say(workers.sentence)
    return ProcessPool(job, workers=workers, clock=system_clock())


def workers_told(study: Study) -> str:
    """Return what to tell who has opened a study and gets fewer workers than asked for, or ""."""
    if study.settings["workers_via"] == CELERY:
        return ""  # nobody knows yet who will come
    known = Origin.of(study)
    n_bars = ((known.last_ms or 0) - (known.first_ms or 0)) // study.step_ms
    return workers_given(study, n_bars).sentence


def workers_given(study: Study, n_bars: int) -> WorkersGiven:
    """Return how many workers this machine would give the study now.

    Args:
        study: one whose trials are evaluated here.
        n_bars: of its candles.
    """
    from optimizer.adapters.workers.room import room_here

    chosen = study.settings
    return workers_in(
        room_here(),
        asked=chosen["max_workers"],
        share=float(chosen["cpu_fraction"]),
        n_bars=n_bars,
        in_flight=chunks_in_flight(int(chosen["batch_size"]), study.n_trials - study.n_done),
    )


def _candles_copy(digest: str, bars: BarArrays) -> Path:
    """Return the folder of candles for workers of this machine; older copies go when one comes."""
    from optimizer.adapters.candle_copies import CandleCopies
    from optimizer.adapters.workers.reconnect import reconnecting

    copies, now = CandleCopies(settings.DATA_DIR / "studies" / "candles"), system_clock().now()
    needed = reconnecting(digests_running, pause=threading.Event().wait)
    copies.forget(needed=needed, before=now - COPIES_KEPT)
    return copies.put(digest, bars, now)
