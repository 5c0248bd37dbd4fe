"""Check raw candles for sense, flag what is odd, and merge them with what is stored.

Nothing here changes a value: a file is refused as a whole with the row at fault, or taken as it
is. Where new and stored bars disagree, the caller must say which to believe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import numpy as np

from trading.base.domain.errors import BadInputError
from trading.market.domain.bars import COLUMNS, BarArrays, FloatArray, IntArray
from trading.market.domain.series.door import Refusal, bars_refused
from trading.market.domain.series.quality import QualityReport, quality_check
from trading.market.domain.timeframes import length_name
from trading.market.ports.candles import CandleFile

_MIN_BARS_FOR_SPACING: Final = 3  # with fewer, the usual distance between bars says nothing


class Prefer(StrEnum):
    """Which bar counts where stored and new ones disagree."""

    NOBODY = "nobody"  # refuse
    NEW = "new"
    OLD = "old"


@dataclass(frozen=True, slots=True)
class CheckedSeries:
    """A possible series: sorted, aligned, without repetitions, flagged."""

    bars: BarArrays
    report: QualityReport
    n_repeated: int  # identical rows that were given more than once


@dataclass(frozen=True, slots=True)
class MergedSeries:
    """Stored and new bars as one series, and what the new ones added."""

    open_time: IntArray
    values: FloatArray
    n_new: int
    n_replaced: int


def series_check(candles: CandleFile, *, step_ms: int, now_ms: int) -> CheckedSeries:
    """Return the rows as a flagged series.

    Args:
        candles: rows in file order.
        step_ms: length of one bar.
        now_ms: a bar that closes later than this has not happened yet.

    Raises:
        BadInputError: a row is impossible, off the grid, out of order, contradicts a row with the
            same time, or has not closed yet; or the rows are of another timeframe.
    """
    for refused in bars_refused(candles.open_time, candles.values, step_ms):
        if refused.reason is not Refusal.OFF_GRID:  # whose usual cause is named below
            raise BadInputError(f"{candles.places.of(refused.index)} {refused.problem}")
    _check_grid(candles, step_ms)
    open_time, values, n_repeated = _in_order(candles)
    _check_spacing(open_time, step_ms)
    if int(open_time[-1]) + step_ms > now_ms:
        raise BadInputError(
            f"the bar of {show(int(open_time[-1]))} closes in the future; "
            "expected closed bars only, cut the last row off"
        )
    return series_flag(open_time, values, step_ms=step_ms, n_repeated=n_repeated)


def series_flag(
    open_time: IntArray, values: FloatArray, *, step_ms: int, n_repeated: int = 0
) -> CheckedSeries:
    """Return a possible series with its flags."""
    report = quality_check(open_time, values, step_ms)
    return CheckedSeries(BarArrays(open_time, values, report.flags), report, n_repeated)


def series_merge(stored: BarArrays, new: BarArrays, *, prefer: Prefer) -> MergedSeries:
    """Return both series as one.

    Raises:
        BadInputError: a bar is in both with different values and nobody is preferred; the message
            names the first such bar and both values.
    """
    shared, in_stored, in_new = np.intersect1d(
        stored.open_time, new.open_time, assume_unique=True, return_indices=True
    )
    old_values, new_values = stored.values[:, in_stored], new.values[:, in_new]
    differs = (old_values != new_values).any(axis=0)
    if prefer is Prefer.NOBODY and differs.any():
        first = int(differs.argmax())
        column = int((old_values[:, first] != new_values[:, first]).argmax())
        raise BadInputError(
            f"{int(differs.sum())} bars contradict the stored ones, first at "
            f"{show(int(shared[first]))}: {COLUMNS[column]} was {old_values[column, first]!r}, "
            f"is now {new_values[column, first]!r}; say --prefer new or --prefer old"
        )
    merged = stored.values.copy()
    if prefer is Prefer.NEW:
        merged[:, in_stored] = new_values
    added = np.setdiff1d(np.arange(len(new)), in_new, assume_unique=True)
    open_time = np.concatenate((stored.open_time, new.open_time[added]))
    order = np.argsort(open_time, kind="stable")
    return MergedSeries(
        open_time[order],
        np.ascontiguousarray(np.concatenate((merged, new.values[:, added]), axis=1)[:, order]),
        n_new=int(added.shape[0]),
        n_replaced=int(differs.sum()) if prefer is Prefer.NEW else 0,
    )


def show(open_ms: int) -> str:
    """Return the time as a person reads it: ISO-8601 UTC."""
    return datetime.fromtimestamp(open_ms / 1000, UTC).isoformat().replace("+00:00", "Z")


def range_check(
    spans: Sequence[tuple[int, int]], *, start_ms: int | None, end_ms: int | None
) -> None:
    """Refuse a range of time that holds no bar: a run over it would find nothing and say nothing.

    Args:
        spans: first and last open time of each series that is to be read.
        start_ms: first open time wanted, None for no limit.
        end_ms: first open time not wanted any more, None for no limit.

    Raises:
        BadInputError: naming the range and what there is.
    """
    if start_ms is not None and end_ms is not None and end_ms <= start_ms:
        raise BadInputError(f"--to was {show(end_ms)}, which is not after --from {show(start_ms)}")
    if any(
        (start_ms is None or last >= start_ms) and (end_ms is None or first < end_ms)
        for first, last in spans
    ):
        return
    asked = [f"from {show(start_ms)} on"] if start_ms is not None else []
    asked += [f"before {show(end_ms)}"] if end_ms is not None else []
    first, last = min(one for one, _ in spans), max(other for _, other in spans)
    raise BadInputError(
        f"no bar is stored {' and '.join(asked)}; there are bars from {show(first)} to {show(last)}"
    )


def _in_order(candles: CandleFile) -> tuple[IntArray, FloatArray, int]:
    difference = np.diff(candles.open_time)
    place = candles.places.of
    if (difference < 0).any():
        i = int((difference < 0).argmax()) + 1
        raise BadInputError(
            f"{place(i)} goes back in time: {show(int(candles.open_time[i]))} after "
            f"{show(int(candles.open_time[i - 1]))}; expected the oldest row first"
        )
    same = np.flatnonzero(difference == 0) + 1
    contradicting = (candles.values[:, same] != candles.values[:, same - 1]).any(axis=0)
    if contradicting.any():
        i = int(same[contradicting.argmax()])
        raise BadInputError(
            f"{place(i - 1)} and {place(i)} have the same time "
            f"{show(int(candles.open_time[i]))} and different values; expected one bar per time"
        )
    keep = np.concatenate(([True], difference != 0))
    return (
        candles.open_time[keep],
        np.ascontiguousarray(candles.values[:, keep]),
        int(same.shape[0]),
    )


def _check_grid(candles: CandleFile, step_ms: int) -> None:
    off = candles.open_time % step_ms != 0
    if off.any():
        i = int(off.argmax())
        raise BadInputError(
            f"{candles.places.of(i)}: {show(int(candles.open_time[i]))} is no open time of a "
            f"{length_name(step_ms)} bar; check --timeframe and whether times are open times"
        )


def _check_spacing(open_time: IntArray, step_ms: int) -> None:
    if open_time.shape[0] < _MIN_BARS_FOR_SPACING:
        return
    lengths, counts = np.unique(np.diff(open_time), return_counts=True)
    usual = int(lengths[counts.argmax()])
    if usual != step_ms:
        raise BadInputError(
            f"most rows are {length_name(usual)} apart; --timeframe was {length_name(step_ms)}"
        )
