"""Text cells as numbers, and the row of the one that is none."""

from __future__ import annotations

import pytest

from trading.adapters.candles.cells import cell_numbers
from trading.domain.errors import BadInputError


def test_padded_cells_are_numbers_too() -> None:
    found = cell_numbers([" 1.5", "2e3 "], where="close", first_row=2, expected="a number")
    assert found.tolist() == [1.5, 2000.0]


def test_a_cell_that_is_no_number_is_named_by_the_row_a_person_would_look_for() -> None:
    with pytest.raises(BadInputError) as told:
        cell_numbers(["1", "x" * 50], where="a.csv, close", first_row=2, expected="a number")
    assert str(told.value) == f"a.csv, close, row 3: was '{'x' * 40}'; expected a number"
