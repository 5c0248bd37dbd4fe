"""Who reads the log of a feed: the stream process asks, whoever reads it answers."""

from __future__ import annotations

from typing import Protocol

from django.db.models import QuerySet

from trading.market.models import Feed


class FeedReaders(Protocol):
    """All readers together, whatever they are; the market knows none of them."""

    def left_alone(self, feeds: QuerySet[Feed]) -> QuerySet[Feed]:
        """Return those of ``feeds`` whose readers have all ended; one never read stays."""
        ...

    def slowest_cursor(self, feed_id: int) -> int | None:
        """Return the last bar taken by the slowest reader; None when nobody reads."""
        ...
