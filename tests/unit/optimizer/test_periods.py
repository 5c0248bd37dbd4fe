"""Windows are the last N days, inclusive."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.domain.periods import Window, window_parse, window_start, windows_parse
from trading.base.domain.errors import BadInputError

DAY = 86_400_000
TIMES = np.arange(0, 10 * DAY + 1, DAY // 2, dtype=np.int64)


def test_the_bar_exactly_n_days_back_belongs_to_the_window() -> None:
    assert TIMES[window_start(TIMES, Window("3d", 3))] == 7 * DAY
    assert window_start(TIMES, Window("all", None)) == 0
    assert window_start(TIMES, Window("1y", 365)) == 0


def test_a_gap_at_the_cutoff_starts_at_the_next_bar() -> None:
    times = TIMES[TIMES != 7 * DAY]
    assert times[window_start(times, Window("3d", 3))] == 7 * DAY + DAY // 2


def test_labels_name_windows() -> None:
    assert window_parse("1y") == Window("1y", 365)
    assert window_parse("45d").days == 45
    assert [w.label for w in windows_parse(["30d", "all"])] == ["30d", "all"]


@pytest.mark.parametrize("label", ["0d", "d", "1w", "", "-3d", "90", "all "])
def test_other_labels_are_refused_by_name(label: str) -> None:
    with pytest.raises(BadInputError, match="window was"):
        window_parse(label)


def test_a_window_is_asked_for_once() -> None:
    with pytest.raises(BadInputError, match="'90d' was given twice"):
        windows_parse(["90d", "90d"])
    with pytest.raises(BadInputError, match="no window"):
        windows_parse([])
