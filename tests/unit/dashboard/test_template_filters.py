"""Times, directions and ids as templates write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dashboard.templatetags.desk import bar_share, direction, market_age, market_time, shorten

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
