"""The stream writes every bar once, in order, whatever feeds and neighbours do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from tests.fakes.candles import MemoryCandleStore, series
from tests.fakes.clock import FakeClock
from tests.fakes.feeds import PAIRS, ScriptedFeed, log_of, make_feed, session_on
from tests.fakes.meter import MemoryMeter
from tests.fakes.publisher import MemoryPublisher
from trading.base.domain.errors import BadInputError, RateLimitedError, VenueUnavailableError
from trading.base.domain.metrics import FEEDS_FOLLOWED
from trading.desk.services.sessions.readers import SessionReaders
from trading.market.adapters.feeds.replay import ReplayFeed, ReplaySpec
from trading.market.models import Feed, FeedPair
from trading.market.ports.candles import SeriesKey
from trading.market.ports.feeds import FeedBatch, FeedNews, PairNews, PairState
from trading.market.services.stream.supervisor import StreamSupervisor


@pytest.fixture(autouse=True)
async def _close_connections() -> AsyncIterator[None]:
    """The thread that serves async code keeps a connection, which would block the teardown."""
    yield
    await sync_to_async(connections.close_all)()


@asynccontextmanager
async def running(
    open_feed: Callable[[Feed], Any],
    publisher: MemoryPublisher | None = None,
    meter: MemoryMeter | None = None,
) -> AsyncIterator[FakeClock]:
    clock, stop = FakeClock(), asyncio.Event()
    supervisor = StreamSupervisor(
        readers=SessionReaders(),
        open_feed=open_feed,
        publisher=publisher or MemoryPublisher(),
        clock=clock,
        meter=meter or MemoryMeter(),
    )
    task = asyncio.create_task(supervisor.run(stop))
    try:
        yield clock
    finally:
        stop.set()
        await task


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition on the database; fails after ten seconds."""
    async with asyncio.timeout(10):
        while not await sync_to_async(condition)():
            await asyncio.sleep(0.01)


async def status_of(feed: Feed) -> str:
    await sync_to_async(feed.refresh_from_db)()
    return feed.status


@pytest.mark.django_db(transaction=True)
async def test_feeds_are_taken_up_while_running_and_announced() -> None:
    publisher = MemoryPublisher()
    meter = MemoryMeter()
    async with running(lambda row: ScriptedFeed(5), publisher, meter) as clock:
        begun = clock.monotonic()
        feed = await sync_to_async(make_feed)()
        await until(lambda: len(log_of(feed)) == 10)
        assert clock.monotonic() - begun < 1000
        assert meter.values == {(FEEDS_FOLLOWED.name,): 1}
        topic = f"candles.{feed.pk}.BTC-USDT"
        await until(lambda: any(not m["closed"] for m in publisher.on(topic)))
    assert meter.values == {(FEEDS_FOLLOWED.name,): 0}
    closed = [m["n"] for m in publisher.on(topic) if m["closed"]]
    assert closed == [1, 2, 3, 4, 5]
    assert {m["n"] for m in publisher.on(topic) if not m["closed"]} == {6}
    assert publisher.on(f"feed.{feed.pk}")[-1]["seq"] == 10


class NewsOnlyFeed(ScriptedFeed):
    """A venue between two bars: nothing to store, and every answer is news."""

    def __init__(self) -> None:
        super().__init__(0)
        self.heard = 0

    async def next_batch(self, position: dict[str, Any], limit: int) -> FeedBatch:
        self.heard += 1
        told = PairNews(PairState.SILENT, "", self.heard)
        return FeedBatch([], position, 5.0, news=FeedNews("", {PAIRS[0]: told}))


@pytest.mark.django_db(transaction=True)
async def test_what_a_venue_says_between_two_bars_is_written_although_hearts_beat() -> None:
    feed, source = await sync_to_async(make_feed)(), NewsOnlyFeed()
    behind: list[int] = []

    def is_enough() -> bool:
        heard = source.heard
        row = FeedPair.objects.filter(feed=feed, pair=PAIRS[0]).first()
        if row is not None and row.answered_ms:
            behind.append(heard - row.answered_ms)
        return heard >= 60

    async with running(lambda row: source):
        await until(is_enough)
    assert max(behind) <= 1


@pytest.mark.django_db(transaction=True)
async def test_a_failing_feed_says_why_and_stops_nobody() -> None:
    bad = await sync_to_async(make_feed)("bad")
    good = await sync_to_async(make_feed)("good")

    def open_feed(row: Feed) -> ScriptedFeed:
        if row.name == "bad":
            raise BadInputError("the venue was 'nowhere'; expected a venue")
        return ScriptedFeed(20)

    async with running(open_feed):
        await until(lambda: len(log_of(good)) == 40)
        await until(lambda: Feed.objects.get(pk=bad.pk).status == Feed.Status.FAILED)
    assert await status_of(bad) == Feed.Status.FAILED
    assert "nowhere" in bad.status_reason
    assert await status_of(good) == Feed.Status.RUNNING


