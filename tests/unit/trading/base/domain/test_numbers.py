"""Numbers as people write them, and the things Python alone would take for one."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from trading.base.domain.numbers import decimal_number, real_number, whole_number

READERS: list[Callable[[str], Any]] = [whole_number, real_number, decimal_number]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "text",
    ["1_000", "1_0", "١٢", "１２", "inf", "nan", "infinity", "0x10", "", "-", "1,000", "1 0"],
)
def test_what_nobody_means_as_a_number_is_refused(read: Callable[[str], Any], text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        read(text)


def test_numbers_are_read_as_written() -> None:
    assert whole_number(" -12 ") == -12
    assert real_number("1.5e3") == 1500.0
    assert decimal_number("0.10") == Decimal("0.10")
    assert str(decimal_number("0.10")) == "0.10"
