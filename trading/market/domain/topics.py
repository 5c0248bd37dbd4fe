"""Name the topics under which news of the market is published."""

from __future__ import annotations

from trading.market.domain.instruments import Pair


def candles_topic(feed_id: int, pair: str) -> str:
    """Return the topic of one pair's bars on one feed; ``pair`` is written BASE/QUOTE."""
    return f"candles.{feed_id}.{Pair.parse(pair).slug}"


def feed_topic(feed_id: int) -> str:
    """Return the topic that wakes the sessions which read this feed."""
    return f"feed.{feed_id}"
