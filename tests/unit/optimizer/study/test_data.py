"""Weeks of candles are recognised in any file that holds them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.domain.study.data import LEAST_BARS, StudyData, search_stop
from tests.factories import markets
from trading.domain.errors import BadInputError

WEEK = 7 * markets.DAY


def data_of(first: int, last: int) -> StudyData:
    bars = markets.random_walk(1, 12 * WEEK).slice(first, last)
    return StudyData(bars, markets.STEP_MS, markets.costs())


def test_files_of_the_same_candles_share_all_weeks_but_the_outermost() -> None:
    whole = data_of(0, 12 * WEEK).week_digests()
    assert len(whole) == len(set(whole)) in {12, 13}
    part = data_of(3 * WEEK, 9 * WEEK + 5).week_digests()
    assert set(part[1:-1]) <= set(whole)
    assert part[0] not in whole
    assert part[-1] not in whole


def test_one_changed_price_is_another_week_and_no_other() -> None:
    data = data_of(0, 12 * WEEK)
    values = data.bars.values.copy()
    values[3, 5 * WEEK] *= 1.0001
    changed = StudyData(replace(data.bars, values=values), data.step_ms, data.costs)
    pairs = zip(data.week_digests(), changed.week_digests(), strict=True)
    assert sum(a != b for a, b in pairs) == 1


def test_a_hole_longer_than_a_week_has_no_week() -> None:
    data = data_of(0, 12 * WEEK)
    keep = np.ones(len(data.bars), dtype=bool)
    keep[4 * WEEK : 6 * WEEK] = False
    bars = replace(
        data.bars,
        open_time=data.bars.open_time[keep],
        values=np.ascontiguousarray(data.bars.values[:, keep]),
        flags=data.bars.flags[keep],
    )
    holed = StudyData(bars, data.step_ms, data.costs).week_digests()
    whole = data.week_digests()
    assert len(holed) == len(whole) - 1
    assert len(set(holed) & set(whole)) == len(whole) - 3


def test_a_count_of_bars_is_enough_to_know_where_the_holdout_begins() -> None:
    assert search_stop(1000, 0.25) == 750
    assert search_stop(LEAST_BARS, 0.0) == LEAST_BARS
    assert data_of(0, 1000).search_stop(0.25) == search_stop(1000, 0.25)


def test_too_few_bars_are_refused_with_what_would_help() -> None:
    said = "120 bars are left to search of 150; expected 200 or more, from longer candles or a"
    with pytest.raises(BadInputError, match=said):
        search_stop(150, 0.2)
    with pytest.raises(BadInputError, match=r"holdout was 0\.8; expected a share from 0 to 0.5"):
        search_stop(1000, 0.8)
