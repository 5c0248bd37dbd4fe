"""Feeds that publish what a test tells them to, and rows to run them on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.fakes.clock import FakeClock
from trading.desk.models import DeskSession
from trading.market.domain.bars import Bar
from trading.market.models import Feed, StreamBar
from trading.market.ports.feeds import FeedBar, FeedBatch
from trading.market.services.stream.feeds import feed_create

PAIRS = ("BTC/USDT", "ETH/USDT")
STEP = 300_000


def make_feed(name: str = "a feed", **params: Any) -> Feed:
    return feed_create(
        kind="replay", venue="v", timeframe="5m", pairs=PAIRS,
        params={"bar_seconds": 0, **params}, name=name, clock=FakeClock(),
    )  # fmt: skip


def bars_of(first: int, n: int, pairs: Sequence[str] = PAIRS) -> list[FeedBar]:
    return [
        FeedBar(pair, Bar(STEP * i, 1.0, 2.0, 0.5, 1.5, 10.0))
        for i in range(first, first + n)
        for pair in pairs
    ]


def batch(first: int, n: int, *, finished: bool = False) -> FeedBatch:
    return FeedBatch(bars_of(first, n), {"next": first + n}, 0.0, finished)


def log_of(feed: Feed) -> list[tuple[int, str, int, int]]:
    rows = StreamBar.objects.filter(feed=feed).order_by("seq")
    return list(rows.values_list("seq", "pair", "n", "open_time"))


def session_on(feed: Feed, **changes: Any) -> DeskSession:
    now = FakeClock().now()
    return DeskSession.objects.create(
        mode="ghost", feed=feed, pairs=list(PAIRS), created_at=now, updated_at=now, **changes
    )


class ScriptedFeed:
    """Publishes ``n`` bar times, one a batch, and raises what it is told to on the way."""

    def __init__(self, n: int, failures: list[Exception] | None = None) -> None:
        self.n = n
        self.failures = failures or []
        self.n_closed = 0

    async def next_batch(self, position: dict[str, Any], limit: int) -> FeedBatch:
        if self.failures:
            raise self.failures.pop(0)
        at = position.get("next", 0)
        if at == self.n:
            return FeedBatch([], position, 1.0)
        return batch(at, 1)

    async def forming(self) -> Sequence[FeedBar]:
        return bars_of(self.n, 1)

    async def close(self) -> None:
        self.n_closed += 1
