"""Hold the last ``capacity`` bars of one series so that any recent window is one slice.

Rows are columns (open, high, low, close, volume), each contiguous in time; windows are read-only
views, never copies (``ring_reader``). Time is int64 ms, never float; a missing bar is a gap with an
event, never a zero. Bars are ordered by open time whatever order they arrive in: newer is appended,
equal or older replaces what was there and counts as a revision, older than the oldest kept is
dropped and counted.

Source: reference specification platform 1.3 (B1-B9).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from trading.base.domain.errors import CorruptMarketDataError, InvariantError
from trading.market.domain.bars import Bar, BarArrays, BarFlag
from trading.market.domain.ring import kernels
from trading.market.domain.ring.kernels import AppendStatus
from trading.market.domain.ring.reader import Gap, RingReader

DEFAULT_CAPACITY: Final = 1_500  # five times the warm-up of a 200-bar average
_GAPS_KEPT: Final = 256
_REFUSALS: Final = {
    int(AppendStatus.NOT_FINITE): "a price or the volume is not finite",
    int(AppendStatus.MISALIGNED): "the open time is not a multiple of the timeframe",
}
Row = tuple[int, float, float, float, float, float, int]
_CARRIED: Final = (kernels.SEQ, kernels.VERSION, kernels.REVISION, kernels.DROPPED)


class RingBuffer(RingReader):
    """The last bars of one pair and timeframe.

    Not safe for several writers; one session owns it. ``version`` is odd while a write is under
    way, so that a reader elsewhere can retry.
    """

    __slots__ = ("_gap_events",)

    def __init__(self, capacity: int = DEFAULT_CAPACITY, step_ms: int = 300_000) -> None:
        """Make an empty buffer of ``capacity`` bars of ``step_ms``.

        Raises:
            InvariantError: one of them is below 1.
        """
        super().__init__(capacity, step_ms)
        self._gap_events: deque[Gap] = deque(maxlen=_GAPS_KEPT)

    def append_closed(  # noqa: PLR0913, PLR0917 - a bar's fields, spelled out for speed
        self, open_time: int, o: float, h: float, low: float, c: float, v: float, flags: int = 0
    ) -> AppendStatus:
        """Take one closed bar, whatever its place in time.

        Constant time for the next bar; a correction costs a search, a late bar a merge.

        Raises:
            CorruptMarketDataError: a value is not finite or the time is off the timeframe's grid.
        """
        status = kernels.push(
            self._header, self._values, self._times, self._flags,
            (open_time, o, h, low, c, v, flags),
        )  # fmt: skip
        if status == 0:
            self._is_forming = False
            return AppendStatus.APPENDED
        return self._not_next(status, Bar(open_time, o, h, low, c, v, flags))

    def append(self, bar: Bar) -> AppendStatus:
        """Take one closed bar given as a value; see ``append_closed``."""
        return self.append_closed(*_row(bar))

    def update_forming(self, bar: Bar) -> bool:
        """Show ``bar`` as the one now forming; return False for one that is not the newest.

        The forming bar is never part of a closed window, is not counted and not saved.

        Raises:
            CorruptMarketDataError: a value is not finite or the time is off the timeframe's grid.
        """
        row = _row(bar)
        if not np.isfinite(row).all() or bar.open_time % self.step_ms:
            raise CorruptMarketDataError(f"forming bar was {row}; expected finite and on the grid")
        end = self._end()
        if len(self) and bar.open_time <= self._times[end - 1]:
            return False
        self._write((end,), row)
        self._is_forming = True
        return True

    def revise(self, bar: Bar) -> AppendStatus:
        """Replace a bar already kept; the new one is flagged as revised.

        Returns:
            REVISED, UNCHANGED for the same numbers, BACKFILLED for one that was missing, TOO_OLD.

        Raises:
            InvariantError: the bar is newer than all kept.
        """
        end = self._end()
        start = end - len(self)
        if start == end or bar.open_time > self._times[end - 1]:
            raise InvariantError(f"bar {bar.open_time} is newer than the last one; append it")
        if bar.open_time < self._times[start]:
            self._header[kernels.DROPPED] += 1
            return AppendStatus.TOO_OLD
        at = start + int(np.searchsorted(self._times[start:end], bar.open_time))
        row = _row(bar)
        if self._times[at] != bar.open_time:
            self._merge(BarArrays(
                np.array(row[:1]), np.array(row[1:6]).reshape(5, 1), np.array(row[6:], np.uint8)
            ))  # fmt: skip
            return AppendStatus.BACKFILLED
        revised = row[6] | int(BarFlag.REVISED)
        if (
            tuple(self._values[:, at].tolist()) == row[1:6]
            and int(self._flags[at]) | int(BarFlag.REVISED) == revised
        ):
            return AppendStatus.UNCHANGED
        # The upper copy of a bar still in the lower half is overwritten before it is ever read.
        places = (at, at - self.capacity) if at >= self.capacity else (at,)
        self._write(places, (*row[:6], revised))
        self._header[kernels.REVISION] += 1
        return AppendStatus.REVISED

    def bulk_load(self, bars: BarArrays, mode: str = "merge") -> None:
        """Load history; loading the same again changes nothing.

        Args:
            bars: strictly growing open times on the grid.
            mode: "merge" joins by open time, the loaded bar winning; "replace" forgets what was
                kept before. The newest ``capacity`` bars stay; if anything changes, the forming bar
                is forgotten.

        Raises:
            CorruptMarketDataError: not finite, off the grid or not in order.
            InvariantError: an unknown mode.
        """
        if mode not in ("merge", "replace"):
            raise InvariantError(f"mode was {mode!r}; expected merge or replace")
        if (bars.open_time % self.step_ms).any() or (np.diff(bars.open_time) <= 0).any():
            raise CorruptMarketDataError("bars to load were not in order on the timeframe's grid")
        if not np.isfinite(bars.values).all():
            raise CorruptMarketDataError("bars to load were not all finite")
        if mode == "merge":
            self._merge(bars)
        else:
            self._replace(bars)

    def take_gap_events(self) -> tuple[Gap, ...]:
        """Return the gaps noticed by appends since the last call, oldest first (at most 256)."""
        events = tuple(self._gap_events)
        self._gap_events.clear()
        return events

    def clear(self) -> None:
        """Forget all bars; ``seq`` goes on counting."""
        self._replace(self.window(0))
        self._is_forming = False
        self._gap_events.clear()

    def state(self) -> dict[str, Any]:
        """Return a copy of what is kept and counted; the forming bar is not part of it."""
        kept = self.snapshot()
        return {
            "open_time": kept.open_time,
            "values": kept.values,
            "flags": kept.flags,
            "header": self._header.copy(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become what ``state`` describes.

        Raises:
            InvariantError: it was taken from a buffer of another capacity or timeframe.
        """
        header = state["header"]
        if header[kernels.CAPACITY] != self.capacity or header[kernels.STEP] != self.step_ms:
            raise InvariantError(
                f"snapshot has capacity {header[kernels.CAPACITY]} and step "
                f"{header[kernels.STEP]} ms; this buffer has {self.capacity} and {self.step_ms}"
            )
        self._fill(BarArrays(state["open_time"], state["values"], state["flags"]))
        for index in _CARRIED:
            self._header[index] = header[index]
        self._gap_events.clear()

    def _not_next(self, status: int, bar: Bar) -> AppendStatus:
        refusal = _REFUSALS.get(status)
        if refusal is not None:
            raise CorruptMarketDataError(f"{refusal}: {bar}")
        if status != AppendStatus.APPENDED_AFTER_GAP:
            return self.revise(bar)
        self._is_forming = False
        self._gap_events.append(self._gap(int(self._times[self._end() - 2]), bar.open_time))
        return AppendStatus.APPENDED_AFTER_GAP

    def _merge(self, bars: BarArrays) -> None:
        old = self.snapshot()
        stays = ~np.isin(old.open_time, bars.open_time)
        order = np.argsort(np.concatenate((old.open_time[stays], bars.open_time)))
        self._replace(BarArrays(
            np.concatenate((old.open_time[stays], bars.open_time))[order],
            np.ascontiguousarray(np.hstack((old.values[:, stays], bars.values))[:, order]),
            np.concatenate((old.flags[stays], bars.flags))[order],
        ))  # fmt: skip

    def _replace(self, bars: BarArrays) -> None:
        old = self.snapshot()
        bars = bars.slice(max(0, len(bars) - self.capacity), len(bars))
        if _is_same(old, bars):
            return
        added = ~np.isin(bars.open_time, old.open_time)
        self._fill(bars)
        self._header[kernels.SEQ] += np.count_nonzero(added)
        # Bars that only follow the old ones are news, anything else changes what was known.
        if not _is_continuation(old, bars):
            self._header[kernels.REVISION] += 1

    def _fill(self, bars: BarArrays) -> None:
        n, capacity = len(bars), self.capacity
        self._header[kernels.VERSION] += 1
        for offset in (0, capacity):
            self._times[offset : offset + n] = bars.open_time
            self._values[:, offset : offset + n] = bars.values
            self._flags[offset : offset + n] = bars.flags
        self._header[kernels.COUNT] = n
        self._header[kernels.HEAD] = n % capacity
        self._is_forming = False
        self._header[kernels.VERSION] += 1

    def _write(self, places: tuple[int, ...], row: Row) -> None:
        self._header[kernels.VERSION] += 1
        for at in places:
            kernels.put(self._values, self._times, self._flags, at, row)
        self._header[kernels.VERSION] += 1


def _row(bar: Bar) -> Row:
    flags = int(bar.flags)
    return (bar.open_time, bar.open, bar.high, bar.low, bar.close, bar.volume, flags)


def _is_same(old: BarArrays, new: BarArrays) -> bool:
    return (
        np.array_equal(old.open_time, new.open_time)
        and np.array_equal(old.values, new.values)
        and np.array_equal(old.flags, new.flags)
    )


def _is_continuation(old: BarArrays, new: BarArrays) -> bool:
    if not len(old):
        return True
    kept = np.isin(old.open_time, new.open_time)
    n = int(np.count_nonzero(kept))
    return bool(kept[len(old) - n :].all()) and _is_same(
        old.slice(len(old) - n, len(old)), new.slice(0, n)
    )
