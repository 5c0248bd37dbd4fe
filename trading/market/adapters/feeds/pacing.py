"""Let bar times pass at their own speed: some at once as history, the rest at a fixed rhythm.

The rhythm is kept against a monotonic clock, not against the calendar: while nobody streams, a
simulated or replayed market stands still, and it goes on where it stopped.
"""

from __future__ import annotations

from typing import Final

from trading.base.ports.clock import Clock

_CATCH_UP_S: Final = 1.0  # a slow consumer may fall this far behind before time is given up


class Pacer:
    """Says when the n-th bar time may be published; n grows by one at a time."""

    def __init__(self, *, clock: Clock, bar_seconds: float, history_bars: int) -> None:
        self._clock = clock
        self._bar_seconds = bar_seconds
        self._history_bars = history_bars
        self._n = -1
        self._due = 0.0

    def wait_s(self, n: int) -> float:
        """Return seconds until bar time ``n`` (from 0) is over; 0 when it is."""
        if n < self._history_bars or self._bar_seconds <= 0:
            return 0.0
        now = self._clock.monotonic()
        if n != self._n:
            follows = n == self._n + 1
            begin = max(self._due, now - _CATCH_UP_S) if follows else now
            self._n, self._due = n, begin + self._bar_seconds
        return max(0.0, self._due - now)

    def fraction(self, n: int) -> float | None:
        """Return how much of bar time ``n`` has passed (0 to 1); None when it is not running."""
        if n != self._n or self._bar_seconds <= 0:
            return None
        left = self._due - self._clock.monotonic()
        return min(1.0, max(0.0, 1.0 - left / self._bar_seconds))
