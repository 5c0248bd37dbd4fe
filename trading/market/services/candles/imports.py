"""Import one candle file into the store: validate, flag, merge, replace; twice changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trading.base.domain.errors import BadInputError
from trading.base.ports.clock import Clock
from trading.market.domain.instruments import SIMULATED_VENUE
from trading.market.domain.series.quality import Outlier
from trading.market.domain.timeframes import timeframe_ms
from trading.market.ports.candles import CandleFileReader, CandleStore, SeriesInfo, SeriesKey
from trading.market.services.candles.series import (
    CheckedSeries,
    MergedSeries,
    Prefer,
    series_check,
    series_flag,
    series_merge,
)


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did.

    Attributes:
        info: the series as it is stored now.
        n_new: bars that were not stored before.
        n_replaced: stored bars whose values were replaced (``--prefer new`` only).
        n_repeated: rows the file gave twice with identical values.
        outliers: every quarantined bar of the stored series.
        notes: what had to be assumed about the file.
    """

    info: SeriesInfo
    n_new: int
    n_replaced: int
    n_repeated: int
    outliers: tuple[Outlier, ...]
    notes: tuple[str, ...]


def candles_import(
    *,
    store: CandleStore,
    reader: CandleFileReader,
    clock: Clock,
    path: Path,
    key: SeriesKey,
    prefer: Prefer = Prefer.NOBODY,
) -> ImportResult:
    """Put the candles of a file into the series ``key``; repeating it changes nothing.

    Raises:
        BadInputError: the file cannot be taken, or contradicts what is stored; the store is then
            unchanged.
    """
    if key.venue == SIMULATED_VENUE:
        raise BadInputError(
            f"venue was {key.venue!r}, which is kept for what candles simulate makes; name the "
            "venue the file is from"
        )
    store.info(key)  # a malformed key or a damaged series is refused before the file is read
    step_ms = timeframe_ms(key.timeframe)
    candles = reader.read(path)
    try:
        checked = series_check(candles, step_ms=step_ms, now_ms=clock.now_ms())
    except BadInputError as error:
        raise BadInputError(f"{path.name}: {error}") from error
    with store.lock(key):
        merged, stored = _merge(store, key, checked, prefer=prefer, step_ms=step_ms)
        unchanged = merged.n_new == 0 and merged.n_replaced == 0
        info = store.info(key) if unchanged else None
        if info is None:
            info = store.replace(key, stored.bars, source=f"file {path.name}")
    return ImportResult(
        info,
        merged.n_new,
        merged.n_replaced,
        checked.n_repeated,
        stored.report.outliers,
        candles.notes,
    )


def _merge(
    store: CandleStore, key: SeriesKey, checked: CheckedSeries, *, prefer: Prefer, step_ms: int
) -> tuple[MergedSeries, CheckedSeries]:
    if store.info(key) is None:
        bars = checked.bars
        return MergedSeries(bars.open_time, bars.values, len(bars), 0), checked
    merged = series_merge(store.load(key), checked.bars, prefer=prefer)
    return merged, series_flag(merged.open_time, merged.values, step_ms=step_ms)
