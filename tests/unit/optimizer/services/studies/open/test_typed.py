"""What a person typed is read as numbers or names, or refused by name and value."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from optimizer.services.studies.open.typed import amount, names, number, whole
from trading.domain.errors import BadInputError


def test_numbers_are_read_as_they_are_meant() -> None:
    assert whole("trials", "-5") == -5
    assert number("holdout share", "0.25") == 0.25
    assert amount("trade size", "0.1") == Decimal("0.1")


@pytest.mark.parametrize("read", [whole, number, amount])
@pytest.mark.parametrize("text", ["", "many", "NaN", "-inf", "1,5"])
def test_what_is_no_finite_number_is_refused_by_name_and_value(read: Any, text: str) -> None:
    kind = "a whole number" if read is whole else "a number"
    with pytest.raises(BadInputError, match=f"^size was '{text}'; expected {kind}$"):
        read("size", text)


def test_names_stand_between_commas_and_blanks_are_none() -> None:
    assert names(" 30d, ,1y,") == ("30d", "1y")
    assert names(" , ") == ()
