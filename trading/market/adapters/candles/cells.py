"""Read the text cells of a column as numbers, or say which cell is none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trading.base.domain.errors import BadInputError
from trading.base.domain.numbers import real_number
from trading.market.domain.bars import FloatArray
from trading.market.ports.candles import RowPlaces


def cell_numbers(
    cells: Sequence[str], *, where: str, places: RowPlaces, expected: str
) -> FloatArray:
    """Return float64[n].

    Args:
        cells: text, padded or not.
        where: file and column, for the message.
        places: where the cells stand.
        expected: what a cell should have been, for the message.

    Raises:
        BadInputError: a cell is no number.
    """
    numbers = np.empty(len(cells))
    for row, text in enumerate(cells):
        try:
            numbers[row] = real_number(text)
        except ValueError as error:
            raise BadInputError(
                f"{where}, {places.of(row)}: was {text[:40]!r}; expected {expected}"
            ) from error
    return numbers
