"""Money goes into a row and comes back digit for digit."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest

from trading.base.models.fields import MoneyField

SQLITE = SimpleNamespace(vendor="sqlite")


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "0.000000000000000001",
        "1000",
        "-12.5",
        "12345678901.123456789012345678",  # 29 digits: more than Python's default context holds
        "99999999999999999999.999999999999999999",
    ],
)
def test_an_amount_survives_the_row(text: str) -> None:
    field = MoneyField()
    stored = field.get_db_prep_value(Decimal(text), SQLITE)
    read = field.from_db_value(stored, None, SQLITE)
    assert read is not None
    assert format(read, "f") == text


def test_equal_amounts_are_stored_as_equal_text() -> None:
    field = MoneyField()
    assert field.get_db_prep_value(Decimal("1E+3"), SQLITE) == field.get_db_prep_value(
        Decimal("1000.00"), SQLITE
    )


def test_no_amount_is_none() -> None:
    field = MoneyField()
    assert field.get_db_prep_value(None, SQLITE) is None
    assert field.from_db_value(None, None, SQLITE) is None
