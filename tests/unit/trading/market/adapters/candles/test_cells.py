"""Text cells as numbers, and the row of the one that is none."""

from __future__ import annotations

import pytest

from trading.base.domain.errors import BadInputError
from trading.market.adapters.candles.cells import cell_numbers
from trading.market.ports.candles import RowPlaces


def test_padded_cells_are_numbers_too() -> None:
    found = cell_numbers([" 1.5", "2e3 "], where="close", places=RowPlaces(), expected="a number")
    assert found.tolist() == [1.5, 2000.0]


def test_a_cell_that_is_no_number_is_named_by_the_row_a_person_would_look_for() -> None:
    with pytest.raises(BadInputError) as told:
        cell_numbers(["1", "x" * 50], where="a.csv, close", places=RowPlaces(), expected="a number")
    assert str(told.value) == f"a.csv, close, row 2: was '{'x' * 40}'; expected a number"


@pytest.mark.parametrize("text", ["1_000", "٣", "0x10", "infinity", "1e", "", "1,5"])
def test_what_python_alone_would_take_for_a_number_or_nobody_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="row 1: was"):
        cell_numbers([text], where="a.csv, close", places=RowPlaces(), expected="a number")
