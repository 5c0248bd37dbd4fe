"""Read JSON text as a table: a list of candles, each a list (as of ccxt) or an object."""

from __future__ import annotations

import json
from typing import Any, Final

import pyarrow as pa

from trading.base.domain.errors import BadInputError
from trading.market.adapters.candles.shapes import CandleTable, shape_named
from trading.market.ports.candles import RowPlaces

_EXPECTED: Final = "expected a list of candles, each [time, open, high, low, close, volume]"


def json_table(name: str, content: bytes) -> CandleTable:
    """Return the candles of the text.

    Args:
        name: of the file, for messages.
        content: UTF-8.

    Raises:
        BadInputError: it is no JSON, no list of candles, or a candle differs from the first.
    """
    try:
        candles = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"{name} cannot be read as JSON: {str(error)[:120]}") from error
    if not isinstance(candles, list):
        keys = f" with the keys {', '.join(map(str, candles))[:80]}" if candles else ""
        raise BadInputError(f"{name} is a JSON {_kind(candles)}{keys}; {_EXPECTED}")
    if not candles:
        raise BadInputError(f"{name} holds no rows; expected at least one candle")
    first = candles[0]
    notes: tuple[str, ...] = ()
    if isinstance(first, dict):
        names = [str(key) for key in first]
    elif isinstance(first, list) and first:
        names, notes = shape_named(name, [str(cell) for cell in first], where="row 1")
    else:
        raise BadInputError(f"{name}, row 1: was a {_kind(first)}; {_EXPECTED}")
    rows = [_cells(name, i, candle, first) for i, candle in enumerate(candles)]
    columns = [pa.chunked_array([pa.array(c, pa.string())]) for c in zip(*rows, strict=True)]
    return CandleTable(names, columns, RowPlaces(), notes, isinstance(first, dict))


def _cells(name: str, i: int, candle: Any, first: Any) -> list[str | None]:
    if type(candle) is not type(first):
        raise BadInputError(f"{name}, row {i + 1}: was a {_kind(candle)}; {_EXPECTED}")
    if len(candle) != len(first) or (isinstance(first, dict) and candle.keys() != first.keys()):
        raise BadInputError(
            f"{name}, row {i + 1} has {len(candle)} values; expected the {len(first)} of row 1"
        )
    cells = [candle[key] for key in first] if isinstance(first, dict) else candle
    # repr of a float reads back as the same float
    return [None if cell is None else str(cell) for cell in cells]


def _kind(value: object) -> str:
    kinds = {dict: "object", list: "list", str: "text", bool: "truth value"}
    return kinds.get(type(value), "number")
