"""Amounts keep every digit and one spelling."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal, localcontext

import pytest

from trading.base.domain.errors import InvariantError
from trading.base.domain.money import canonical, check_not_negative, check_positive


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.500", "1.5"),
        ("1E+3", "1000"),
        ("0E-18", "0"),
        ("-0", "0"),
        ("0.0000000000000000005", "0"),  # half a place: to the even neighbour
        ("12345678901.123456789012345678", "12345678901.123456789012345678"),
    ],
)
def test_an_amount_has_one_spelling(value: str, text: str) -> None:
    assert str(canonical(Decimal(value))) == text


def test_rounding_can_be_chosen() -> None:
    assert canonical(Decimal("1E-19"), ROUND_CEILING) == Decimal("1E-18")


def test_a_callers_precision_changes_nothing() -> None:
    value = Decimal("98765432109.876543210987654321")
    with localcontext(prec=6):
        assert str(canonical(value)) == "98765432109.876543210987654321"


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "Infinity", "-Infinity"])
def test_what_is_not_a_positive_amount_is_refused_by_name(value: str) -> None:
    with pytest.raises(InvariantError, match="the price was"):
        check_positive("the price", Decimal(value))


def test_zero_is_not_negative() -> None:
    check_not_negative("fees", Decimal(0))
    with pytest.raises(InvariantError, match="fees was -1"):
        check_not_negative("fees", Decimal(-1))
