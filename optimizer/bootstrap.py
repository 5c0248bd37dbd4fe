"""Build what the optimizer's services need from the settings and the trading side."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.conf import settings

from optimizer.models import Study
from optimizer.ports.reports import ReportFolder, ReportRenderer
from optimizer.services.evaluations import step_of
from optimizer.services.reports import build
from optimizer.services.reports.build import ReportResult, ReportSource
from trading import bootstrap as trading
from trading.domain.execution.costs import SwapCostSchedule
from trading.domain.market.bars import BarArrays
from trading.domain.market.timeframes import timeframe_ms
from trading.ports.candles import SeriesKey
from trading.ports.clock import Clock
from trading.services.candles.series import series_check

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
