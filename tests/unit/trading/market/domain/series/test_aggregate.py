from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.candles import START_MS, series
from trading.base.domain.errors import BadInputError
from trading.market.domain.bars import BarArrays, BarFlag
from trading.market.domain.series.aggregate import bars_aggregate

STEP = 300_000


@settings(max_examples=60, deadline=None)
@given(
    keep=st.lists(st.booleans(), min_size=1, max_size=120).filter(any),
    factor=st.sampled_from([3, 12, 48]),
    offset=st.integers(0, 50),
)
def test_every_bucket_equals_the_fold_of_its_bars(
    keep: list[bool], factor: int, offset: int
) -> None:
    full = series(len(keep), start_ms=START_MS + offset * STEP)
    mask = np.array(keep)
    bars = BarArrays(
        full.open_time[mask], np.ascontiguousarray(full.values[:, mask]), full.flags[mask]
    )
    got = bars_aggregate(bars, step_ms=STEP, target_ms=factor * STEP).bars
    expected: dict[int, list[int]] = {}
    for i, t in enumerate(bars.open_time.tolist()):
        expected.setdefault(t - t % (factor * STEP), []).append(i)
    assert got.open_time.tolist() == list(expected)
    for k, part in enumerate(expected.values()):
        o, h, low, c, v = bars.values[:, part]
        assert got.values[:4, k].tolist() == [o[0], h.max(), low.min(), c[-1]]
        assert got.values[4, k] == pytest.approx(v.sum())


def test_the_last_bucket_is_partial_until_its_final_bar() -> None:
    assert bars_aggregate(series(5), step_ms=STEP, target_ms=3 * STEP).is_partial
    assert not bars_aggregate(series(6), step_ms=STEP, target_ms=3 * STEP).is_partial


def test_flags_of_the_parts_are_joined() -> None:
    bars = series(6)
    bars.flags[1] = BarFlag.QUARANTINED
    bars.flags[2] = BarFlag.AFTER_GAP
    got = bars_aggregate(bars, step_ms=STEP, target_ms=3 * STEP).bars
    assert got.flags.tolist() == [BarFlag.QUARANTINED | BarFlag.AFTER_GAP, 0]


def test_nothing_and_the_same_length_pass_through() -> None:
    assert len(bars_aggregate(series(0), step_ms=STEP, target_ms=3 * STEP).bars) == 0
    bars = series(4)
    assert bars_aggregate(bars, step_ms=STEP, target_ms=STEP).bars is bars


@pytest.mark.parametrize("target", [60_000, 400_000])
def test_a_length_that_does_not_fit_is_refused(target: int) -> None:
    with pytest.raises(BadInputError, match=str(target)):
        bars_aggregate(series(4), step_ms=STEP, target_ms=target)
