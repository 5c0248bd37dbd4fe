"""Figures as people read them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from trading.base.selectors.figures import (
    amount_text,
    amount_typed,
    count_text,
    duration_text,
    percent_text,
    plain_text,
    price_text,
    quantity_text,
)

T = "\u202f"
M = "\u2212"


@pytest.mark.parametrize(
    ("value", "currency", "expected"),
    [
        (Decimal("12345.678"), "USDT", f"12{T}345.68{T}USDT"),
        (Decimal("-0.5"), "USDT", f"{M}0.50{T}USDT"),
        (Decimal("0.0000123456"), "BTC", f"0.00001235{T}BTC"),
        (Decimal("1.5"), "BTC", f"1.50000{T}BTC"),
        (Decimal("0.00000000012"), "BTC", f"0.000000000120000{T}BTC"),  # tiny, yet not nothing
        (Decimal("1234.5"), "JPY", f"1{T}234{T}JPY"),
        (Decimal("0.00000123"), "PLS", f"0.00000123000{T}PLS"),
        (Decimal(0), "USDT", f"0.00{T}USDT"),
        (0.1, "USDT", f"0.10{T}USDT"),
        (None, "USDT", "n/a"),
        (float("nan"), "USDT", "n/a"),
    ],
)
def test_an_amount_carries_its_currency_behind_it(
    value: object, currency: str, expected: str
) -> None:
    assert amount_text(value, currency) == expected  # type: ignore[arg-type]


def test_a_command_prints_the_same_digits_plainly() -> None:
    assert amount_typed(Decimal("-12345.678"), "USDT") == "-12345.68 USDT"
    assert amount_typed(Decimal("0.02"), "BTC") == "0.0200000 BTC"
    assert amount_typed(None, "BTC") == "n/a BTC"


def test_a_gain_shows_its_sign_and_nothing_shows_none() -> None:
    assert amount_text(Decimal(3), "USDT", signed=True) == f"+3.00{T}USDT"
    assert amount_text(Decimal(0), "USDT", signed=True) == f"0.00{T}USDT"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (62000.5, f"62{T}000.50"),
        (3.14159265, "3.14159"),
        (0.000012345678, "0.0000123457"),
        (123456789.0, f"123{T}456{T}789.00"),
    ],
)
def test_a_price_keeps_six_significant_digits(value: float, expected: str) -> None:
    assert price_text(value) == expected


def test_quantities_drop_trailing_zeros() -> None:
    assert quantity_text(Decimal("0.120000"), "BTC") == f"0.12{T}BTC"
    assert quantity_text(Decimal("1.89")) == "1.89"
    assert quantity_text(Decimal(100)) == "100"


def test_percentages_carry_a_sign() -> None:
    assert percent_text(1.234) == f"+1.23{T}%"
    assert percent_text(-1.0) == f"{M}1.00{T}%"
    assert percent_text(8.19, signed=False) == f"8.19{T}%"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9_999.994, f"+9{T}999.99{T}%"),
        (209_010.07, f"+209{T}010{T}%"),
        (-209_010.07, f"{M}209{T}010{T}%"),
        (9_999_999.0, f"+9{T}999{T}999{T}%"),
        (48_841_963_010_879_448.0, f"+4.9 × 10^16{T}%"),
        (Decimal("-4.4997e12"), f"{M}4.5 × 10^12{T}%"),
    ],
)
def test_astronomical_percentages_stay_readable(value: float, text: str) -> None:
    assert percent_text(value) == text
    assert percent_text(abs(value), signed=False) == text.lstrip(f"+{M}")


@pytest.mark.parametrize("write", [amount_text, price_text, quantity_text, plain_text])
def test_astronomical_figures_are_a_power_of_ten(write: Callable[[float], str]) -> None:
    assert write(-2.94217e156) == f"{M}2.9422 × 10^156"
    assert write(1e21) == "1.0000 × 10^21"
    below = write(9.99e20)  # more digits than fit a Decimal's arithmetic, places included
    assert below.removesuffix(".00") == f"999{T}" + T.join(["000"] * 6)


def test_counts_are_grouped() -> None:
    assert count_text(1234567) == f"1{T}234{T}567"
    assert count_text(None) == "n/a"


def test_plain_values_lose_needless_zeros() -> None:
    assert plain_text(0.2800, 3) == "0.28"
    assert plain_text(float("inf")) == "n/a"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.4, f"0{T}s"),
        (59.9, f"59{T}s"),
        (60, f"1{T}min"),
        (3600, f"1{T}h"),
        (5400, f"1{T}h 30{T}min"),
        (90_000, f"1{T}d 1{T}h"),
        (-3, f"0{T}s"),
        (None, "n/a"),
    ],
)
def test_lengths_of_time_use_their_largest_units(seconds: float | None, expected: str) -> None:
    assert duration_text(seconds) == expected
