from __future__ import annotations

from typing import Any

from tests.fakes.candles import START_MS, series
from tests.fakes.clock import FakeClock
from tests.fakes.venue import MemoryCandleSource
from trading.base.domain.errors import VenueUnavailableError
from trading.market.adapters.feeds.venue import VenueFeed, VenueSpec
from trading.market.adapters.feeds.venue_pair import HOLES_ASKED, OVERLAP_BARS
from trading.market.domain.bars import BarFlag
from trading.market.ports.feeds import FeedBar, FeedNews, PairState

PAIRS = ("BTC/USDT", "ETH/USDT")
STEP = 300_000
NOW = START_MS + 100 * STEP + 2_000  # bar 99 has just settled, bar 100 is forming


class Desk:
    """A feed, its venue and its clock, and the position between polls."""

    def __init__(self, history: int = 10) -> None:
        self.clock = FakeClock(NOW)
        self.venue = MemoryCandleSource(
            self.clock, {pair: series(130, seed=k) for k, pair in enumerate(PAIRS)}
        )
        spec = VenueSpec("5m", PAIRS, poll_s=5.0, history_bars=history)
        self.feed = VenueFeed(spec, source=self.venue, clock=self.clock)
        self.position: dict[str, Any] = {}
        self.again: list[FeedBar] = []
        self.news = FeedNews()

    async def take(self) -> list[FeedBar]:
        """Return what one poll publishes."""
        self.clock.advance(5.0)
        batch = await self.feed.next_batch(self.position, 1000)
        self.position = batch.position
        self.again += batch.again
        assert batch.news is not None
        self.news = batch.news
        return list(batch.bars)

    def places(self, bars: list[FeedBar]) -> list[tuple[str, int]]:
        return [(item.pair[:3], (item.bar.open_time - START_MS) // STEP) for item in bars]

    def to_bar(self, i: int) -> None:
        """Move the clock to when bar ``i`` has settled."""
        self.clock.advance((START_MS + (i + 1) * STEP + 2_000 - self.clock.now_ms()) / 1000 - 5)


async def test_history_is_marked_as_warm_up_and_live_bars_are_not() -> None:
    desk = Desk()
    history = await desk.take()
    assert desk.places(history)[0] == ("BTC", 90)
    assert desk.places(history)[-1] == ("ETH", 99)
    assert {item.bar.flags for item in history} == {BarFlag.WARMUP}
    desk.to_bar(100)
    assert [item.bar.flags for item in await desk.take()] == [0, 0]


async def test_a_bar_is_published_only_after_it_closed_and_settled() -> None:
    desk = Desk()
    await desk.take()
    desk.to_bar(100)
    desk.clock.advance(-1.5)
    assert await desk.take() == []
    desk.clock.advance(-3.5)
    assert desk.places(await desk.take()) == [("BTC", 100), ("ETH", 100)]


async def test_the_next_poll_comes_right_after_the_close() -> None:
    desk = Desk()
    await desk.take()
    desk.clock.advance(300 - 5 - 2 - 2)  # two seconds before the close
    batch = await desk.feed.next_batch(desk.position, 100)
    assert batch.wait_s <= 3.0


async def test_only_the_overlap_is_asked_for_again() -> None:
    desk = Desk()
    await desk.take()
    desk.venue.calls.clear()
    desk.to_bar(100)
    await desk.take()
    assert len(desk.venue.calls) == len(PAIRS)
    assert all(since == START_MS + (100 - OVERLAP_BARS) * STEP for _, since, _ in desk.venue.calls)


async def test_a_hole_is_asked_for_some_times_and_then_left_open() -> None:
    desk = Desk()
    hole = START_MS + 95 * STEP
    del desk.venue.bars["ETH/USDT"][hole]
    bars = await desk.take()
    assert ("ETH/USDT", hole) in [(pair, since) for pair, since, _ in desk.venue.calls]
    assert ("ETH", 95) not in desk.places(bars)
    for _ in range(5):
        await desk.take()
    asked = [(pair, since) for pair, since, _ in desk.venue.calls]
    assert asked.count(("ETH/USDT", hole)) == HOLES_ASKED


async def test_a_hole_the_venue_can_fill_is_filled_in_order() -> None:
    desk = Desk()
    hole = START_MS + 95 * STEP
    kept = desk.venue.bars["ETH/USDT"].pop(hole)

    original = desk.venue.fetch

    async def fetch(pair: str, timeframe: str, *, since_ms: int, limit: int) -> Any:
        if since_ms == hole:
            desk.venue.bars["ETH/USDT"][hole] = kept
        return await original(pair, timeframe, since_ms=since_ms, limit=limit)

    desk.venue.fetch = fetch  # type: ignore[method-assign]
    bars = await desk.take()
    assert ("ETH", 95) in desk.places(bars)


async def test_a_pair_without_a_bar_holds_the_others_back_only_for_its_grace() -> None:
    desk = Desk()
    await desk.take()
    late = desk.venue.bars["ETH/USDT"].pop(START_MS + 100 * STEP)
    desk.to_bar(100)
    assert await desk.take() == []
    desk.clock.advance(20)
    assert desk.places(await desk.take()) == [("BTC", 100)]
    desk.venue.bars["ETH/USDT"][START_MS + 100 * STEP] = late
    assert await desk.take() == []
    assert await desk.take() == []
    assert [(item.pair, item.bar) for item in desk.again] == [("ETH/USDT", late)]
    desk.to_bar(101)
    assert desk.places(await desk.take()) == [("BTC", 101), ("ETH", 101)]
    assert len(desk.again) == 1


async def test_a_rewritten_bar_is_handed_on_beside_the_log_once() -> None:
    desk = Desk()
    await desk.take()
    t = START_MS + 99 * STEP
    bar = desk.venue.bars["BTC/USDT"][t]
    desk.venue.bars["BTC/USDT"][t] = bar._replace(high=bar.high * 2)
    desk.to_bar(100)
    assert desk.places(await desk.take()) == [("BTC", 100), ("ETH", 100)]
    assert [item.bar.high for item in desk.again] == [bar.high * 2]


async def test_after_an_absence_all_missed_bars_come_in_order() -> None:
    desk = Desk()
    await desk.take()
    desk.venue.cap = 7  # the venue pages
    desk.to_bar(125)
    bars = await desk.take()
    assert desk.places(bars) == [(p, i) for i in range(100, 126) for p in ("BTC", "ETH")]
    assert not any(item.bar.flags for item in bars)


async def test_a_failing_venue_loses_nothing() -> None:
    desk = Desk()
    await desk.take()
    desk.to_bar(100)
    desk.venue.failures = [VenueUnavailableError("down")]
    assert await desk.take() == []
    assert desk.news.pairs["BTC/USDT"].state is PairState.FAILING
    assert desk.places(await desk.take()) == [("BTC", 100), ("ETH", 100)]


async def test_the_forming_bar_is_the_venues_own() -> None:
    desk = Desk()
    await desk.take()
    forming = await desk.feed.forming()
    assert desk.places(list(forming)) == [("BTC", 100), ("ETH", 100)]
    assert forming[0].bar == desk.venue.bars["BTC/USDT"][START_MS + 100 * STEP]
    desk.clock.advance(400)
    assert list(await desk.feed.forming()) == []


async def test_closing_the_feed_closes_the_venue() -> None:
    desk = Desk()
    await desk.feed.close()
    assert desk.venue.is_closed
