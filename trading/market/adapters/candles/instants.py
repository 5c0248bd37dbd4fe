"""Turn a time column of any customary kind into milliseconds UTC, or say which cell cannot be.

Accepted are Arrow timestamps and dates, ISO-8601 text with or without an offset, and numbers
counting seconds, milliseconds, microseconds or nanoseconds since 1970. Text and timestamps
without a zone are taken as UTC and the caller is told so.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import numpy as np
import pyarrow as pa

from trading.base.domain.errors import BadInputError
from trading.market.adapters.candles.cells import cell_numbers
from trading.market.domain.bars import FloatArray, IntArray
from trading.market.ports.candles import RowPlaces

NAIVE_NOTE: Final = "the times name no zone and were taken as UTC"
# the first candle anybody can own is younger than Bitcoin; a count of seconds today has 10 digits
EARLIEST_MS: Final = 1_230_768_000_000  # 2009-01-01
LATEST_MS: Final = 4_102_444_800_000  # 2100-01-01
_UNITS: Final = ("seconds", "milliseconds", "microseconds", "nanoseconds")
_PER_MS: Final = np.array([1e-3, 1.0, 1e3, 1e6])
_COUNT: Final = re.compile(r"\s*\d+(\.\d*)?([eE][+-]?\d+)?\s*\Z", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def column_instants(
    column: pa.ChunkedArray, *, where: str, places: RowPlaces, notes: list[str]
) -> IntArray:
    """Return int64[n], ms UTC; append to ``notes`` what had to be assumed.

    Raises:
        BadInputError: a cell is missing or is no instant, or the column mixes kinds.
    """
    if column.null_count:
        row = int(column.is_null().to_numpy().argmax())
        raise BadInputError(f"{where}, {places.of(row)}: the time is missing")
    kind = column.type
    if pa.types.is_timestamp(kind):
        if kind.tz is None:
            notes.append(NAIVE_NOTE)
        return _whole_ms(column.cast(pa.timestamp("ns")), where=where, places=places)
    if pa.types.is_date(kind):
        notes.append(NAIVE_NOTE)
        return _whole_ms(column.cast(pa.timestamp("ns")), where=where, places=places)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        numbers = column.to_numpy().astype(np.float64)
        return _from_epoch(numbers, where=where, places=places, notes=notes)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _from_text(column.to_pylist(), where=where, places=places, notes=notes)
    raise BadInputError(f"{where} is of type {kind}; expected times")


def _whole_ms(column: pa.ChunkedArray, *, where: str, places: RowPlaces) -> IntArray:
    ns = column.cast(pa.int64()).to_numpy()
    if (ns % 1_000_000).any():
        row = int((ns % 1_000_000 != 0).argmax())
        raise BadInputError(
            f"{where}, {places.of(row)}: the time has fractions of a millisecond; "
            "expected the bar's open time"
        )
    return _in_range(ns // 1_000_000, where=where, places=places)


def _from_epoch(
    numbers: FloatArray, *, where: str, places: RowPlaces, notes: list[str]
) -> IntArray:
    # the units are 1,000 apart and the years allowed are not, so that each count says its own
    ms = numbers / _PER_MS[:, None]
    fits = (ms >= EARLIEST_MS) & (ms < LATEST_MS)
    odd = ~fits.any(axis=0)
    if odd.any():
        row = int(odd.argmax())
        raise BadInputError(
            f"{where}, {places.of(row)}: was {numbers[row]:.17g}; expected {', '.join(_UNITS[:3])} "
            f"or {_UNITS[3]} since 1970 for a time from 2009 to 2099"
        )
    unit = fits.argmax(axis=0)
    changes = np.flatnonzero(np.diff(unit)) + 1
    if changes.shape[0]:
        row = int(changes[0])
        notes.append(
            f"{where}: the times change from {_UNITS[unit[row - 1]]} to {_UNITS[unit[row]]} at "
            f"{places.of(row)}; each was read in its own unit"
        )
    of_unit = ms[unit, np.arange(numbers.shape[0])]
    rounded = np.rint(of_unit)
    broken = np.abs(of_unit - rounded) > 1e-3
    if broken.any():
        raise BadInputError(
            f"{where}, {places.of(int(broken.argmax()))}: the time has fractions of a "
            "millisecond; expected the bar's open time"
        )
    return np.asarray(rounded, dtype=np.int64)


def _from_text(cells: list[str], *, where: str, places: RowPlaces, notes: list[str]) -> IntArray:
    if _COUNT.match(cells[0]):
        expected = "a count since 1970 as in the rows before"
        counts = cell_numbers(cells, where=where, places=places, expected=expected)
        return _from_epoch(counts, where=where, places=places, notes=notes)
    instants = np.empty(len(cells), dtype=np.int64)
    n_naive = 0
    for row, text in enumerate(cells):
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError as error:
            raise BadInputError(
                f"{where}, {places.of(row)}: was {text[:40]!r}; expected an ISO-8601 time "
                "or a count since 1970"
            ) from error
        if moment.tzinfo is None:
            n_naive += 1
            moment = moment.replace(tzinfo=UTC)
        since = moment - _EPOCH
        instants[row] = since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000
    if 0 < n_naive < len(cells):
        raise BadInputError(
            f"{where} names a zone in some rows and none in {n_naive}; expected all or none"
        )
    if n_naive:
        notes.append(NAIVE_NOTE)
    return _in_range(instants, where=where, places=places)


def _in_range(ms: np.ndarray, *, where: str, places: RowPlaces) -> IntArray:
    outside = (ms < EARLIEST_MS) | (ms >= LATEST_MS)
    if outside.any():
        row = int(outside.argmax())
        moment = np.datetime64(int(ms[row]), "ms")
        raise BadInputError(
            f"{where}, {places.of(row)}: the time was {moment}Z; expected 2009 to 2099"
        )
    return np.asarray(ms, dtype=np.int64)
