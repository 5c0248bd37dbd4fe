"""The ring buffer behaves like a bounded, ordered list of bars, whatever it is given."""

from __future__ import annotations

from collections import deque
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from trading.market.domain.bars import Bar, BarArrays, BarFlag
from trading.market.domain.ring.buffer import RingBuffer
from trading.market.domain.ring.kernels import AppendStatus

STEP = 60_000
CAPACITY = 7
prices = st.integers(1, 50).map(float)


def bar_at(slot: int, price: float, flags: int = 0) -> Bar:
    return Bar(slot * STEP, price, price + 1, price / 2, price, price * 3, flags)


def arrays_of(bars: list[Bar]) -> BarArrays:
    values = np.array([[b.open, b.high, b.low, b.close, b.volume] for b in bars]).T
    return BarArrays(
        np.array([b.open_time for b in bars], dtype=np.int64),
        np.ascontiguousarray(values.reshape(5, len(bars))),
        np.array([b.flags for b in bars], dtype=np.uint8),
    )


def bars_of(window: BarArrays) -> list[Bar]:
    return [window.bar(i) for i in range(len(window))]


@settings(deadline=None)
@given(capacity=st.integers(1, 9), extra=st.integers(0, 27))
def test_after_any_number_of_wraps_the_window_is_the_last_bars_in_order(
    capacity: int, extra: int
) -> None:
    ring, model = RingBuffer(capacity, STEP), deque(maxlen=capacity)
    for slot in range(capacity + min(extra, 3 * capacity)):
        ring.append(bar_at(slot, float(slot + 1)))
        model.append(bar_at(slot, float(slot + 1)))
        for n in range(capacity + 1):
            assert bars_of(ring.window(n)) == list(model)[len(model) - min(n, len(model)) :]


@settings(deadline=None)
@given(
    kept=st.sets(st.integers(0, 30), max_size=20),
    loaded=st.sets(st.integers(0, 30), min_size=1, max_size=20),
)
def test_loading_the_same_history_twice_changes_nothing(kept: set[int], loaded: set[int]) -> None:
    ring = RingBuffer(CAPACITY, STEP)
    for slot in sorted(kept):
        ring.append(bar_at(slot, 5.0))
    history = arrays_of([bar_at(slot, 9.0) for slot in sorted(loaded)])
    ring.bulk_load(history)
    merged = {slot: bar_at(slot, 5.0) for slot in sorted(kept)[-CAPACITY:]}
    merged |= {slot: bar_at(slot, 9.0) for slot in loaded}
    assert bars_of(ring.window()) == [merged[slot] for slot in sorted(merged)][-CAPACITY:]
    once, counters = ring.snapshot(), (ring.seq, ring.version, ring.revision)
    ring.bulk_load(history)
    assert bars_of(ring.window()) == bars_of(once)
    assert (ring.seq, ring.version, ring.revision) == counters


