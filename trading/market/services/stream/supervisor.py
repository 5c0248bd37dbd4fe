"""Follow every running feed at once, take up new ones within a second, end in good order."""

from __future__ import annotations

import asyncio
from typing import Final

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connections

from trading.base.domain.events import (
    FEED_FOLLOWED,
    FEED_LATE_END,
    FEEDS_UNREADABLE,
    NEWS_LATE,
    STREAM_ENDED,
)
from trading.base.domain.metrics import FEEDS_FOLLOWED
from trading.base.ports.clock import Clock
from trading.base.ports.meter import Meter
from trading.base.ports.publisher import EventPublisher
from trading.base.services.database_trouble import database_trouble
from trading.base.services.event_log import EventLog
from trading.market.services.stream.follower import FeedFollower, FeedOpener
from trading.market.services.stream.herald import Herald
from trading.market.services.stream.readers import FeedReaders
from trading.market.services.stream.state import feeds_running

_log = EventLog(__name__)

LOOK_S: Final = 0.5  # between looks for new feeds
STEP_S: Final = 0.1  # how soon a request to stop is seen
DRAIN_S: Final = 5.0


class StreamSupervisor:
    """The stream process: the only writer of the log."""

    def __init__(
        self,
        *,
        open_feed: FeedOpener,
        readers: FeedReaders,
        publisher: EventPublisher,
        clock: Clock,
        meter: Meter,
    ) -> None:
        self._open_feed = open_feed
        self._meter = meter
        self._readers = readers
        self._clock = clock
        self._herald = Herald(publisher=publisher, clock=clock)
        self._followed: dict[int, tuple[FeedFollower, asyncio.Task[None]]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Follow feeds until ``stop`` is set, then let every write finish and send the news."""
        news = asyncio.create_task(self._herald.run())
        try:
            while not stop.is_set():
                await self._look()
                waited = 0.0
                while waited < LOOK_S and not stop.is_set():
                    await self._clock.sleep(STEP_S)
                    waited += STEP_S
        finally:
            await self._end(news)

    async def _look(self) -> None:
        try:
            rows = {row.pk: row for row in await sync_to_async(feeds_running)(self._readers)}
        except DatabaseError as error:
            trouble = await sync_to_async(database_trouble)(error)
            _log.say(FEEDS_UNREADABLE, why=str(trouble))
            await sync_to_async(connections.close_all)()
            return
        for feed_id, (follower, task) in list(self._followed.items()):
            if task.done():
                task.result()  # an error here is one of this code, not of a feed
                del self._followed[feed_id]
            elif feed_id not in rows:
                follower.stop()
        for feed_id, row in rows.items():
            if feed_id not in self._followed:
                _log.say(FEED_FOLLOWED, feed=feed_id, title=row.name)
                follower = FeedFollower(
                    row,
                    open_feed=self._open_feed,
                    readers=self._readers,
                    herald=self._herald,
                    clock=self._clock,
                )
                self._followed[feed_id] = (follower, asyncio.create_task(follower.run()))
        self._meter.level(FEEDS_FOLLOWED, len(self._followed))

    async def _end(self, news: asyncio.Task[None]) -> None:
        self._meter.level(FEEDS_FOLLOWED, 0)
        for follower, _ in self._followed.values():
            follower.stop()
        tasks = [task for _, task in self._followed.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=DRAIN_S)
            for task in late:
                _log.say(FEED_LATE_END, limit_s=DRAIN_S)
                task.cancel()
        self._herald.stop()
        await asyncio.wait({news}, timeout=DRAIN_S)
        try:
            await asyncio.wait_for(self._herald.drain(), DRAIN_S)
        except TimeoutError:
            _log.say(NEWS_LATE, limit_s=DRAIN_S)
        _log.say(STREAM_ENDED, n_sent=self._herald.n_sent, n_dropped=self._herald.n_dropped)
