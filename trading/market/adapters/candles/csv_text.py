"""Read CSV text as a table, with the line each row stands on as an editor counts them."""

from __future__ import annotations

import csv
import re
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc_csv

from trading.base.domain.errors import BadInputError
from trading.market.adapters.candles.shapes import CandleTable, shape_named
from trading.market.ports.candles import RowPlaces

_COUNT: Final = re.compile(r"\d+(\.\d*)?([eE][+-]?\d+)?\Z", re.ASCII)
_MISSING: Final = ["", "null", "NULL", "None", "none", "NA", "N/A"]
_OTHER_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "bars"}


def csv_table(name: str, content: bytes) -> CandleTable:
    """Return the rows of the text; a first line of numbers is a row, not a header.

    Args:
        name: of the file, for messages.
        content: UTF-8, without a byte order mark, not empty.

    Raises:
        BadInputError: a line has another number of cells, or there is no header and the shape is
            not known.
        pa.ArrowException: the text is no CSV.
    """
    lines = [number for number, line in enumerate(content.split(b"\n"), 1) if line.strip()]
    first = content.lstrip().split(b"\n", 1)[0].decode("utf-8", "replace").strip()
    cells = [cell.strip().strip('"') for cell in first.split(",")]
    _separator_check(name, first, cells)
    names = cells
    notes: tuple[str, ...] = ()
    has_header = not is_instant(cells[0])
    if not has_header:
        names, notes = shape_named(name, cells, where=f"line {lines[0]}")
    table = _parsed(name, content, None if has_header else names, cells)
    numbers = np.array(lines[1:] if has_header else lines, dtype=np.int64)
    # a line break inside quotes makes rows and lines part; rows are counted then
    is_by_line = numbers.shape[0] == table.num_rows
    places = RowPlaces("line", numbers) if is_by_line else RowPlaces()
    return CandleTable(table.column_names, table.columns, places, notes, has_header)


def is_instant(cell: str) -> bool:
    """Return whether a cell is a time or a count since 1970, as in a row and in no header."""
    if _COUNT.match(cell):
        return True
    try:
        datetime.fromisoformat(cell)
    except ValueError:
        return False
    return True


def _separator_check(name: str, first: str, cells: list[str]) -> None:
    for sign, word in _OTHER_SEPARATORS.items():
        if len(cells) == 1 and sign in first:
            raise BadInputError(f"{name} separates its cells by {word}; expected commas")


def _parsed(name: str, content: bytes, names: list[str] | None, first: list[str]) -> Any:
    lines = content.split(b"\n")
    if any(line and not line.strip() for line in lines):
        content = b"\n".join(line for line in lines if line.strip())
    try:
        return pc_csv.read_csv(
            pa.BufferReader(content),
            read_options=pc_csv.ReadOptions(column_names=names),
            convert_options=pc_csv.ConvertOptions(
                column_types={column: pa.string() for column in (names or first)},
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=_MISSING,
            ),
        )
    except pa.ArrowInvalid:
        # not by a handler of the reader's: its threads would outlive the interpreter with it
        for number, line in enumerate(lines, 1):
            n_cells = len(next(csv.reader([line.decode("utf-8", "replace")]), ()))
            if n_cells > 1 == len(first):
                raise BadInputError(
                    f"{name} begins with {first[0][:60]!r}; expected a line that names the "
                    f"columns, take away what stands above it"
                ) from None
            if line.strip() and n_cells != len(first):
                raise BadInputError(
                    f"{name} cannot be read: line {number} has {n_cells} cells; "
                    f"expected {len(first)}"
                ) from None
        raise
