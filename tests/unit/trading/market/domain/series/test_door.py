from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.candles import START_MS, series
from trading.market.domain.bars import CLOSE, HIGH, LOW, OPEN, VOLUME, BarArrays, BarFlag
from trading.market.domain.series.door import Refusal, bars_from, bars_pass, bars_refused, tail_of
from trading.market.domain.series.quality import quality_check

STEP = 300_000


@pytest.mark.parametrize(
    ("row", "value", "reason"),
    [
        (CLOSE, np.nan, Refusal.NOT_FINITE),
        (VOLUME, np.inf, Refusal.NOT_FINITE),
        (VOLUME, np.nan, Refusal.NO_VOLUME),
        (LOW, 0.0, Refusal.NOT_POSITIVE),
        (OPEN, -1.0, Refusal.NOT_POSITIVE),
        (VOLUME, -1.0, Refusal.NEGATIVE_VOLUME),
        (HIGH, 50.0, Refusal.HIGH_BELOW_LOW),
        (CLOSE, 1e6, Refusal.HIGH_BELOW_BODY),
        (HIGH, 1.0000001e15, Refusal.TOO_HIGH),
        (CLOSE, 1e300, Refusal.TOO_HIGH),
        (LOW, 99.9999999, Refusal.LOW_ABOVE_BODY),
    ],
)
def test_an_impossible_bar_is_refused_with_its_place_reason_and_values(
    row: int, value: float, reason: Refusal
) -> None:
    bars = series(5)
    bars.values[:VOLUME, 3] = (100.0, 101.0, 99.0, 99.5)
    bars.values[row, 3] = value
    (refused,) = bars_refused(bars.open_time, bars.values, STEP)
    assert (refused.index, refused.open_time, refused.reason) == (3, START_MS + 3 * STEP, reason)
    assert repr(float(value)) in refused.problem
    passed = bars_pass(bars.open_time, bars.values, STEP)
    assert passed.refused == (refused,)
    assert len(passed.bars) == 4
    assert passed.bars.flags.tolist() == [0, 0, 0, BarFlag.AFTER_GAP]


def test_all_refused_bars_are_named_in_their_order() -> None:
    bars = series(9)
    bars.values[VOLUME, 7] = np.nan
    bars.values[HIGH, 2] = bars.values[LOW, 2] / 2
    found = bars_refused(bars.open_time, bars.values, STEP)
    assert [item.index for item in found] == [2, 7]
    assert bars_refused(series(9).open_time, series(9).values, STEP) == []


@pytest.mark.parametrize("shift", [1, 1000, -1, STEP // 2])
def test_a_bar_off_its_grid_is_set_aside_and_the_others_pass(shift: int) -> None:
    bars = series(6)
    times = bars.open_time.copy()
    times[3] += shift
    passed = bars_pass(times, bars.values, STEP)
    assert [(item.index, item.reason) for item in passed.refused] == [(3, Refusal.OFF_GRID)]
    assert passed.bars.open_time.tolist() == np.delete(bars.open_time, 3).tolist()


def test_bars_that_do_not_come_next_are_refused_and_repetitions_count_once() -> None:
    bars = series(4)
    order = [0, 1, 1, 2, 1, 3]
    times, values = bars.open_time[order], bars.values[:, order].copy()
    passed = bars_pass(times, values, STEP)
    assert passed.n_repeated == 1
    assert [(item.index, item.reason) for item in passed.refused] == [(4, Refusal.OUT_OF_ORDER)]
    values[CLOSE, 2] = values[LOW, 2]
    passed = bars_pass(times, values, STEP)
    assert passed.refused[0].reason is Refusal.CONTRADICTED


def test_a_bar_before_the_tail_is_refused() -> None:
    bars = series(6)
    tail = bars.slice(0, 4)
    passed = bars_pass(bars.open_time[3:], bars.values[:, 3:], STEP, tail=tail)
    assert [item.reason for item in passed.refused] == [Refusal.CONTRADICTED]
    assert passed.bars.open_time.tolist() == bars.open_time[4:].tolist()


def test_a_wick_of_a_live_bar_is_flagged_at_once() -> None:
    bars = series(3)
    bars.values[HIGH, 2] *= 1690.0
    tail = tail_of(None, bars.slice(0, 2))
    passed = bars_pass(bars.open_time[2:], bars.values[:, 2:], STEP, tail=tail)
    assert passed.bars.flags.tolist() == [BarFlag.QUARANTINED]
    assert passed.report.outliers[0].index == 0


def test_columns_made_of_bars_are_those_bars() -> None:
    bars = series(7)
    again = bars_from([bars.bar(i) for i in range(7)])
    assert np.array_equal(again.open_time, bars.open_time)
    assert np.array_equal(again.values, bars.values)
    assert len(bars_from([])) == 0


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    cuts=st.lists(st.integers(1, 399), max_size=8),
    spikes=st.lists(st.tuples(st.integers(0, 399), st.floats(-900.0, 900.0)), max_size=40),
    runs=st.lists(st.tuples(st.integers(0, 399), st.integers(1, 60), st.floats(0.2, 60.0))),
    holes=st.lists(st.integers(0, 399), max_size=6),
)
def test_a_live_bar_gets_the_flag_it_would_have_got_in_a_file(
    seed: int,
    cuts: list[int],
    spikes: list[tuple[int, float]],
    runs: list[tuple[int, int, float]],
    holes: list[int],
) -> None:
    """However the bars are cut into batches, alternating jumps of any size included."""
    bars = series(400, seed=seed)
    move = np.zeros(400)
    for i, size in spikes:
        move[i] += size
    for start, n, size in runs:  # up, down, up, ...
        at = np.arange(start, min(400, start + n))
        move[at] += size * np.where(at % 2, 1.0, -1.0)
    values = bars.values.copy()
    values[:VOLUME] *= np.exp(np.clip(move, -600, 25))
    keep = np.delete(np.arange(400), holes)
    times, values = bars.open_time[keep], np.ascontiguousarray(values[:, keep])
    whole = quality_check(times, values, STEP)
    flags, tail = [], None
    places = sorted({0, *(min(cut, len(keep)) for cut in cuts), len(keep)})
    for start, stop in itertools.pairwise(places):
        passed = bars_pass(times[start:stop], values[:, start:stop], STEP, tail=tail)
        flags += passed.bars.flags.tolist()
        tail = tail_of(tail, passed.bars)
    assert isinstance(tail, BarArrays)
    assert flags == whole.flags.tolist()
