"""What the ring buffer refuses, counts and costs."""

from __future__ import annotations

import time

import numpy as np
import pytest

from trading.base.domain.errors import CorruptMarketDataError, InvariantError
from trading.market.domain.bars import Bar, BarArrays, BarFlag
from trading.market.domain.ring.buffer import RingBuffer
from trading.market.domain.ring.kernels import AppendStatus
from trading.market.domain.ring.reader import Gap

STEP = 300_000


def bar_at(slot: int, price: float = 10.0) -> Bar:
    return Bar(slot * STEP, price, price, price, price, 1.0)


def filled(n: int, capacity: int = 5) -> RingBuffer:
    ring = RingBuffer(capacity, STEP)
    for slot in range(n):
        ring.append(bar_at(slot, slot + 1.0))
    return ring


def test_an_empty_buffer_has_no_last_price_instead_of_zero() -> None:
    ring = RingBuffer(5, STEP)
    assert ring.last() is None
    assert ring.forming() is None
    assert len(ring.window()) == 0
    assert ring.column(3).shape == (0,)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_a_bar_that_is_not_finite_is_refused_and_changes_nothing(bad: float) -> None:
    ring = filled(3)
    version = ring.version
    with pytest.raises(CorruptMarketDataError, match="not finite"):
        ring.append_closed(3 * STEP, 1.0, bad, 1.0, 1.0, 1.0)
    with pytest.raises(CorruptMarketDataError):
        ring.update_forming(Bar(3 * STEP, 1.0, 1.0, bad, 1.0, 1.0))
    assert (len(ring), ring.version) == (3, version)


def test_a_bar_off_the_grid_is_refused() -> None:
    with pytest.raises(CorruptMarketDataError, match="multiple of the timeframe"):
        filled(1).append_closed(STEP + 1, 1.0, 1.0, 1.0, 1.0, 1.0)


def test_missing_bars_are_an_event_once_and_stay_listed_while_open() -> None:
    ring = filled(2)
    assert ring.append(bar_at(4)) is AppendStatus.APPENDED_AFTER_GAP
    missing = Gap(2 * STEP, 3 * STEP, 2)
    assert ring.take_gap_events() == (missing,)
    assert ring.take_gap_events() == ()
    assert ring.gaps() == (missing,)
    ring.append(bar_at(2))
    ring.append(bar_at(3))
    assert ring.gaps() == ()


def test_a_correction_is_flagged_and_counted_as_a_revision() -> None:
    ring = filled(8)
    assert ring.revise(bar_at(5, 99.0)) is AppendStatus.REVISED
    assert ring.revision == 1
    corrected = ring.since(5 * STEP).bar(0)
    assert (corrected.close, corrected.flags) == (99.0, BarFlag.REVISED)
    assert ring.revise(bar_at(5, 99.0)) is AppendStatus.UNCHANGED
    assert ring.revision == 1


def test_a_correction_survives_the_wrap() -> None:
    ring = filled(8)
    for slot in range(3, 8):
        ring.revise(bar_at(slot, 50.0 + slot))
    ring.append(bar_at(8))
    ring.append(bar_at(9))
    assert ring.column(3).tolist() == [55.0, 56.0, 57.0, 10.0, 10.0]


def test_a_bar_older_than_all_kept_is_dropped_and_counted() -> None:
    ring = filled(9)
    assert ring.append(bar_at(1)) is AppendStatus.TOO_OLD
    assert ring.n_dropped == 1
    assert ring.column(3).tolist() == [5.0, 6.0, 7.0, 8.0, 9.0]


def test_revising_a_bar_that_is_newer_than_all_is_a_bug() -> None:
    with pytest.raises(InvariantError, match="append it"):
        filled(2).revise(bar_at(2))


def test_a_snapshot_keeps_what_a_view_loses() -> None:
    ring = filled(5)
    view, copy = ring.window(2), ring.snapshot(2)
    for slot in range(5, 15):
        ring.append(bar_at(slot, 0.5))
    assert copy.values[3].tolist() == [4.0, 5.0]
    assert view.values[3].tolist() != [4.0, 5.0]


def test_bars_counted_never_restart_when_the_buffer_is_cleared() -> None:
    ring = filled(4)
    ring.clear()
    ring.append(bar_at(1))
    assert (len(ring), ring.seq) == (1, 5)


@pytest.mark.parametrize(
    ("times", "value", "mode", "error"),
    [
        ([0, STEP + 1], 1.0, "merge", CorruptMarketDataError),
        ([STEP, 0], 1.0, "merge", CorruptMarketDataError),
        ([0, 0], 1.0, "replace", CorruptMarketDataError),
        ([0, STEP], float("nan"), "merge", CorruptMarketDataError),
        ([0, STEP], 1.0, "add", InvariantError),
    ],
)
def test_bad_history_is_refused_and_changes_nothing(
    times: list[int], value: float, mode: str, error: type[Exception]
) -> None:
    ring = filled(3)
    history = BarArrays(
        np.array(times, dtype=np.int64), np.full((5, 2), value), np.zeros(2, dtype=np.uint8)
    )
    with pytest.raises(error):
        ring.bulk_load(history, mode)
    assert ring.column(3).tolist() == [1.0, 2.0, 3.0]


def test_replacing_forgets_what_was_kept() -> None:
    ring, other = filled(5), filled(9)
    ring.bulk_load(other.snapshot(2), "replace")
    assert ring.column(3).tolist() == [8.0, 9.0]
    assert ring.append(bar_at(9)) is AppendStatus.APPENDED


def test_a_snapshot_of_another_shape_is_refused() -> None:
    with pytest.raises(InvariantError, match="capacity 5"):
        RingBuffer(6, STEP).restore(filled(2).state())
    with pytest.raises(InvariantError, match="at least 1"):
        RingBuffer(0, STEP)


def test_an_append_costs_microseconds_whatever_the_capacity() -> None:
    best = {}
    for capacity in (100, 20_000):
        ring = RingBuffer(capacity, STEP)
        rounds = []
        for turn in range(6):
            started = time.perf_counter()
            for slot in range(turn * 2_000, (turn + 1) * 2_000):
                ring.append_closed(slot * STEP, 1.0, 2.0, 0.5, 1.5, 9.0, 0)
            rounds.append((time.perf_counter() - started) / 2_000)
        best[capacity] = min(rounds[1:])
    assert max(best.values()) < 20e-6  # about 2 microseconds on an idle core
