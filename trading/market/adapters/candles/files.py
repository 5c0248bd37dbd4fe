"""Read the candle files people bring along: CSV, JSON, Parquet or Feather, whatever the types.

What is decided here is shape: which columns there are, what their cells mean as numbers and
instants. Whether the numbers make sense is decided by ``trading.market.services.candles``. Whatever
is refused is refused with the place a person would look at and the value found there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from trading.base.domain.errors import BadInputError
from trading.market.adapters.candles.cells import cell_numbers
from trading.market.adapters.candles.instants import column_instants
from trading.market.adapters.candles.shapes import order_check
from trading.market.adapters.candles.tables import table_open
from trading.market.domain.bars import COLUMNS, FloatArray
from trading.market.ports.candles import CandleFile, RowPlaces

TIME_COLUMNS: Final = ("timestamp", "time", "open_time", "date")


class ArrowCandleFiles:
    """Fulfils ``trading.market.ports.candles.CandleFileReader``."""

    def read(self, path: Path) -> CandleFile:
        """Return the rows of the file; see the port for the errors."""
        table = table_open(path)
        at = [table.names.index(name) for name in _column_names(path, table.names)]
        n_rows = len(table.columns[0])
        if n_rows == 0:
            raise BadInputError(f"{path.name} holds no rows; expected at least one candle")
        notes = list(table.notes)
        open_time = column_instants(
            table.columns[at[0]],
            where=f"{path.name}, column {table.names[at[0]]}",
            places=table.places,
            notes=notes,
        )
        values = np.empty((len(COLUMNS), n_rows))
        for row, column in enumerate(at[1:]):
            values[row] = _numbers(
                table.columns[column],
                where=f"{path.name}, column {table.names[column]}",
                places=table.places,
            )
        if not table.is_named:
            order_check(path.name, values)
        return CandleFile(open_time, values, table.places, tuple(notes))


def _column_names(path: Path, names: Sequence[str]) -> list[str]:
    lowered = ["_".join(str(name).lower().split()) for name in names]  # "Open time" is open_time
    for wanted in (*TIME_COLUMNS, *COLUMNS):
        if lowered.count(wanted) > 1:
            raise BadInputError(f"{path.name} has the column {wanted} twice; expected it once")
    times = [name for name in TIME_COLUMNS if name in lowered]
    if len(times) != 1:
        found = " and ".join(times) or "none"
        raise BadInputError(
            f"{path.name} has as time column {found}; expected exactly one of "
            f"{', '.join(TIME_COLUMNS)}; its columns are {_shown(names)}"
        )
    missing = [name for name in COLUMNS if name not in lowered]
    if missing:
        raise BadInputError(
            f"{path.name} lacks {', '.join(missing)}; its columns are {_shown(names)}"
        )
    return [names[lowered.index(name)] for name in (times[0], *COLUMNS)]


def _shown(names: Sequence[str]) -> str:
    text = ", ".join(str(name) for name in names)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _numbers(column: pa.ChunkedArray, *, where: str, places: RowPlaces) -> FloatArray:
    if column.null_count:
        row = int(column.is_null().to_numpy().argmax())
        raise BadInputError(f"{where}, {places.of(row)}: the value is missing")
    kind = column.type
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    is_number = pa.types.is_floating(kind) or pa.types.is_integer(kind)
    if not (is_text or is_number or pa.types.is_decimal(kind)):
        raise BadInputError(f"{where} is of type {kind}; expected numbers")
    try:
        return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    except pa.ArrowInvalid as error:
        if not is_text:
            raise BadInputError(
                f"{where} has a number that does not fit a float64: {error}"
            ) from error
    # one cell at least is no number, or is padded; read one by one they tell which
    return cell_numbers(column.to_pylist(), where=where, places=places, expected="a number")
