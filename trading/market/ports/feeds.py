"""One way in for market data: closed bars in order, and the forming bar for the eye.

Stored replay, simulated market and a venue through ccxt all speak this protocol. A feed is
resumable: its position is a plain JSON value that the stream process stores beside the bars in
one transaction, so that a restart neither loses nor repeats a bar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from trading.market.domain.bars import Bar
from trading.market.domain.series.door import RefusedBar
from trading.market.domain.venue_clock import VenueTime
from trading.market.ports.candles import SourceState


class PairState(StrEnum):
    """How one pair of a feed is followed."""

    WAITING = "waiting"  # nothing was heard of it yet
    FOLLOWED = "followed"
    SILENT = "silent"  # the venue answers and has no bar for the time that closed last
    FAILING = "failing"  # its requests fail or hang; the other pairs do not wait for it
    SET_ASIDE = "set_aside"  # the venue says it has no such pair; asked for again later


@dataclass(frozen=True, slots=True)
class FeedBar:
    """One closed bar of one pair (``pair`` written BASE/QUOTE)."""

    pair: str
    bar: Bar


@dataclass(frozen=True, slots=True)
class FeedRefusal:
    """One bar of one pair that was set aside at the door."""

    pair: str
    refused: RefusedBar


@dataclass(frozen=True, slots=True)
class PairNews:
    """How a pair is followed now.

    Attributes:
        state: see there.
        reason: why, for a person; empty where the state says enough.
        answered_ms: the venue's time of its last whole answer, None before the first.
        retry_s: seconds until a pair set aside is asked for again, None for the others.
    """

    state: PairState
    reason: str = ""
    answered_ms: int | None = None
    retry_s: float | None = None


@dataclass(frozen=True, slots=True)
class FeedNews:
    """What a feed knows besides bars.

    Attributes:
        trouble: what it waits for, for a person; empty when all is well.
        pairs: by pair; a source without a venue has none.
        clock: the venue's time.
        source: how the venue treats us.
    """

    trouble: str = ""
    pairs: Mapping[str, PairNews] = field(default_factory=dict)
    clock: VenueTime | None = None
    source: SourceState | None = None


@dataclass(frozen=True, slots=True)
class FeedBatch:
    """Closed bars and where to go on afterwards; the log orders those of one time.

    Attributes:
        bars: by open time, may be empty.
        position: JSON value to pass to ``next_batch`` next time.
        wait_s: seconds until more can be expected; 0 means at once.
        finished: True when nothing will ever follow.
        is_flagged: the flags of ``bars`` are those of a stored series and count as they are.
        again: bars of times that have passed, as the source has them now: corrections of stored
            bars and bars that came too late. May repeat what is stored.
        refused: bars set aside by the source itself.
        news: None when there is nothing new to say.
    """

    bars: Sequence[FeedBar]
    position: dict[str, Any]
    wait_s: float
    finished: bool = False
    is_flagged: bool = False
    again: Sequence[FeedBar] = ()
    refused: Sequence[FeedRefusal] = ()
    news: FeedNews | None = None


class Feed(Protocol):
    """A source of bars for a fixed set of pairs in one timeframe."""

    async def next_batch(self, position: dict[str, Any], limit: int) -> FeedBatch:
        """Return at most ``limit`` closed bars after ``position`` (``{}`` means the start).

        Raises:
            BadInputError: the feed cannot be followed until a person mends something.
            VenueError: try again later.
        """
        ...

    async def forming(self) -> Sequence[FeedBar]:
        """Return the bars now forming, one per pair where known; empty where there are none."""
        ...

    async def close(self) -> None:
        """Release sockets and files."""
        ...
