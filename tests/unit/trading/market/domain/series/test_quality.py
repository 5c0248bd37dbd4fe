from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.candles import series
from trading.market.domain.bars import CLOSE, HIGH, LOW, OPEN, VOLUME, BarFlag
from trading.market.domain.series.quality import (
    BAND_BARS,
    BAND_BLOCK_MAX,
    OutlierRule,
    quality_check,
)

STEP = 300_000


def _move(values: np.ndarray, i: int, factor: float) -> None:
    """Move the whole bar ``i`` by ``factor``."""
    values[:VOLUME, i] *= factor


def test_an_ordinary_series_has_no_flags() -> None:
    bars = series(500)
    report = quality_check(bars.open_time, bars.values, STEP)
    assert not report.flags.any()
    assert (report.gaps, report.missing_bars, report.outliers) == (0, 0, ())


def test_the_bar_after_missing_bars_is_flagged_and_the_bars_are_counted() -> None:
    bars = series(20)
    keep = np.delete(np.arange(20), [5, 6, 12])
    report = quality_check(bars.open_time[keep], bars.values[:, keep], STEP)
    assert np.flatnonzero(report.flags & BarFlag.AFTER_GAP).tolist() == [5, 10]
    assert (report.gaps, report.missing_bars) == (2, 3)


@pytest.mark.parametrize(
    ("row", "factor", "rule"),
    [(HIGH, 1690.0, OutlierRule.HIGH_WICK), (LOW, 0.49, OutlierRule.LOW_WICK)],
)
def test_a_wick_far_from_the_body_is_quarantined_and_kept(
    row: int, factor: float, rule: OutlierRule
) -> None:
    bars = series(10)
    body = (
        max(bars.values[OPEN, 4], bars.values[CLOSE, 4])
        if row == HIGH
        else min(bars.values[OPEN, 4], bars.values[CLOSE, 4])
    )
    bars.values[row, 4] = body * factor
    before = bars.values.tobytes()
    report = quality_check(bars.open_time, bars.values, STEP)
    assert [(o.index, o.rule) for o in report.outliers] == [(4, rule)]
    assert report.outliers[0].value == body * factor
    assert report.flags[4] == BarFlag.QUARANTINED
    assert bars.values.tobytes() == before


def test_a_wick_of_just_three_bodies_is_not_an_outlier() -> None:
    bars = series(10)
    bars.values[HIGH, 4] = 3.0 * max(bars.values[OPEN, 4], bars.values[CLOSE, 4])
    assert quality_check(bars.open_time, bars.values, STEP).outliers == ()


def test_a_close_that_jumps_and_returns_is_quarantined_once() -> None:
    bars = series(200)
    _move(bars.values, 100, 1.4)
    report = quality_check(bars.open_time, bars.values, STEP)
    assert [(o.index, o.rule) for o in report.outliers] == [(100, OutlierRule.CLOSE_JUMP)]


def test_a_new_price_level_is_accepted_as_soon_as_the_next_bar_confirms_it() -> None:
    bars = series(200)
    bars.values[:VOLUME, 100:] *= 1.4
    report = quality_check(bars.open_time, bars.values, STEP)
    assert [o.index for o in report.outliers] == [100]


def test_the_band_never_blocks_more_than_three_bars_in_a_row() -> None:
    bars = series(200)
    for i in range(100, 120):
        _move(bars.values, i, 1.4 if i % 2 else 0.6)
    flagged = quality_check(bars.open_time, bars.values, STEP).flags[100:120] > 0
    runs = "".join("x" if flag else "." for flag in flagged).split(".")
    assert max(len(run) for run in runs) == BAND_BLOCK_MAX


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    cut=st.integers(1, 399),
    spikes=st.lists(st.tuples(st.integers(0, 399), st.floats(0.3, 3.0)), max_size=12),
)
def test_the_flag_of_a_bar_does_not_depend_on_later_bars(
    seed: int, cut: int, spikes: list[tuple[int, float]]
) -> None:
    bars = series(400, seed=seed)
    for i, factor in spikes:
        _move(bars.values, i, factor)
    whole = quality_check(bars.open_time, bars.values, STEP)
    prefix = quality_check(bars.open_time[:cut], bars.values[:, :cut], STEP)
    assert np.array_equal(whole.flags[:cut], prefix.flags)


def test_the_band_waits_until_it_has_its_bars() -> None:
    bars = series(BAND_BARS)
    _move(bars.values, BAND_BARS - 1, 1.9)
    assert quality_check(bars.open_time, bars.values, STEP).outliers == ()
