"""A feed on a venue over a real socket, second by second, and what became of every bar."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.fakes.clock import FakeClock
from tests.fakes.venue_server import VenueServer
from trading.market.adapters.feeds.ccxt_rest import CcxtCandleSource
from trading.market.adapters.feeds.venue import VenueFeed, VenueSpec
from trading.market.domain.bars import WARMUP, Bar
from trading.market.ports.feeds import FeedNews

STEP = 60_000
START = 1_750_000_000_000 // STEP * STEP + 20_000  # twenty seconds into a bar
PAIRS = ["AAA/USDT", "BBB/USDT", "CCC/USDT"]


class FeedScene:
    """One feed as the stream process would follow it.

    Attributes:
        bars: published ones by pair and open time; ``again`` has been applied.
        order: of publication.
        delays: host seconds from the close to the publication of live bars, by pair.
        late: pair and open time of bars that came when their time had passed.
        revised: the same for bars that were corrected.
        refused: pair, open time and reason of bars set aside.
    """

    def __init__(self, server: VenueServer, clock: FakeClock, *, history: int = 5) -> None:
        self.server = server
        self.clock = clock
        self.spec = VenueSpec("1m", tuple(server.pairs), poll_s=5.0, history_bars=history)
        self.position: dict[str, Any] = {}
        self.bars: dict[tuple[str, int], Bar] = {}
        self.order: list[tuple[str, int]] = []
        self.delays: dict[str, list[float]] = {}
        self.late: list[tuple[str, int]] = []
        self.revised: list[tuple[str, int]] = []
        self.refused: list[tuple[str, int, str]] = []
        self.news = FeedNews()
        self.feed = self._opened()

    def _opened(self) -> VenueFeed:
        source = CcxtCandleSource("binance", clock=self.clock, base_url=self.server.url)
        return VenueFeed(self.spec, source=source, clock=self.clock)

    async def reopen(self) -> None:
        """Go on as after a restart of the process."""
        await self.feed.close()
        self.feed = self._opened()

    async def go_on(self, seconds: float) -> None:
        """Let so much time pass, a second at a time."""
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            await self.step()
            self.clock.advance(1.0)

    async def step(self) -> None:
        """Take one batch in."""
        batch = await self.feed.next_batch(self.position, 1000)
        self.position = batch.position
        for item in batch.bars:
            key = (item.pair, item.bar.open_time)
            assert key not in self.bars, f"{key} came twice"
            self.bars[key] = item.bar
            self.order.append(key)
            if not item.bar.flags & WARMUP:
                closed_ms = item.bar.open_time + STEP - self.server.ahead_ms
                delay = (self.clock.now_ms() - closed_ms) / 1000
                self.delays.setdefault(item.pair, []).append(delay)
        for item in batch.again:
            key = (item.pair, item.bar.open_time)
            (self.revised if key in self.bars else self.late).append(key)
            self.bars[key] = item.bar
        self.refused += [
            (item.pair, item.refused.open_time, item.refused.reason.value) for item in batch.refused
        ]
        assert batch.news is not None
        self.news = batch.news

    def check(self, *, but: tuple[tuple[str, int], ...] = ()) -> None:
        """Fail unless every closed bar is there, once, in its pair's order, as it truly was."""
        closed_until = (self.server.now_ms() - 2_000) // STEP * STEP
        for pair in self.spec.pairs:
            times = sorted(t for name, t in self.bars if name == pair)
            wanted = [t for t in range(times[0], closed_until, STEP) if (pair, t) not in but]
            assert times == wanted, f"{pair}: bars are missing or too many"
            for time in times:
                assert list(self.bars[pair, time][1:6]) == self.server.truth(pair, time)
            in_order = [t for name, t in self.order if name == pair]
            assert in_order == sorted(in_order)


@asynccontextmanager
async def feed_scene(
    *, ahead_ms: int = 0, pairs: list[str] | None = None, history: int = 5, has_time: bool = True
) -> AsyncIterator[FeedScene]:
    """Start a venue whose clock is ``ahead_ms`` before the host's, and a feed on it."""
    clock = FakeClock(START)
    async with VenueServer(clock, pairs or PAIRS, step_ms=STEP, ahead_ms=ahead_ms) as server:
        server.has_time = has_time
        scene = FeedScene(server, clock, history=history)
        try:
            yield scene
        finally:
            await scene.feed.close()
