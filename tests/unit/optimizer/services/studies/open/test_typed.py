"""What a person typed is read as numbers or names, or refused by name and value."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from optimizer.services.studies.open.typed import LONGEST, amount, names, number, whole
from trading.base.domain.errors import BadInputError


def test_numbers_are_read_as_they_are_meant() -> None:
    assert whole("trials", "-5") == -5
    assert number("holdout share", "0.25") == 0.25
    assert amount("trade size", "0.1") == Decimal("0.1")


@pytest.mark.parametrize("read", [whole, number, amount])
@pytest.mark.parametrize("text", ["", "many", "NaN", "-inf", "1,5", "1_000", "１０"])
def test_what_is_no_finite_number_is_refused_by_name_and_value(read: Any, text: str) -> None:
    kind = "a whole number" if read is whole else "a number"
    with pytest.raises(BadInputError, match=f"^size was '{text}'; expected {kind}$"):
        read("size", text)


def test_names_stand_between_commas_and_blanks_are_none() -> None:
    assert names(" 30d, ,1y,") == ("30d", "1y")
    assert names(" , ") == ()


@pytest.mark.parametrize("read", [whole, number, amount])
def test_only_the_beginning_of_a_long_value_is_said_again(read: Any) -> None:
    assert whole("seed", "1" * LONGEST) == int("1" * LONGEST)
    with pytest.raises(BadInputError, match=f"^size was '{'x' * LONGEST}'; expected"):
        read("size", "x" * LONGEST)
    with pytest.raises(BadInputError, match=f"^size was '{'x' * LONGEST}…'; expected"):
        read("size", "x" * 10_000)


def test_what_is_longer_than_any_name_is_refused() -> None:
    assert names("d" * LONGEST) == ("d" * LONGEST,)
    with pytest.raises(BadInputError, match=f"^name was '{'d' * LONGEST}…'; expected 60 char"):
        names(f"30d,{'d' * (LONGEST + 1)}")
