"""Periods are days unless there would be too few, and compound to the whole."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.domain.luck.returns import period_returns, periods_of

FIVE_MINUTES = 300_000


def test_a_year_of_five_minutes_is_cut_into_days() -> None:
    periods = periods_of(365 * 288, FIVE_MINUTES)
    assert periods.bars == 288
    assert periods.per_year == pytest.approx(365.0)


def test_a_month_gets_shorter_periods() -> None:
    periods = periods_of(30 * 288, FIVE_MINUTES)
    assert periods.bars == 36
    assert periods.per_year == pytest.approx(365.0 * 8)


def test_bars_longer_than_a_day_and_few_bars_stay_bars() -> None:
    assert periods_of(5000, 2 * 86_400_000).bars == 1
    assert periods_of(100, FIVE_MINUTES).bars == 1


@pytest.mark.parametrize("n", [11, 12, 13, 14])
def test_whole_periods_are_counted_back_from_the_last_bar(n: int) -> None:
    curve = np.arange(1.0, n + 1)
    periods = periods_of(n, FIVE_MINUTES)._replace(bars=4)
    found = period_returns(curve, periods)
    assert len(found) == (n - 1) // 4
    first = curve[(n - 1) % 4]
    assert np.prod(1.0 + found) == pytest.approx(curve[-1] / first)


def test_equity_that_is_gone_earns_nothing() -> None:
    periods = periods_of(5, FIVE_MINUTES)
    found = period_returns(np.array([100.0, 0.0, 0.0, 0.0, 0.0]), periods)
    assert found.tolist() == [-1.0, 0.0, 0.0, 0.0]
