"""A venue in memory: answers from prepared bars up to the clock's now."""

from __future__ import annotations

import math

from tests.fakes.clock import FakeClock
from trading.market.domain.bars import Bar, BarArrays
from trading.market.domain.timeframes import timeframe_ms
from trading.market.domain.venue_clock import TimeSource, VenueTime
from trading.market.ports.candles import CandlePage, SourceState


class MemoryCandleSource:
    """Fulfils ``FollowedSource``.

    Attributes:
        bars: by pair and open time; tests change it at will.
        calls: pair, since and limit of every request.
        failures: errors to raise instead of answering, first one first.
        cap: most bars in one answer.
        window_bars: an answer is about so many bar times only; 0 for all.
        behind_ms: by how much the venue's clock is behind the host's.
    """

    def __init__(self, clock: FakeClock, series: dict[str, BarArrays]) -> None:
        self._clock = clock
        self.bars: dict[str, dict[int, Bar]] = {
            pair: {int(bars.open_time[i]): bars.bar(i) for i in range(len(bars))}
            for pair, bars in series.items()
        }
        self.calls: list[tuple[str, int, int]] = []
        self.failures: list[Exception] = []
        self.cap = 1000
        self.window_bars = 0
        self.behind_ms = 0
        self.is_closed = False

    async def fetch(self, pair: str, timeframe: str, *, since_ms: int, limit: int) -> CandlePage:
        self.calls.append((pair, since_ms, limit))
        if self.failures:
            raise self.failures.pop(0)
        step, limit = timeframe_ms(timeframe), min(limit, self.cap)
        known, end = self.bars[pair], self._clock.now_ms() - self.behind_ms
        if self.window_bars:
            end = min(end, since_ms + min(limit, self.window_bars) * step - 1)
        times = [t for t in sorted(known) if since_ms <= t <= end][:limit]
        covered = min(limit, self.window_bars or limit) * step
        return CandlePage(
            [known[t] for t in times], times[-1] + step if times else since_ms + covered
        )

    async def time(self) -> VenueTime:
        return self.now()

    def now(self) -> VenueTime:
        now_ms = self._clock.now_ms() - self.behind_ms
        return VenueTime(now_ms, 0.0, float(self.behind_ms), TimeSource.ENDPOINT)

    def state(self) -> SourceState:
        return SourceState(0.0, math.inf, len(self.calls), 0)

    def on_wire_s(self, pair: str) -> float:
        return 0.0

    async def close(self) -> None:
        self.is_closed = True
