"""Tell browsers and sessions what was written, without ever making the log wait for them.

Messages queue in memory; a slow or absent Redis costs freshness, counted, and nothing else.
Forming bars and bursts of closed ones are coalesced: at most four a second and pair, the latest
wins. A chart that misses a number asks for a snapshot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from trading.base.ports.clock import Clock
from trading.base.ports.publisher import EventPublisher
from trading.market.domain.bars import Bar
from trading.market.domain.topics import candles_topic, feed_topic
from trading.market.ports.feeds import FeedBar
from trading.market.services.stream.rows import WrittenBar

INTERVAL_S: Final = 0.25  # between coalesced messages of one pair
BURST_BARS: Final = 5  # closed bars of a pair in one batch above which only the last is told
CAPACITY: Final = 4000


class Herald:
    """Queues messages and sends them in its own task.

    Attributes:
        n_dropped: messages that were pushed out of a full queue or refused by the publisher.
        n_sent: messages handed over.
    """

    def __init__(
        self, *, publisher: EventPublisher, clock: Clock, capacity: int = CAPACITY
    ) -> None:
        self._publisher = publisher
        self._clock = clock
        self._capacity = capacity
        # by key, in sending order; a coalesced key holds only its latest message
        self._waiting: dict[tuple[str, str, int], Mapping[str, Any]] = {}
        self._sent_at: dict[tuple[str, str, int], float] = {}
        self._told: dict[str, Mapping[str, Any]] = {}
        self._wake = asyncio.Event()
        self._is_stopped = False
        self.n_dropped = 0
        self.n_sent = 0

    def bars_written(self, feed_id: int, rows: Sequence[WrittenBar]) -> None:
        """Announce closed bars that are committed, and that the feed's log has grown."""
        if not rows:
            return
        by_pair: dict[str, list[WrittenBar]] = {}
        for row in rows:
            by_pair.setdefault(row.pair, []).append(row)
        for pair, written in by_pair.items():
            topic = candles_topic(feed_id, pair)
            if len(written) > BURST_BARS:
                self._put((topic, "burst", 0), _closed(feed_id, written[-1]))
                continue
            for row in written:
                self._put((topic, "bar", row.n), _closed(feed_id, row))
        self._put(
            (feed_topic(feed_id), "written", 0),
            {"kind": "bars_written", "feed": feed_id, "seq": rows[-1].seq},
        )

    def forming(self, feed_id: int, bars: Sequence[FeedBar], n: Mapping[str, int]) -> None:
        """Announce bars that are not over yet; ``n`` is each pair's last closed number."""
        for item in bars:
            topic = candles_topic(feed_id, item.pair)
            number = n.get(item.pair, 0) + 1
            message = _message(feed_id, item.pair, number, item.bar, is_closed=False)
            if self._told.get(topic) != message:
                self._told[topic] = message
                self._put((topic, "forming", 0), message)

    async def run(self) -> None:
        """Send until stopped."""
        while not self._is_stopped:
            await self._wake.wait()
            self._wake.clear()
            await self._send_due()
            if self._waiting:
                await self._clock.sleep(INTERVAL_S / 5)
                self._wake.set()

    def stop(self) -> None:
        """Let ``run`` end after the message it is sending.

        A flag and not a cancellation: a channel layer may swallow that one.
        """
        self._is_stopped = True
        self._wake.set()

    async def drain(self) -> None:
        """Send what is left, coalescing intervals ignored."""
        while self._waiting:
            key = next(iter(self._waiting))
            await self._send(key, self._waiting.pop(key))

    def _put(self, key: tuple[str, str, int], message: Mapping[str, Any]) -> None:
        self._waiting.pop(key, None)  # to the end: a forming bar never overtakes a closed one
        self._waiting[key] = message
        if len(self._waiting) > self._capacity:
            del self._waiting[next(iter(self._waiting))]
            self.n_dropped += 1
        self._wake.set()

    async def _send_due(self) -> None:
        for key in list(self._waiting):
            _, kind, _ = key
            now = self._clock.monotonic()
            is_coalesced = kind in {"burst", "forming"}
            if is_coalesced and now - self._sent_at.get(key, -INTERVAL_S) < INTERVAL_S * 0.9:
                continue
            message = self._waiting.pop(key, None)
            if message is None:
                continue
            if is_coalesced:
                self._sent_at[key] = now
            await self._send(key, message)

    async def _send(self, key: tuple[str, str, int], message: Mapping[str, Any]) -> None:
        if await self._publisher.publish(key[0], message):
            self.n_sent += 1
        else:
            self.n_dropped += 1


def _closed(feed_id: int, row: WrittenBar) -> dict[str, Any]:
    return _message(feed_id, row.pair, row.n, row.bar, is_closed=True)


def _message(feed_id: int, pair: str, n: int, bar: Bar, *, is_closed: bool) -> dict[str, Any]:
    return {
        "kind": "bar",
        "feed": feed_id,
        "pair": pair,
        "n": n,
        "t": bar.open_time,
        "o": bar.open,
        "h": bar.high,
        "l": bar.low,
        "c": bar.close,
        "v": bar.volume,
        "closed": is_closed,
        "flags": bar.flags,
    }
