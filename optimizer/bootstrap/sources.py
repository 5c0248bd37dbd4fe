"""Read what a study is opened with, and read it again whenever it goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from optimizer.bootstrap.candles import candles_file
from optimizer.models import Study
from optimizer.services.reports.build import ReportSource
from optimizer.services.studies.open import sources
from optimizer.services.studies.open.sources import Origin, SourceReaders
from trading.market import bootstrap as market
from trading.market.domain.bars import BarArrays
from trading.market.domain.timeframes import timeframe_ms
from trading.market.ports.candles import SeriesKey
from trading.market.services.swap_costs.cache import SwapCostCache


def source_readers(
    desk_costs: Callable[[], SwapCostCache] = market.swap_costs_named,
) -> SourceReaders:
    """Return what reads candles and costs; ``desk_costs`` reads those of the desk."""

    def stored(origin: Origin) -> tuple[BarArrays, int]:
        key = SeriesKey(origin.venue, origin.pair, origin.timeframe)
        end_ms = None if origin.last_ms is None else origin.last_ms + 1
        bars = market.candle_store().load(key, start_ms=origin.first_ms, end_ms=end_ms)
        return bars, timeframe_ms(origin.timeframe)

    def costs(path: Path | None) -> SwapCostCache:
        return desk_costs() if path is None else market.swap_costs_named(path)

    return SourceReaders(stored=stored, file=candles_file, costs=costs)


def study_source(study: Study) -> ReportSource:
    """Return the candles and costs a study was opened with; costs are never measured anew.

    Raises:
        BadInputError: they cannot be read any more.
        DataChangedError: they are not the same.
    """
    return sources.study_source_load(study, source_readers())
