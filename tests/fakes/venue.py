"""A venue in memory: answers from prepared bars up to the clock's now."""

from __future__ import annotations

from collections.abc import Sequence

from tests.fakes.clock import FakeClock
from trading.domain.market.bars import Bar, BarArrays


class MemoryCandleSource:
    """Fulfils ``CandleSource``.

    Attributes:
        bars: by pair and open time; tests change it at will.
        calls: pair, since and limit of every request.
        failures: errors to raise instead of answering, first one first.
        cap: most bars in one answer.
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
        self.is_closed = False

    async def fetch(self, pair: str, timeframe: str, *, since_ms: int, limit: int) -> Sequence[Bar]:
        self.calls.append((pair, since_ms, limit))
        if self.failures:
            raise self.failures.pop(0)
        known = self.bars[pair]
        times = [t for t in sorted(known) if since_ms <= t <= self._clock.now_ms()]
        return [known[t] for t in times[: min(limit, self.cap)]]

    async def close(self) -> None:
        self.is_closed = True
