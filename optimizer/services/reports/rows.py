"""Write columns as the lines of CSV files: UTF-8, numbers in full, what is missing empty.

Many tables of a study show the same cells in another order. So columns stand in blocks, and what
several tables show is written out once, in the order of the trials; a table takes the lines in its
own order. Not by ``csv``, which takes several times as long for a large study.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, groupby
from typing import Final, NamedTuple

import numpy as np
import orjson

from trading.market.domain.bars import FloatArray, IntArray

_SPECIAL: Final = re.compile(r'[",\r\n]')

Cell = str | int | float | bool | None
Column = Sequence[Cell] | FloatArray | IntArray


class Block:
    """Columns side by side, all of one length; what is not finite in an array is an empty cell."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        """Take the columns, by name; nothing is written yet."""
        self.columns = columns

    @cached_property
    def strips(self) -> list[list[bytes]]:
        """Return the cells as CSV, neighbouring columns together; written at the first call."""
        return [*_pieces(self.columns.values())]

    @cached_property
    def lines(self) -> list[bytes]:
        """Return the rows as CSV without line ends; put together at the first call."""
        return _side_by_side(self.strips)


class SparseBlock(Block):
    """Columns with cells in a few rows only; all other rows share one empty line."""

    def __init__(
        self, columns: Mapping[str, Sequence[Cell]], places: Sequence[int], n: int
    ) -> None:
        """Take the cells there are.

        Args:
            columns: the few rows' cells, by name.
            places: where those rows stand, as many.
            n: how many rows there are.
        """
        super().__init__({name: _spread(cells, places, n) for name, cells in columns.items()})
        self._few, self._places, self._n = Block(columns), places, n

    @cached_property
    def lines(self) -> list[bytes]:
        """Return the rows as CSV without line ends; put together at the first call."""
        lines = [b"," * (len(self.columns) - 1)] * self._n
        for place, line in zip(self._places, self._few.lines, strict=True):
            lines[place] = line
        return lines


class Part(NamedTuple):
    """What a table takes of a block: the rows named, in their order; None for all as they stand."""

    block: Block
    order: Sequence[int] | None = None

    def strips(self) -> list[list[bytes]]:
        """Return the rows as CSV, side by side."""
        if self.order is None:
            return self.block.strips
        lines = self.block.lines
        return [[lines[row] for row in self.order]]


class Written(NamedTuple):
    """The names of a table's columns, and strips that make its rows as CSV, line ends included."""

    names: Sequence[str]
    strips: Sequence[Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Table:
    """Parts side by side, all of one length."""

    parts: tuple[Part, ...]

    @classmethod
    def of(cls, columns: Mapping[str, Column]) -> Table:
        """Return a table of columns that are in no other."""
        return cls((Part(Block(columns)),))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return tuple(name for part in self.parts for name in part.block.columns)

    def records(self) -> list[dict[str, Cell]]:
        """Return the rows as objects."""
        columns = [
            _plain(column, part.order)
            for part in self.parts
            for column in part.block.columns.values()
        ]
        names = self.names
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    def lines(self) -> list[bytes]:
        """Return the rows as CSV, line ends included."""
        *others, last = [strip for part in self.parts for strip in part.strips()]
        return _side_by_side([*others, [cell + b"\n" for cell in last]])

    def written(self) -> Written:
        """Return the table as CSV."""
        return Written(self.names, (self.lines(),))


def csv_bytes(table: Written) -> bytes:
    """Return the table as CSV: UTF-8, lines end in a newline, numbers in full."""
    cells = chain.from_iterable(zip(*table.strips, strict=True))
    return b"".join([",".join(table.names).encode(), b"\n", *cells])


def _side_by_side(strips: Sequence[Sequence[bytes]]) -> list[bytes]:
    return [*map(b",".join, zip(*strips, strict=True))] if len(strips) != 1 else [*strips[0]]


def _spread(cells: Sequence[Cell], places: Sequence[int], n: int) -> list[Cell]:
    column: list[Cell] = [None] * n
    for place, cell in zip(places, cells, strict=True):
        column[place] = cell
    return column


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
    if not np.isfinite(table).all():
        text = text.replace(b"null", b"")  # numbers only, so nothing else can be meant
    return text[2:-2].split(b"],[") if len(table) else []


def _texts(column: Column) -> list[bytes]:
    """Return the cells as text, quoted where needed, None as nothing."""
    if not isinstance(column, np.ndarray):
        first = next((cell for cell in column if cell is not None), None)
        if first is None:
            return [b""] * len(column)
        if isinstance(first, str):
            # names repeat, so each text is looked at once
            quoted = {cell: _quoted(cell) for cell in dict.fromkeys(column)}
            return [quoted[cell] for cell in column]
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
