"""Candles that are missing are counted aloud, and annual figures on them carry a warning."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.domain.metrics import yearly_pct
from optimizer.domain.study.gaps import gap_warnings, is_annual_off
from trading.market.domain.bars import IntArray

STEP_MS = 300_000
WHOLE = 1_700_000_100_000 + STEP_MS * np.arange(20_000, dtype=np.int64)


def without(*places: slice) -> IntArray:
    keep = np.ones(WHOLE.size, dtype=bool)
    for place in places:
        keep[place] = False
    return WHOLE[keep]


@pytest.mark.parametrize(
    "times", [WHOLE, WHOLE[:1], without(slice(500, 549)), without(slice(7, None, 40))]
)
def test_few_gaps_that_are_short_are_not_worth_a_word(times: IntArray) -> None:
    assert gap_warnings(times, STEP_MS) == ()


def test_a_hole_is_said_with_its_place() -> None:
    (warning,) = gap_warnings(without(slice(3_000, 3_600)), STEP_MS, "window all")
    assert warning == (
        "600 of 20,000 candles are missing (3 %) in window all; the longest gap is 600 bars, "
        "2023-11-25 08:15 to 2023-11-27 10:15 UTC; none is filled"
    )


def test_a_thin_pair_is_warned_of_where_annual_figures_are() -> None:
    times = np.sort(np.random.default_rng(1).choice(WHOLE, 3_000, replace=False))
    missing, annual = gap_warnings(times, STEP_MS)
    assert "(85 %)" in missing
    assert "count 105,120 bars as a year" in annual
    assert "69.4" in annual
    assert "10.4" in annual
    assert is_annual_off(times, STEP_MS)
    assert not is_annual_off(WHOLE, STEP_MS)


def test_many_short_gaps_are_as_bad_as_a_long_one() -> None:
    assert len(gap_warnings(without(slice(5, None, 10)), STEP_MS)) == 2


def test_growth_over_the_days_that_passed() -> None:
    assert yearly_pct(22.0, 365.0) == pytest.approx(22.0)
    assert yearly_pct(10.0, 182.5) == pytest.approx(21.0)
    assert yearly_pct(-100.0, 10.0) == -100.0
    assert yearly_pct(5.0, 0.0) == 5.0
