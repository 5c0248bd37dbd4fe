"""Read the candle files people bring along: CSV, Parquet or Feather, whatever the column types.

What is decided here is shape: which columns there are, what their cells mean as numbers and
instants. Whether the numbers make sense is decided by ``trading.services.candles``. Whatever is
refused is refused with the row a person would look for and the value found there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.feather as pa_feather
import pyarrow.parquet as pq

from trading.adapters.candles.cells import cell_numbers
from trading.adapters.candles.instants import column_instants
from trading.domain.errors import BadInputError
from trading.domain.market.bars import COLUMNS, FloatArray
from trading.ports.candles import CandleFile

TIME_COLUMNS: Final = ("timestamp", "time", "open_time", "date")
_CSV: Final = frozenset({".csv", ".gz"})
_PARQUET: Final = frozenset({".parquet", ".pq"})
_FEATHER: Final = frozenset({".feather", ".arrow"})


class ArrowCandleFiles:
    """Fulfils ``trading.ports.candles.CandleFileReader``."""

    def read(self, path: Path) -> CandleFile:
        """Return the rows of the file; see the port for the errors."""
        table, first_row = _table(path)
        names = _column_names(path, table)
        if table.num_rows == 0:
            raise BadInputError(f"{path.name} holds no rows; expected at least one candle")
        notes: list[str] = []
        open_time = column_instants(
            table.column(names[0]),
            where=f"{path.name}, column {names[0]}",
            first_row=first_row,
            notes=notes,
        )
        values = np.empty((len(COLUMNS), table.num_rows))
        for row, name in enumerate(names[1:]):
            values[row] = _numbers(
                table.column(name), where=f"{path.name}, column {name}", first_row=first_row
            )
        return CandleFile(open_time, values, first_row, tuple(notes))


def _table(path: Path) -> tuple[pa.Table, int]:
    if not path.is_file():
        raise BadInputError(f"{path} is not a file; expected a CSV, Parquet or Feather file")
    suffix = path.suffix.lower()
    if path.stat().st_size == 0:
        raise BadInputError(f"{path.name} is empty; expected at least one candle")
    try:
        if suffix in _CSV:
            return _read_csv(path), 2
        if suffix in _PARQUET:
            return pq.read_table(path, partitioning=None), 1
        if suffix in _FEATHER:
            return pa_feather.read_table(path), 1
    except (pa.ArrowException, OSError, ValueError, EOFError) as error:
        detail = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise BadInputError(
            f"{path.name} cannot be read as {suffix.lstrip('.')}: {detail[:160]}"
        ) from error
    raise BadInputError(
        f"{path.name} ends in {suffix or 'nothing'!r}; expected .csv, .csv.gz, .parquet, .pq, "
        ".feather or .arrow"
    )


def _read_csv(path: Path) -> pa.Table:
    with pa.input_stream(str(path), compression="detect") as stream:
        content = stream.read()
    header = content.split(b"\n", 1)[0].decode("utf-8-sig", "replace").strip().split(",")
    # cells stay text, so that what is refused can be shown as the person wrote it
    return pc_csv.read_csv(
        pa.BufferReader(content),
        convert_options=pc_csv.ConvertOptions(
            column_types={name.strip().strip('"'): pa.string() for name in header},
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            null_values=["", "null", "NULL", "None", "none", "NA", "N/A"],
        ),
    )


def _column_names(path: Path, table: pa.Table) -> list[str]:
    lowered = [str(name).strip().lower() for name in table.column_names]
    for wanted in (*TIME_COLUMNS, *COLUMNS):
        if lowered.count(wanted) > 1:
            raise BadInputError(f"{path.name} has the column {wanted} twice; expected it once")
    times = [name for name in TIME_COLUMNS if name in lowered]
    if len(times) != 1:
        found = " and ".join(times) or "none"
        raise BadInputError(
            f"{path.name} has as time column {found}; expected exactly one of "
            f"{', '.join(TIME_COLUMNS)}; its columns are {_shown(table.column_names)}"
        )
    missing = [name for name in COLUMNS if name not in lowered]
    if missing:
        raise BadInputError(
            f"{path.name} lacks {', '.join(missing)}; its columns are {_shown(table.column_names)}"
        )
    return [table.column_names[lowered.index(name)] for name in (times[0], *COLUMNS)]


def _shown(names: Sequence[str]) -> str:
    text = ", ".join(str(name) for name in names)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _numbers(column: pa.ChunkedArray, *, where: str, first_row: int) -> FloatArray:
    if column.null_count:
        row = column.is_null().to_numpy().argmax()
        raise BadInputError(f"{where}, row {first_row + row}: the value is missing")
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _parsed_numbers(column, where=where, first_row=first_row)
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)):
        raise BadInputError(f"{where} is of type {kind}; expected numbers")
    try:
        return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    except pa.ArrowInvalid as error:
        raise BadInputError(f"{where} has a number that does not fit a float64: {error}") from error


def _parsed_numbers(column: pa.ChunkedArray, *, where: str, first_row: int) -> FloatArray:
    try:
        return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    except pa.ArrowInvalid:
        pass  # one cell at least is no number, or is padded; read one by one they tell which
    cells = column.to_pylist()
    return cell_numbers(cells, where=where, first_row=first_row, expected="a number")
