"""Database rows of ``trading.market``; rules live in its domain."""

from trading.market.models.feeds import BarRevision, Feed, FeedPair, RefusedBar, StreamBar

__all__ = ["BarRevision", "Feed", "FeedPair", "RefusedBar", "StreamBar"]
