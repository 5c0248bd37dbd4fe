"""Follow one feed for as long as it runs: fetch, write, announce, wait; survive what can pass.

Errors are answered by what they mean: a venue that is away is asked again with growing pauses, a
wrong parameter ends the feed with its reason, and an error nobody foresaw is said and tried again,
as long as it takes. Other feeds never notice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connections

from trading.base.domain.errors import (
    BadInputError,
    ConfigError,
    InvariantError,
    RateLimitedError,
    VenueError,
)
from trading.base.domain.events import (
    FEED_BROKE,
    FEED_CURSOR_LOST,
    FEED_FAILED,
    FEED_RETRIED,
    FEED_SILENT,
)
from trading.base.ports.clock import Clock
from trading.base.services.database_trouble import database_trouble
from trading.base.services.event_log import EventLog
from trading.market.models import Feed as FeedRow
from trading.market.ports.feeds import Feed, FeedBatch
from trading.market.services.stream.herald import INTERVAL_S, Herald
from trading.market.services.stream.log import (
    CursorLostError,
    FeedCursor,
    bars_append,
    feed_cursor_get,
    feed_note,
)
from trading.market.services.stream.readers import FeedReaders
from trading.market.services.stream.state import feed_fail, feed_heartbeat

_log = EventLog(__name__)

BATCH_BARS: Final = 2000
LEAD_MAX: Final = 5000  # bars an unpaced replay may run ahead of the slowest session
LEAD_PAUSE_S: Final = 0.05
HEARTBEAT_S: Final = 2.0
BACK_OFF_FIRST_S: Final = 1.0
BACK_OFF_MAX_S: Final = 60.0

FeedOpener = Callable[[FeedRow], Feed]


class FeedFollower:
    """One feed's loop; ``stop`` lets the write under way finish."""

    def __init__(
        self,
        row: FeedRow,
        *,
        open_feed: FeedOpener,
        readers: FeedReaders,
        herald: Herald,
        clock: Clock,
    ) -> None:
        self._row = row
        self._open_feed = open_feed
        self._readers = readers
        self._herald = herald
        self._clock = clock
        self._stop = asyncio.Event()
        self._n_failures = 0
        self._last_heartbeat = 0.0
        self._told: Any = None  # of the feed's news, to write them when they change
        self._noted_at = -HEARTBEAT_S  # when they were written; a mere heartbeat says none
        self._is_unpaced = row.kind == "replay" and not row.params.get("bar_seconds")

    def stop(self) -> None:
        """Ask the loop to end at the next safe moment."""
        self._stop.set()

    async def run(self) -> None:
        """Follow until stopped, finished or failed; never raises for a feed's own troubles."""
        while not self._stop.is_set():
            try:
                if await self._follow():
                    return
            except CursorLostError as error:
                _log.say(FEED_CURSOR_LOST, feed=self._row.pk, why=str(error))
                await self._pause(BACK_OFF_FIRST_S)
            except (BadInputError, ConfigError, InvariantError) as error:
                await self._give_up(str(error))
                return
            except RateLimitedError as error:
                await self._retry(str(error), error.retry_after_s)
            except DatabaseError as error:
                trouble = await sync_to_async(database_trouble)(error)
                await sync_to_async(connections.close_all)()
                await self._retry(str(trouble), self._back_off_s())
            except (VenueError, OSError) as error:
                await self._retry(f"{type(error).__name__}: {error}", self._back_off_s())
            except Exception as error:  # noqa: BLE001 - said with its trace, tried again
                _log.say(FEED_BROKE, error=error, feed=self._row.pk)
                await self._retry(f"{type(error).__name__}: {error}", self._back_off_s())

    async def _follow(self) -> bool:
        """Return True when the feed has ended for good."""
        cursor = await sync_to_async(feed_cursor_get)(feed_id=self._row.pk, clock=self._clock)
        feed = await asyncio.to_thread(self._open_feed, self._row)
        try:
            while not self._stop.is_set():
                limit = await self._room(cursor)
                if limit < len(self._row.pairs):
                    await self._pause(LEAD_PAUSE_S)
                    continue
                batch = await feed.next_batch(cursor.position, limit)
                await self._write(cursor, batch)
                self._n_failures = 0
                if batch.finished:
                    return True
                await self._wait(feed, cursor, batch.wait_s)
        finally:
            await feed.close()
        return True

    async def _write(self, cursor: FeedCursor, batch: FeedBatch) -> None:
        is_more = bool(batch.bars or batch.again or batch.refused or batch.finished)
        told = batch.news and (
            batch.news.trouble,
            {pair: (news.state, news.reason) for pair, news in batch.news.pairs.items()},
        )
        now = self._clock.monotonic()
        if is_more or batch.position != cursor.position:
            rows = await sync_to_async(bars_append)(cursor=cursor, batch=batch, clock=self._clock)
            self._herald.bars_written(self._row.pk, rows)
        elif batch.news and (told != self._told or now - self._noted_at >= HEARTBEAT_S):
            await sync_to_async(feed_note)(cursor=cursor, news=batch.news, clock=self._clock)
        else:
            return
        self._told, self._last_heartbeat, self._noted_at = told, now, now

    async def _room(self, cursor: FeedCursor) -> int:
        if not self._is_unpaced:
            return max(BATCH_BARS, len(self._row.pairs))
        slowest = await sync_to_async(self._readers.slowest_cursor)(self._row.pk)
        if slowest is None:
            return max(BATCH_BARS, len(self._row.pairs))
        return min(BATCH_BARS, slowest + LEAD_MAX - cursor.last_seq)

    async def _wait(self, feed: Feed, cursor: FeedCursor, seconds: float) -> None:
        """Wait for the next bar, showing the forming ones meanwhile."""
        until = self._clock.monotonic() + seconds
        while not self._stop.is_set():
            left = until - self._clock.monotonic()
            if left <= 0:
                return
            await self._clock.sleep(min(left, INTERVAL_S))
            if until - self._clock.monotonic() > 0:
                numbers = {pair: last.n for pair, last in cursor.pairs.items()}
                self._herald.forming(self._row.pk, await feed.forming(), numbers)
            await self._beat(None)

    async def _pause(self, seconds: float) -> None:
        until = self._clock.monotonic() + seconds
        while not self._stop.is_set() and self._clock.monotonic() < until:
            await self._clock.sleep(min(INTERVAL_S, max(0.0, until - self._clock.monotonic())))
            await self._beat(None)

    async def _beat(self, reason: str | None) -> None:
        now = self._clock.monotonic()
        if reason is None and now - self._last_heartbeat < HEARTBEAT_S:
            return
        self._last_heartbeat = now
        try:
            await sync_to_async(feed_heartbeat)(
                feed_id=self._row.pk, reason=reason, clock=self._clock
            )
        except DatabaseError as error:
            # the database may be what is being waited for; the next write will tell
            _log.say(FEED_SILENT, feed=self._row.pk, why=str(error))

    def _back_off_s(self) -> float:
        self._n_failures += 1
        return min(BACK_OFF_MAX_S, BACK_OFF_FIRST_S * 2.0 ** (self._n_failures - 1))

    async def _retry(self, reason: str, pause_s: float) -> None:
        _log.say(FEED_RETRIED, feed=self._row.pk, pause_s=pause_s, why=reason)
        await self._beat(f"again in {pause_s:.0f} s: {reason}")
        await self._pause(pause_s)

    async def _give_up(self, reason: str) -> None:
        _log.say(FEED_FAILED, feed=self._row.pk, why=reason)
        await sync_to_async(feed_fail)(feed_id=self._row.pk, reason=reason, clock=self._clock)
