"""Read again what a study was opened with."""

from __future__ import annotations

from pathlib import Path

from optimizer.bootstrap.candles import candles_file, swap_costs_file
from optimizer.models import Study
from optimizer.services.reports.build import ReportSource
from optimizer.services.studies import sources
from optimizer.services.studies.sources import Origin, SourceReaders
from trading import bootstrap as trading
from trading.domain.execution.costs import SwapCostSchedule
from trading.domain.market.bars import BarArrays
from trading.domain.market.timeframes import timeframe_ms
from trading.ports.candles import SeriesKey


def source_readers() -> SourceReaders:
    """Return what reads candles and costs."""

    def stored(origin: Origin) -> tuple[BarArrays, int]:
        key = SeriesKey(origin.venue, origin.pair, origin.timeframe)
        end_ms = None if origin.last_ms is None else origin.last_ms + 1
        bars = trading.candle_store().load(key, start_ms=origin.first_ms, end_ms=end_ms)
        return bars, timeframe_ms(origin.timeframe)

    def costs(path: Path | None) -> SwapCostSchedule:
        return trading.swap_cost_schedule() if path is None else swap_costs_file(path)

    return SourceReaders(stored=stored, file=candles_file, costs=costs)


def study_source(study: Study) -> ReportSource:
    """Return the candles and costs a study was opened with.

    Raises:
        BadInputError: they cannot be read any more.
        DataChangedError: they are not the same.
    """
    return sources.study_source_load(study, source_readers())
