"""A bar's age is counted from its close, and judged in its own length."""

from __future__ import annotations

import pytest

from trading.market.domain.freshness import age_limit_s, bar_age_s, overdue_s

MINUTE = 60_000


@pytest.mark.parametrize(
    ("step_ms", "limit"),
    [(MINUTE, 60.0), (5 * MINUTE, 300.0), (10 * MINUTE, 600.0), (60 * MINUTE, 600.0)],
)
def test_a_bar_may_be_as_old_as_it_is_long_and_never_older_than_ten_minutes(
    step_ms: int, limit: float
) -> None:
    assert age_limit_s(step_ms, 1.0, 600.0) == limit


def test_a_bar_that_is_not_over_has_no_age() -> None:
    assert bar_age_s(10_000, 9_000) == 0.0
    assert bar_age_s(10_000, 12_500) == 2.5


def test_a_pair_is_overdue_from_the_close_of_its_next_bar() -> None:
    closed = 100 * MINUTE
    assert overdue_s(closed, MINUTE, closed + MINUTE) == 0.0
    assert overdue_s(closed, MINUTE, closed + 3 * MINUTE) == 120.0


def test_what_is_called_blocked_is_what_the_gate_would_refuse() -> None:
    """The next bar, taken the moment a page looks, has the very age the page judges."""
    closed, limit = 100 * MINUTE, age_limit_s(MINUTE, 1.0, 600.0)
    for now in range(closed, closed + 5 * MINUTE, 7_000):
        is_blocked = overdue_s(closed, MINUTE, now) > limit
        is_refused = bar_age_s(closed + MINUTE, now) > limit
        assert is_blocked == is_refused
