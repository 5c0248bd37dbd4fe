"""Where the holdout begins follows from a count of bars."""

from __future__ import annotations

import pytest

from optimizer.domain.study.data import LEAST_BARS, StudyData, search_stop
from tests.factories import markets
from trading.base.domain.errors import BadInputError

WEEK = 7 * markets.DAY


def data_of(first: int, last: int) -> StudyData:
    bars = markets.random_walk(1, 12 * WEEK).slice(first, last)
    return StudyData(bars, markets.STEP_MS, markets.costs())


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
