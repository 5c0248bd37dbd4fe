"""Build what the optimizer's services need from the settings and the trading side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from django.conf import settings

from optimizer.models import Study
from optimizer.ports.reports import ReportFolder, ReportRenderer
from optimizer.ports.run_downloads import RunDownloads
from optimizer.services.evaluations import step_of
from optimizer.services.reports import build, pictures
from optimizer.services.reports.build import ReportResult, ReportSource
from trading import bootstrap as trading
from trading.domain.execution.costs import SwapCostSchedule
from trading.domain.market.bars import BarArrays
from trading.domain.market.timeframes import timeframe_ms
from trading.ports.candles import SeriesKey
from trading.ports.clock import Clock
from trading.services.candles.series import series_check

if TYPE_CHECKING:
    from optimizer.adapters.workers.wire import Job
    from optimizer.ports.machines import Bell, SweepMachine
    from optimizer.ports.sweeps import TrialPool

_ONE_MACHINE: Final = threading.Lock()
_BENCH_SERIES: Final = SeriesKey("pulsex", "PDAI/DAI", "5m")


def system_clock() -> Clock:
    """Return the machine's clock."""
    return trading.system_clock()


def candles_stored(*, venue: str, pair: str, timeframe: str) -> tuple[BarArrays, int]:
    """Return a stored series and the length of its bars, ms.

    Raises:
        BadInputError: there is no such series, or its file is damaged.
    """
    step_ms = timeframe_ms(timeframe)
    bars = trading.candle_store().load(SeriesKey(venue, pair, timeframe))
    return bars, step_ms


def candles_file(path: Path, timeframe: str | None = None) -> tuple[BarArrays, int]:
    """Return the checked bars of a file and their length, ms, told from the file unless given.

    Raises:
        BadInputError: the file cannot be read or holds impossible rows.
    """
    candles = trading.candle_file_reader().read(path)
    step_ms = timeframe_ms(timeframe) if timeframe else step_of(candles.open_time)
    now_ms = trading.system_clock().now_ms()
    return series_check(candles, step_ms=step_ms, now_ms=now_ms).bars, step_ms


def swap_costs_file(path: Path) -> SwapCostSchedule:
    """Return the schedule of a swap-cost cache file.

    Raises:
        BadInputError: there is no such file, or it is not a swap-cost cache.
    """
    return trading.swap_costs_file(path)


def evaluator_bench_run(
    *,
    candles: Path | None,
    swap_costs: Path | None,
    seed: int,
    has_peers: bool,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Return the figures of ``bench evaluator`` on the given, else on the stored candles.

    Raises:
        BadInputError: a given file cannot be used.
        VenueUnavailableError: the peers' environment cannot be made.
    """
    from optimizer.adapters.peer_environment import PeerEnvironment
    from optimizer.services.bench.evaluator import evaluator_bench

    costs_path = swap_costs or settings.DATA_DIR / trading.SWAP_COST_FILE
    file = None
    if candles is not None:
        file = (*candles_file(candles), swap_costs_file(costs_path))
    elif trading.candle_store().info(_BENCH_SERIES) is not None and costs_path.is_file():
        key = _BENCH_SERIES
        stored = candles_stored(venue=key.venue, pair=key.pair, timeframe=key.timeframe)
        file = (*stored, swap_costs_file(costs_path))
    return evaluator_bench(
        file=file,
        peers=PeerEnvironment(settings.DATA_DIR / "bench", say) if has_peers else None,
        rng=np.random.default_rng(seed),
        cpu_clock=time.process_time,
        say=say,
    )


def report_renderer() -> ReportRenderer:
    """Return what makes the page of a report, in the desk's colours."""
    # the page brings Django's template engine, which only reports need
    from optimizer.adapters.html_report import HtmlReport

    return HtmlReport(tokens=settings.BASE_DIR / "static" / "css" / "tokens.css")


def report_folder(run_dir: str) -> ReportFolder:
    """Return a run directory, named absolutely or within the data directory."""
    from optimizer.adapters.html_report import RunFolder

    return RunFolder(settings.DATA_DIR / run_dir)


def run_downloads() -> RunDownloads:
    """Return what hands out the files of runs."""
    from optimizer.adapters.run_downloads import RunFolderFiles

    return RunFolderFiles(settings.DATA_DIR)


def study_pictures(study_id: int) -> dict[str, Any]:
    """Return the pictures of a study's parameters, as far as it is; see the service."""
    # the report's own pictures, without its page
    from optimizer.adapters.html_report import figures

    return pictures.study_pictures(study_id=study_id, drawing=figures)


def report_build(
    *, study_id: int, source_of: Callable[[Study], ReportSource], is_complete: bool = True
) -> ReportResult:
    """Write the report of a study into its run directory; see the service.

    Raises:
        BadInputError: there is no such study, or its candles or costs are gone or have changed.
    """
    return build.report_build(
        study_id=study_id,
        source_of=source_of,
        renderer=report_renderer(),
        folder_of=report_folder,
        is_complete=is_complete,
    )


def evaluation_version() -> str:
    """Return what decides the last bit of a result: the kernels' sources and what runs them."""
    libraries = " ".join(f"{name} {version(name)}" for name in ("numpy", "numba"))
    return f"{settings.SOURCES_DIGEST_OF()} {libraries}"


def celery_pool(job: Job, *, study_id: int) -> TrialPool:
    """Return the Celery workers of all machines as one pool."""
    from celery import current_app

    from optimizer.adapters.workers.celery_pool import CeleryPool, PoolTools
    from optimizer.adapters.workers.celery_queue import CelerySweepQueue

    tools = PoolTools(
        queue=CelerySweepQueue(current_app._get_current_object()),
        bell=sweep_bell(),
        clock=system_clock(),
        pause=threading.Event().wait,
        version=evaluation_version(),
    )
    return CeleryPool(job, study_id=study_id, tools=tools)


@cache
def sweep_bell() -> Bell:
    """Return what wakes the orchestrators of studies; one per process."""
    from optimizer.adapters.workers.bell import RedisBell

    prefix = str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"])
    return RedisBell(settings.REDIS_URL, prefix=prefix, pause=threading.Event().wait)


def sweep_machine() -> SweepMachine:
    """Return what evaluates trials for studies of other machines; one per process."""
    with _ONE_MACHINE:  # the threads of a worker come here at the same moment
        return _sweep_machine()


@cache
def _sweep_machine() -> SweepMachine:
    from optimizer.adapters.workers.blobs import MachineData
    from optimizer.adapters.workers.machine import LocalMachine

    data = MachineData(settings.DATA_DIR / "sweeps")
    return LocalMachine(data, version=evaluation_version(), clock=system_clock())


def chunk_answer(*, chunk_id: int) -> str:
    """Evaluate a chunk of somebody's study here and store the answer; see the service."""
    from optimizer.adapters.workers.reconnect import reconnecting
    from optimizer.services.sweeps import answering

    return answering.chunk_answer(
        chunk_id=chunk_id,
        machine=sweep_machine(),
        bell=sweep_bell(),
        database=partial(reconnecting, pause=threading.Event().wait),
    )
