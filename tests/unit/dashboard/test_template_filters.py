"""Times, directions and ids as templates write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dashboard.templatetags.desk import (
    bar_share,
    direction,
    market_age,
    market_time,
    shorten,
    some_windows,
    whole_share,
)

NOON = 1_772_452_800_000  # 2026-03-02 12:00 UTC


def test_a_time_of_the_markets_own_day_shows_the_hour_and_the_rest_on_hover() -> None:
    html = market_time(NOON, NOON + 3_600_000)
    assert ">12:00</time>" in html
    assert 'title="2026-03-02 12:00:00 UTC"' in html


def test_a_time_of_another_day_shows_the_date() -> None:
    assert ">02 Mar 12:00</time>" in market_time(NOON, NOON + 86_400_000)
    assert market_time(None) == "n/a"


def test_an_age_is_told_by_the_markets_clock() -> None:
    assert ">2\u202fh 30\u202fmin</time>" in market_age(NOON, NOON + 9_000_000)
    assert market_age(NOON, None) == "n/a"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(Decimal("0.1"), "up"), (-1, "down"), (0, "flat"), (None, "flat")],
)
def test_direction_follows_the_sign(value: Decimal | int | None, expected: str) -> None:
    assert direction(value) == expected


def test_anything_at_all_is_visible_as_a_bar() -> None:
    assert bar_share(1, 10_000) == 1
    assert bar_share(0, 10) == 0
    assert bar_share(10, 10) == 100
    assert bar_share(3, 0) == 0


def test_only_long_ids_are_shortened() -> None:
    assert shorten("abcdefghijk") == "abcdefghijk"
    assert shorten("abcdefghijkl") == "abcdefghij…"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(20.0, "20"), (0.5, "0.5"), (100 * 0.07, "7"), (12.345, "12.345"), (0.01, "0.01")],
)
def test_a_share_somebody_chose_keeps_its_digits(value: float, expected: str) -> None:
    assert whole_share(value) == f"{expected}\u202f%"
    assert whole_share(None) == "n/a"


def test_very_many_windows_are_a_few_and_the_last() -> None:
    assert some_windows(["30d", "1y", "all"]) == "30d, 1y, all"
    many = [f"{n}d" for n in range(1, 299)] + ["all"]
    assert some_windows(many) == "1d, 2d, 3d, 4d, 294 more, and all"
