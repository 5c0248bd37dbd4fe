"""Write columns as the lines of CSV files: UTF-8, numbers in full, what is missing empty.

Many tables of a study show the same cells in another order. So columns stand in blocks that are
written out once, in the order of the trials, and a table takes the lines of its blocks in its own
order. Not by ``csv``, which takes several times as long for a large study.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np
import orjson

from trading.domain.market.bars import FloatArray, IntArray

_SPECIAL: Final = re.compile(r'[",\r\n]')

Cell = str | int | float | bool | None
Column = Sequence[Cell] | FloatArray | IntArray


class Block:
    """Columns side by side, all of one length; what is not finite in an array is an empty cell."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        """Take the columns, by name; nothing is written yet."""
        self.columns = columns

    @cached_property
    def lines(self) -> list[bytes]:
        """Return the rows as CSV without line ends; written at the first call."""
        return _side_by_side([*_pieces(self.columns.values())])


class Lines(NamedTuple):
    """The rows of a table as CSV without line ends, under the names of the columns."""

    names: tuple[str, ...]
    lines: list[bytes]


@dataclass(frozen=True, slots=True)
class Table:
    """Blocks side by side.

    Attributes:
        blocks: all of one length.
        order: which rows of the blocks, in which order; all as they stand when None.
    """

    blocks: tuple[Block, ...]
    order: Sequence[int] | None = None

    @classmethod
    def of(cls, columns: Mapping[str, Column]) -> Table:
        """Return a table of columns that are in no other."""
        return cls((Block(columns),))

    @property
    def columns(self) -> dict[str, list[Cell]]:
        """Return the cells by column."""
        return {
            name: _plain(column, self.order)
            for block in self.blocks
            for name, column in block.columns.items()
        }

    def records(self) -> list[dict[str, Cell]]:
        """Return the rows as objects."""
        columns = self.columns
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def written(self) -> Lines:
        """Return the rows as CSV."""
        names = tuple(name for block in self.blocks for name in block.columns)
        pieces = [block.lines for block in self.blocks]
        if self.order is not None:
            pieces = [[lines[row] for row in self.order] for lines in pieces]
        return Lines(names, _side_by_side(pieces))


def csv_bytes(table: Table | Lines) -> bytes:
    """Return the table as CSV: UTF-8, lines end in a newline, numbers in full."""
    names, lines = table if isinstance(table, Lines) else table.written()
    return b"\n".join([",".join(names).encode(), *lines, b""])


def _side_by_side(pieces: Sequence[Sequence[bytes]]) -> list[bytes]:
    return [*map(b",".join, zip(*pieces, strict=True))] if len(pieces) != 1 else [*pieces[0]]


def _pieces(columns: Iterable[Column]) -> Iterator[list[bytes]]:
    # Neighbouring columns of decimals are written together, which saves cutting them up.
    for is_decimal, group in groupby(columns, _is_decimal):
        neighbours = [*group]
        if is_decimal:
            yield _decimals(np.column_stack([np.asarray(column) for column in neighbours]))
        else:
            yield from map(_texts, neighbours)


def _is_decimal(column: Column) -> bool:
    return isinstance(column, np.ndarray) and column.dtype.kind == "f"


def _decimals(table: FloatArray) -> list[bytes]:
    """Return the rows of float64[n, k], k >= 1; what is not finite is empty."""
    text = orjson.dumps(np.ascontiguousarray(table), option=orjson.OPT_SERIALIZE_NUMPY)
    # numbers only, so nothing else can be meant by null
    return text[2:-2].replace(b"null", b"").split(b"],[") if len(table) else []


def _texts(column: Column) -> list[bytes]:
    """Return the cells as text, quoted where needed, None as nothing."""
    if not isinstance(column, np.ndarray):
        first = next((cell for cell in column if cell is not None), None)
        if first is None:
            return [b""] * len(column)
        if isinstance(first, str):
            return [_quoted(cell) for cell in column]
    text = orjson.dumps(column, option=orjson.OPT_SERIALIZE_NUMPY)
    return text[1:-1].replace(b"null", b"").split(b",") if len(column) else []


def _quoted(cell: Cell) -> bytes:
    text = "" if cell is None else str(cell)
    if _SPECIAL.search(text):
        text = '"' + text.replace('"', '""') + '"'
    return text.encode()


def _plain(column: Column, order: Sequence[int] | None) -> list[Cell]:
    if not isinstance(column, np.ndarray):
        return [*column] if order is None else [column[row] for row in order]
    cells = column if order is None else column[np.asarray(order, dtype=np.int64)]
    if cells.dtype.kind != "f":
        return [*cells.tolist()]
    return [value if math.isfinite(value) else None for value in cells.tolist()]
