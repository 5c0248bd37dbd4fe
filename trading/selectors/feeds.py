"""Read how fresh every feed is, pair by pair, and how its venue treats the desk.

A followed venue is judged by the market's own times, not by when rows were written: a pair is
overdue from the moment its next bar closed at the venue, and blocked once that bar would be older
than an entry may be (``domain.market.freshness``, with the limit the sessions themselves obey).
Feeds that run on a clock of their own are judged by when their last bar came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import F

from trading.domain.desk.config import FeedKind
from trading.domain.market.bars import LATE
from trading.domain.market.freshness import age_limit_s, bar_age_s, overdue_s
from trading.domain.market.timeframes import timeframe_ms
from trading.domain.policy import RiskPolicy
from trading.models import Feed, FeedPair, RefusedBar, SessionInput, StreamBar
from trading.ports.feeds import PairState
from trading.selectors.health import SessionView

GRACE_S: Final = 10.0  # news of a feed with its own clock may be this late before it looks stale
BUDGET_BARS: Final = 3  # and this many of its own bars
SKEW_LIMIT_S: Final = 10.0
PAIR_COUNTS: Final = ("bars", "gaps", "missing", "late", "revised", "refused", "quarantined")
LATELY: Final = timedelta(hours=1)
ACCELERATED: Final = frozenset({"simulated", "replay"})


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
        age_s: of a followed venue, how long ago the last bar of its most overdue pair closed; else
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
    def speed(self) -> float | None:
        """Return market seconds per wall second when the feed runs on its own clock."""
        if not self.bar_seconds:
            return None
        return timeframe_ms(self.timeframe) / 1000 / self.bar_seconds


def feed_list(now: datetime, sessions: Sequence[SessionView]) -> tuple[FeedView, ...]:
    """Return the feeds the desk reads; without a session, every feed that is running."""
    ids = {session.feed_id for session in sessions}
    feeds = Feed.objects.filter(pk__in=ids) if ids else Feed.objects.filter(status="running")
    return tuple(_feed_view(feed, now) for feed in feeds)


def feed_get(feed_id: int, now: datetime) -> FeedView | None:
    """Return one feed, or None when there is no such feed."""
    feed = Feed.objects.filter(pk=feed_id).first()
    return None if feed is None else _feed_view(feed, now)


def _feed_view(feed: Feed, now: datetime) -> FeedView:
    step_ms = timeframe_ms(feed.timeframe)
    is_live = feed.kind == FeedKind.CCXT
    skew_ms = feed.clock_skew_ms or 0.0
    venue_ms = int(now.timestamp() * 1000 - skew_ms) if is_live else None
    pairs = _pair_views(feed, now, step_ms, venue_ms)
    bar_seconds = _bar_seconds(feed)
    age_from, limit_s = feed.last_bar_at, None
    budget_s = BUDGET_BARS * (bar_seconds or 0.0) + GRACE_S
    if is_live:
        limit_s = _limit_s(feed, step_ms)
        age_from, budget_s = _last_close(pairs, skew_ms), step_ms / 1000 + limit_s
    return FeedView(
        id=feed.pk,
        name=feed.name,
        kind=feed.kind,
        venue=feed.venue,
        timeframe=feed.timeframe,
        pairs=tuple(feed.pairs),
        is_simulated=feed.is_simulated,
        status=feed.status,
        status_reason=feed.status_reason,
        # a bar may be written between the look at the clock and the look at the row
        age_s=None if age_from is None else max(0.0, (now - age_from).total_seconds()),
        age_from=age_from,
        budget_s=budget_s,
        market_time=_market_time(feed, pairs, step_ms),
        bar_seconds=bar_seconds,
        last_seq=feed.last_seq,
        pair_views=pairs,
        venue_view=_venue_view(feed) if is_live else None,
        limit_s=limit_s,
    )


def _bar_seconds(feed: Feed) -> float | None:
    if feed.kind not in ACCELERATED:
        return None
    params: dict[str, Any] = feed.params or {}
    try:
        return float(params.get("bar_seconds", 0)) or None
    except (TypeError, ValueError):
        return None


def _limit_s(feed: Feed, step_ms: int) -> float:
    """Return the least limit of the sessions on the feed: what their newest policy says."""
    kinds = (SessionInput.Kind.START, SessionInput.Kind.POLICY)
    risk = "payload__policy__risk__"
    rows = (
        SessionInput.objects.filter(session__feed=feed, session__is_wanted=True, kind__in=kinds)
        .order_by("session", "n")
        .values_list("session", f"{risk}max_bar_age_bars", f"{risk}max_bar_age_s")
    )
    usual = RiskPolicy()
    newest = {
        session: (most_bars or usual.max_bar_age_bars, most_s or usual.max_bar_age_s)
        for session, most_bars, most_s in rows
    }
    limits = newest.values() or [(usual.max_bar_age_bars, usual.max_bar_age_s)]
    return min(age_limit_s(step_ms, most_bars, most_s) for most_bars, most_s in limits)


def _last_close(pairs: Sequence[PairView], skew_ms: float) -> datetime | None:
    """Return when the last bar of the most overdue pair closed, by the host's clock."""
    known = [pair for pair in pairs if pair.is_followed and pair.close_time is not None]
    if not known:
        return None
    worst = max(known, key=lambda pair: pair.overdue_s or 0.0)
    return datetime.fromtimestamp(((worst.close_time or 0) + skew_ms) / 1000, UTC)