class RingMachine(RuleBasedStateMachine):
    """Any order of appends, corrections, reloads, forming bars and restores, against a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.ring = RingBuffer(CAPACITY, STEP)
        self.model: dict[int, Bar] = {}
        self.forming: Bar | None = None
        self.n_added = 0

    def keep(self, bar: Bar) -> None:
        self.n_added += 1
        self.model[bar.open_time] = bar
        while len(self.model) > CAPACITY:
            del self.model[min(self.model)]

    @rule(ahead=st.integers(1, 4), price=prices, flags=st.sampled_from([0, 1, 8]))
    def append_newer(self, ahead: int, price: float, flags: int) -> None:
        last = max(self.model, default=-STEP) // STEP
        bar = bar_at(last + ahead, price, flags)
        has_gap = bool(self.model) and ahead > 1
        wanted = AppendStatus.APPENDED_AFTER_GAP if has_gap else AppendStatus.APPENDED
        self.ring.take_gap_events()
        assert self.ring.append(bar) is wanted
        events = self.ring.take_gap_events()
        assert [event.n_bars for event in events] == ([ahead - 1] if has_gap else [])
        self.keep(bar)
        self.forming = None

    @precondition(lambda self: self.model)
    @rule(back=st.integers(0, 12), price=prices)
    def append_late(self, back: int, price: float) -> None:
        bar = bar_at(max(self.model) // STEP - back, price)
        old = self.model.get(bar.open_time)
        status = self.ring.append(bar)
        if bar.open_time < min(self.model):
            assert status is AppendStatus.TOO_OLD
        elif old is None:
            assert status is AppendStatus.BACKFILLED
            self.keep(bar)
            self.forming = None
        elif old.close == price and old.flags | BarFlag.REVISED == bar.flags | BarFlag.REVISED:
            assert status is AppendStatus.UNCHANGED
        else:
            assert status is AppendStatus.REVISED
            self.model[bar.open_time] = bar_at(bar.open_time // STEP, price, int(BarFlag.REVISED))

    @rule(ahead=st.integers(-2, 3), price=prices)
    def form(self, ahead: int, price: float) -> None:
        bar = bar_at(max(self.model, default=0) // STEP + ahead, price)
        is_news = not self.model or ahead > 0
        assert self.ring.update_forming(bar) is is_news
        if is_news:
            self.forming = bar

    @rule(slots=st.sets(st.integers(0, 12), min_size=1, max_size=9), price=prices)
    def merge(self, slots: set[int], price: float) -> None:
        base = min(self.model, default=0) // STEP
        bars = [bar_at(base + slot, price) for slot in sorted(slots)]
        before = dict(self.model)
        self.ring.bulk_load(arrays_of(bars))
        for bar in bars:
            self.model[bar.open_time] = bar
        for old in sorted(self.model)[: max(0, len(self.model) - CAPACITY)]:
            del self.model[old]
        self.n_added += len(self.model.keys() - before.keys())
        if self.model != before:
            self.forming = None

    @rule()
    def move_to_another_buffer(self) -> None:
        state = self.ring.state()
        counters = (self.ring.seq, self.ring.revision)
        self.ring = RingBuffer(CAPACITY, STEP)
        self.ring.restore(state)
        assert (self.ring.seq, self.ring.revision) == counters
        self.forming = None

    @rule()
    def clear(self) -> None:
        self.ring.clear()
        self.model.clear()
        self.forming = None

    @invariant()
    def shows_the_model(self) -> None:
        wanted = [self.model[time] for time in sorted(self.model)]
        assert bars_of(self.ring.window()) == wanted
        assert self.ring.last() == (wanted[-1] if wanted else None)
        assert self.ring.forming() == self.forming
        assert self.ring.version % 2 == 0
        assert self.ring.seq == self.n_added
        with_forming = ([*wanted, self.forming] if self.forming else wanted)[-CAPACITY:]
        assert bars_of(self.ring.window(with_forming=True)) == with_forming
        n_missing = sum((b.open_time - a.open_time) // STEP - 1 for a, b in pairwise(wanted))
        assert sum(gap.n_bars for gap in self.ring.gaps()) == n_missing

    @invariant()
    def finds_bars_by_time(self) -> None:
        for slot in (0, 3, 9):
            start = min(self.model, default=0) + slot * STEP
            wanted = [self.model[time] for time in sorted(self.model) if time >= start]
            assert bars_of(self.ring.since(start)) == wanted


TestRingMachine = RingMachine.TestCase
TestRingMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@settings(deadline=None)
@given(n=st.integers(1, CAPACITY))
def test_windows_share_the_buffers_memory_and_cannot_be_written(n: int) -> None:
    ring = RingBuffer(CAPACITY, STEP)
    for slot in range(3 * CAPACITY):
        ring.append(bar_at(slot, 2.0))
    window, column = ring.window(n), ring.column(3, n)
    whole = ring.window()
    assert np.shares_memory(column, whole.values)
    assert np.shares_memory(window.values, whole.values)
    assert column.flags.c_contiguous
    assert window.values[3].flags.c_contiguous
    for array in (window.values, window.open_time, window.flags, column):
        with pytest.raises(ValueError, match="read-only"):
            array[..., 0] = 1