@pytest.mark.django_db(transaction=True)
async def test_a_venue_that_is_away_is_asked_again_and_loses_nothing() -> None:
    feed = await sync_to_async(make_feed)()
    source = ScriptedFeed(
        3, [VenueUnavailableError("down"), RateLimitedError("slow", 5.0), OSError("reset")]
    )
    async with running(lambda row: source):
        await until(lambda: len(log_of(feed)) == 6)
    await sync_to_async(feed.refresh_from_db)()
    assert feed.status_reason == ""
    assert source.n_closed == 4


@pytest.mark.django_db(transaction=True)
async def test_while_a_venue_is_away_the_feed_says_so() -> None:
    feed = await sync_to_async(make_feed)()
    source = ScriptedFeed(3, [VenueUnavailableError("down for lunch")] * 10_000)
    async with running(lambda row: source):
        await until(lambda: "lunch" in Feed.objects.get(pk=feed.pk).status_reason)
        assert await status_of(feed) == Feed.Status.RUNNING
        assert feed.heartbeat_at is not None


@pytest.mark.django_db(transaction=True)
async def test_an_unforeseen_error_is_said_and_tried_again_until_it_is_over() -> None:
    feed = await sync_to_async(make_feed)()
    source = ScriptedFeed(3, [ZeroDivisionError("oops")] * 10_000)
    async with running(lambda row: source):
        await until(lambda: "oops" in Feed.objects.get(pk=feed.pk).status_reason)
        assert await status_of(feed) == Feed.Status.RUNNING
        assert "ZeroDivisionError: oops" in feed.status_reason
        source.failures.clear()
        await until(lambda: len(log_of(feed)) == 6)
    await sync_to_async(feed.refresh_from_db)()
    assert feed.status_reason == ""


@pytest.mark.django_db(transaction=True)
async def test_a_feed_whose_sessions_have_all_ended_is_stopped() -> None:
    feed = await sync_to_async(make_feed)()
    session = await sync_to_async(session_on)(feed)
    async with running(lambda row: ScriptedFeed(3)):
        await until(lambda: len(log_of(feed)) == 6)
        assert await status_of(feed) == Feed.Status.RUNNING
        session.is_wanted = False
        await session.asave()
        await until(lambda: Feed.objects.get(pk=feed.pk).status == Feed.Status.STOPPED)


@pytest.mark.django_db(transaction=True)
async def test_an_unpaced_replay_waits_for_the_slowest_session() -> None:
    store = MemoryCandleStore()
    for pair in PAIRS:
        store.replace(SeriesKey("v", pair, "5m"), series(6000), source="a test")
    clock = FakeClock()
    feed = await sync_to_async(make_feed)()
    session = await sync_to_async(session_on)(feed)

    def open_feed(row: Feed) -> ReplayFeed:
        spec = ReplaySpec("v", "5m", PAIRS)
        return ReplayFeed(spec, store=store, clock=clock, bar_seconds=0, history_bars=0)

    async with running(open_feed):
        await until(lambda: Feed.objects.get(pk=feed.pk).last_seq == 5000)
        await asyncio.sleep(0.2)
        assert (await Feed.objects.aget(pk=feed.pk)).last_seq == 5000
        session.cursor_seq = 3000
        await session.asave()
        await until(lambda: Feed.objects.get(pk=feed.pk).last_seq == 8000)
        session.cursor_seq = 12_000
        await session.asave()
        await until(lambda: Feed.objects.get(pk=feed.pk).status == Feed.Status.FINISHED)
    rows = await sync_to_async(log_of)(feed)
    assert [seq for seq, *_ in rows] == list(range(1, 12_001))


@pytest.mark.django_db(transaction=True)
async def test_two_stream_processes_at_once_write_every_bar_once() -> None:
    feed = await sync_to_async(make_feed)()
    async with running(lambda row: ScriptedFeed(60)), running(lambda row: ScriptedFeed(60)):
        await until(lambda: len(log_of(feed)) == 120)
    rows = await sync_to_async(log_of)(feed)
    assert [seq for seq, *_ in rows] == list(range(1, 121))
    assert [n for _, pair, n, _ in rows if pair == "BTC/USDT"] == list(range(1, 61))
