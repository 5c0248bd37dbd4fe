"""One way in for market data: closed bars in order, and the forming bar for the eye.

Stored replay, simulated market and a venue through ccxt all speak this protocol. A feed is
resumable: its position is a plain JSON value that the stream process stores beside the bars in
one transaction, so that a restart neither loses nor repeats a bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from trading.domain.market.bars import Bar


@dataclass(frozen=True, slots=True)
class FeedBar:
    """One closed bar of one pair (``pair`` written BASE/QUOTE)."""

    pair: str
    bar: Bar


@dataclass(frozen=True, slots=True)
class FeedBatch:
    """Closed bars and where to go on afterwards; the log orders those of one time.

    Attributes:
        bars: by open time, may be empty.
        position: JSON value to pass to ``next_batch`` next time.
        wait_s: seconds until more can be expected; 0 means at once.
        finished: True when nothing will ever follow.
    """

    bars: Sequence[FeedBar]
    position: dict[str, Any]
    wait_s: float
    finished: bool = False


class Feed(Protocol):
    """A source of bars for a fixed set of pairs in one timeframe."""

    async def next_batch(self, position: dict[str, Any], limit: int) -> FeedBatch:
        """Return at most ``limit`` closed bars after ``position`` (``{}`` means the start).

        Raises:
            VenueUnavailableError: try again later.
            RateLimitedError: try again after ``retry_after_s``.
        """
        ...

    async def forming(self) -> Sequence[FeedBar]:
        """Return the bars now forming, one per pair where known; empty where there are none."""
        ...

    async def close(self) -> None:
        """Release sockets and files."""
        ...
