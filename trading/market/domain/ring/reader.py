"""Read the mirrored columns of a ring buffer: any recent window as one read-only slice.

The writing half is ``ring_buffer``. A view shows what the buffer holds *now*: after later appends
it may show later bars. Keep a ``snapshot`` where a value must stay.

Source: reference specification platform 1.3 (B1-B5).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trading.base.domain.errors import InvariantError
from trading.market.domain.bars import Bar, BarArrays, FloatArray
from trading.market.domain.ring import kernels


class Gap(NamedTuple):
    """Bars that are missing: first and last open time (ms UTC) and how many."""

    first: int
    last: int
    n_bars: int


class RingReader:
    """The columns and everything that only looks at them."""

    __slots__ = ("_flags", "_header", "_is_forming", "_shown", "_times", "_values")

    def __init__(self, capacity: int, step_ms: int) -> None:
        """Make an empty buffer of ``capacity`` bars of ``step_ms``.

        Raises:
            InvariantError: one of them is below 1.
        """
        if capacity < 1 or step_ms < 1:
            raise InvariantError(
                f"capacity and step_ms must be at least 1, received {capacity} and {step_ms}"
            )
        self._values = np.full((5, 2 * capacity), np.nan)
        self._times = np.zeros(2 * capacity, dtype=np.int64)
        self._flags = np.zeros(2 * capacity, dtype=np.uint8)
        self._header = np.zeros(kernels.HEADER_SIZE, dtype=np.int64)
        self._header[kernels.STEP] = step_ms
        self._header[kernels.CAPACITY] = capacity
        self._is_forming = False
        # Slices of a read-only view are read-only themselves, at no cost per window.
        self._shown = (self._times.view(), self._values.view(), self._flags.view())
        for column in self._shown:
            column.flags.writeable = False

    def __len__(self) -> int:
        return int(self._header[kernels.COUNT])

    @property
    def capacity(self) -> int:
        """Return how many closed bars are kept."""
        return int(self._header[kernels.CAPACITY])

    @property
    def step_ms(self) -> int:
        """Return the length of one bar in ms."""
        return int(self._header[kernels.STEP])

    @property
    def seq(self) -> int:
        """Return how many bars were ever added; never wraps."""
        return int(self._header[kernels.SEQ])

    @property
    def version(self) -> int:
        """Return the write counter: even at rest, odd while a write is under way."""
        return int(self._header[kernels.VERSION])

    @property
    def revision(self) -> int:
        """Return how often bars already kept were changed, filled in or forgotten."""
        return int(self._header[kernels.REVISION])

    @property
    def n_dropped(self) -> int:
        """Return how many bars were too old to keep."""
        return int(self._header[kernels.DROPPED])

    def window(self, n: int | None = None, *, with_forming: bool = False) -> BarArrays:
        """Return the last ``n`` closed bars (all when None, fewer when there are fewer).

        Args:
            n: how many.
            with_forming: let the window end with the forming bar, if there is one.

        Returns:
            read-only views, oldest first; each row of ``values`` is contiguous.
        """
        extra = int(with_forming and self._is_forming)
        end = self._end() + extra
        most = min(len(self) + extra, self.capacity)
        return self._slice(end - (most if n is None else max(0, min(n, most))), end)

    def column(self, column: int, n: int | None = None) -> FloatArray:
        """Return the last ``n`` closed values of one column: float64[n], read-only, contiguous."""
        end = self._end()
        count = len(self) if n is None else max(0, min(n, len(self)))
        return self._shown[1][column, end - count : end]

    def since(self, open_time: int) -> BarArrays:
        """Return the closed bars opening at ``open_time`` or later, as read-only views."""
        end = self._end()
        start = end - len(self)
        return self._slice(start + int(np.searchsorted(self._times[start:end], open_time)), end)

    def snapshot(self, n: int | None = None) -> BarArrays:
        """Return a copy of ``window(n)`` that later writes cannot change."""
        view = self.window(n)
        return BarArrays(view.open_time.copy(), view.values.copy(), view.flags.copy())

    def last(self) -> Bar | None:
        """Return the last closed bar, None when there is none."""
        return self.window(1).bar(0) if len(self) else None

    def forming(self) -> Bar | None:
        """Return the bar now forming, None when there is none."""
        end = self._end()
        return self._slice(end, end + 1).bar(0) if self._is_forming else None

    def gaps(self) -> tuple[Gap, ...]:
        """Return the gaps inside what is kept, oldest first."""
        times = self.window().open_time
        holes = np.flatnonzero(np.diff(times) > self.step_ms)
        return tuple(self._gap(int(times[i]), int(times[i + 1])) for i in holes)

    def _end(self) -> int:
        return int(self._header[kernels.HEAD] + self._header[kernels.CAPACITY])

    def _slice(self, start: int, end: int) -> BarArrays:
        times, values, flags = self._shown
        return BarArrays(times[start:end], values[:, start:end], flags[start:end])

    def _gap(self, before: int, after: int) -> Gap:
        step = self.step_ms
        return Gap(before + step, after - step, (after - before) // step - 1)
