"""Read the machine's clock, candles and swap costs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from optimizer.services.evaluations import step_of
from optimizer.services.studies.open.costs import CostsUsed, costs_used
from trading.base import bootstrap as base
from trading.base.ports.clock import Clock
from trading.market import bootstrap as market
from trading.market.domain.bars import BarArrays
from trading.market.domain.costs import SwapCostSchedule
from trading.market.domain.timeframes import timeframe_ms
from trading.market.ports.candles import SeriesKey
from trading.market.services.candles.series import series_check


def system_clock() -> Clock:
    """Return the machine's clock."""
    return base.system_clock()


def candles_stored(*, venue: str, pair: str, timeframe: str) -> tuple[BarArrays, int]:
    """Return a stored series and the length of its bars, ms.

    Raises:
        BadInputError: there is no such series, or its file is damaged.
    """
    step_ms = timeframe_ms(timeframe)
    bars = market.candle_store().load(SeriesKey(venue, pair, timeframe))
    return bars, step_ms


def candles_file(path: Path, timeframe: str | None = None) -> tuple[BarArrays, int]:
    """Return the checked bars of a file and their length, ms, told from the file unless given.

    Raises:
        BadInputError: the file cannot be read or holds impossible rows.
    """
    candles = market.candle_file_reader().read(path)
    step_ms = timeframe_ms(timeframe) if timeframe else step_of(candles.open_time)
    now_ms = base.system_clock().now_ms()
    return series_check(candles, step_ms=step_ms, now_ms=now_ms).bars, step_ms


def swap_costs_file(path: Path) -> SwapCostSchedule:
    """Return the schedule of a swap-cost cache file.

    Raises:
        BadInputError: there is no such file, or it is not a swap-cost cache.
    """
    return market.swap_costs_file(path)


def swap_costs_used(
    path: Path, *, venue: str, pair: str, trade_size: Decimal, is_forced: bool
) -> tuple[SwapCostSchedule, CostsUsed]:
    """Return the schedule of a swap-cost cache and what is to be known of it.

    Args:
        path: of the cache.
        venue: of the candles, empty when it is not known.
        pair: likewise.
        trade_size: cash at the start.
        is_forced: costs of another market are wanted all the same.

    Raises:
        BadInputError: there is no such file, or it is not a swap-cost cache, or one of another
            market and nobody said that it is wanted.
    """
    cache = market.swap_costs_named(path)
    used = costs_used(
        cache,
        venue=venue,
        pair=pair,
        trade_size=trade_size,
        is_forced=is_forced,
        clock=system_clock(),
    )
    return cache.schedule, used