def _market_time(feed: Feed, pairs: Sequence[PairView], step_ms: int) -> int | None:
    """Return the close of the newest bar; the one numbered last may have come late."""
    rows = StreamBar.objects.filter(feed=feed).annotate(late=F("flags").bitand(LATE))
    last = rows.filter(late=0).order_by("-seq").values_list("open_time", flat=True).first()
    closes = [pair.close_time for pair in pairs if pair.close_time is not None]
    return max([*closes, *([] if last is None else [last + step_ms])], default=None)


def _pair_views(
    feed: Feed, now: datetime, step_ms: int, venue_ms: int | None
) -> tuple[PairView, ...]:
    lately: dict[str, list[RefusedBar]] = {}
    for bad in RefusedBar.objects.filter(feed=feed, seen_at__gte=now - LATELY):
        lately.setdefault(bad.pair, []).append(bad)
    return tuple(
        _pair_view(row, step_ms, lately.get(row.pair, []), venue_ms)
        for row in FeedPair.objects.filter(feed=feed)
    )


def _pair_view(
    row: FeedPair, step_ms: int, refused: Sequence[RefusedBar], venue_ms: int | None
) -> PairView:
    closed = None if row.last_open_time is None else row.last_open_time + step_ms
    age = overdue = None
    if venue_ms is not None and closed is not None:
        age, overdue = bar_age_s(closed, venue_ms), overdue_s(closed, step_ms, venue_ms)
        if row.state == PairState.SILENT and row.answered_ms is not None:
            overdue = min(overdue, bar_age_s(row.answered_ms, venue_ms))
    return PairView(
        row.pair,
        row.state,
        row.reason,
        row.state_at,
        row.retry_at,
        row.answered_ms,
        closed,
        row.stored_at,
        row.delay_ms,
        {name: getattr(row, f"n_{name}") for name in PAIR_COUNTS},
        len(refused),
        str(refused[0].what) if refused else "",
        age,
        overdue,
    )


def _venue_view(feed: Feed) -> VenueView:
    skew_ms = feed.clock_skew_ms
    return VenueView(
        None if skew_ms is None else skew_ms / 1000,
        float(feed.params.get("skew_limit_s", SKEW_LIMIT_S)),
        feed.clock_source,
        feed.n_requests,
        feed.n_refusals,
        feed.paused_until,
    )


def mark_prices(feeds: Sequence[FeedView]) -> dict[tuple[int, str], float]:
    """Return the last close of every pair by (feed id, pair), quote per base."""
    marks: dict[tuple[int, str], float] = {}
    for feed in feeds:
        for pair in feed.pairs:
            row = StreamBar.objects.filter(feed_id=feed.id, pair=pair).order_by("-open_time")
            close = row.values_list("close", flat=True).first()
            if close is not None:
                marks[feed.id, pair] = close
    return marks


def market_now(feeds: Sequence[FeedView]) -> int | None:
    """Return the latest market time any feed has reached, ms UTC: the desk's own clock."""
    return max((f.market_time for f in feeds if f.market_time is not None), default=None)
