"""One feed, its pairs and its venue as pages and status show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from trading.market.domain.timeframes import timeframe_ms
from trading.market.ports.feeds import PairState


@dataclass(frozen=True, slots=True)
class PairView:
    """How one pair of a feed is followed; times of bars in ms UTC, None before the first.

    Attributes:
        state: ``PairState``.
        reason: why it is in it.
        state_at: since when.
        retry_at: when a pair set aside is asked for again.
        answered_ms: the venue's time of its last answer.
        close_time: when its last bar closed.
        stored_at: when that bar was stored.
        delay_ms: from that close to the storing, by the venue's clock; None for history.
        counts: ``bars``, ``gaps``, ``missing``, ``late``, ``revised``, ``refused``,
            ``quarantined``.
        refused_lately: bars set aside in the last hour.
        refused_what: when the newest of them opened and what is wrong with it.
        age_s: how long ago its last bar closed, by the venue's clock; None without a venue.
        overdue_s: how old its next bar would be if it came now; of a pair nobody trades, how long
            the venue has not said so.
        age_from: since when its news counts as read, by the host's clock; ``overdue_s`` is what
            has passed since then, less one bar. None without a venue.
    """

    pair: str
    state: str
    reason: str
    state_at: datetime
    retry_at: datetime | None
    answered_ms: int | None
    close_time: int | None
    stored_at: datetime | None
    delay_ms: int | None
    counts: Mapping[str, int]
    refused_lately: int = 0
    refused_what: str = ""
    age_s: float | None = None
    overdue_s: float | None = None
    age_from: datetime | None = None

    @property
    def is_followed(self) -> bool:
        """Return False for a pair that is set aside."""
        return self.state != PairState.SET_ASIDE


@dataclass(frozen=True, slots=True)
class VenueView:
    """How a followed venue treats the desk.

    Attributes:
        skew_s: host minus venue; None while the venue tells no time.
        skew_limit_s: beyond it the host's clock is not to be trusted.
        clock_source: ``TimeSource``.
        n_requests: since the feed was taken up.
        n_refusals: of them.
        paused_until: the venue wants silence till then.
    """

    skew_s: float | None
    skew_limit_s: float
    clock_source: str
    n_requests: int
    n_refusals: int
    paused_until: datetime | None

    @property
    def is_skewed(self) -> bool:
        """Return True when the two clocks are too far apart."""
        return self.skew_s is not None and abs(self.skew_s) > self.skew_limit_s


@dataclass(frozen=True, slots=True)
class FeedView:
    """One feed, how old its data is, and the market time it has reached (ms UTC).

    Attributes:
        age_s: of a followed venue, the age of its most overdue pair (``PairView.age_from``); else
            how long ago a bar came. None before the first.
        age_from: since when, by the host's clock.
        budget_s: how old that may be.
        limit_s: of a followed venue, how old a bar may be for an entry.
    """

    id: int
    name: str
    kind: str
    venue: str
    timeframe: str
    pairs: tuple[str, ...]
    is_simulated: bool
    status: str
    status_reason: str
    age_s: float | None
    age_from: datetime | None
    budget_s: float
    market_time: int | None
    bar_seconds: float | None
    last_seq: int
    pair_views: tuple[PairView, ...] = ()
    venue_view: VenueView | None = None
    limit_s: float | None = None

    @property
    def is_stale(self) -> bool:
        """Return True when bars are older than they may be, or never came."""
        if self.limit_s is not None:
            return bool(self.blocked)
        return self.age_s is None or self.age_s > self.budget_s

    @property
    def blocked(self) -> tuple[PairView, ...]:
        """Return the followed pairs of a venue whose next bar would be too old for an entry."""
        if self.limit_s is None:
            return ()
        limit = self.limit_s
        return tuple(
            pair
            for pair in self.pair_views
            if pair.is_followed and (pair.overdue_s is None or pair.overdue_s > limit)
        )

    @property
    def pair_times(self) -> dict[str, str | None]:
        """Return ``age_from`` of every pair of a followed venue, as ISO 8601; else nothing."""
        if self.limit_s is None:
            return {}
        return {
            view.pair: None if view.age_from is None else view.age_from.isoformat()
            for view in self.pair_views
        }

    @property
    def speed(self) -> float | None:
        """Return market seconds per wall second when the feed runs on its own clock."""
        if not self.bar_seconds:
            return None
        return timeframe_ms(self.timeframe) / 1000 / self.bar_seconds
