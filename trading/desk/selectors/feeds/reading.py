"""Read how fresh every feed is, pair by pair, and how its venue treats the desk.

A followed venue is judged by the market's own times, not by when rows were written: a pair is
overdue from the moment its next bar closed at the venue, and blocked once that bar would be older
than an entry may be (``trading.market.domain.freshness``, with the limit the sessions themselves
obey). Feeds that run on a clock of their own are judged by when their last bar came.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import F

from trading.desk.domain.decision.facts import FactKind
from trading.desk.domain.policy import RiskPolicy
from trading.desk.models import SessionFact
from trading.desk.selectors.feeds.views import FeedView, PairView, VenueView
from trading.desk.selectors.health import SessionView
from trading.market.domain.bars import LATE
from trading.market.domain.feed_kind import FeedKind
from trading.market.domain.freshness import age_limit_s, bar_age_s, overdue_s
from trading.market.domain.timeframes import timeframe_ms
from trading.market.models import Feed, FeedPair, RefusedBar, StreamBar
from trading.market.ports.feeds import PairState

GRACE_S: Final = 10.0  # news of a feed with its own clock may be this late before it looks stale
BUDGET_BARS: Final = 3  # and this many of its own bars
SKEW_LIMIT_S: Final = 10.0
PAIR_COUNTS: Final = ("bars", "gaps", "missing", "late", "revised", "refused", "quarantined")
LATELY: Final = timedelta(hours=1)
ACCELERATED: Final = frozenset({"simulated", "replay"})


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
    pairs = _pair_views(feed, now, step_ms, skew_ms if is_live else None)
    bar_seconds = _bar_seconds(feed)
    age_from, limit_s = feed.last_bar_at, None
    budget_s = BUDGET_BARS * (bar_seconds or 0.0) + GRACE_S
    if is_live:
        limit_s = _limit_s(feed, step_ms)
        times = [pair.age_from for pair in pairs if pair.is_followed and pair.age_from is not None]
        age_from, budget_s = min(times, default=None), step_ms / 1000 + limit_s
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
    kinds = (FactKind.START, FactKind.POLICY)
    risk = "payload__policy__risk__"
    rows = (
        SessionFact.objects.filter(session__feed=feed, session__is_wanted=True, kind__in=kinds)
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


def _market_time(feed: Feed, pairs: Sequence[PairView], step_ms: int) -> int | None:
    """Return the close of the newest bar; the one numbered last may have come late."""
    rows = StreamBar.objects.filter(feed=feed).annotate(late=F("flags").bitand(LATE))
    last = rows.filter(late=0).order_by("-seq").values_list("open_time", flat=True).first()
    closes = [pair.close_time for pair in pairs if pair.close_time is not None]
    return max([*closes, *([] if last is None else [last + step_ms])], default=None)


def _pair_views(
    feed: Feed, now: datetime, step_ms: int, skew_ms: float | None
) -> tuple[PairView, ...]:
    lately: dict[str, list[RefusedBar]] = {}
    for bad in RefusedBar.objects.filter(feed=feed, seen_at__gte=now - LATELY):
        lately.setdefault(bad.pair, []).append(bad)
    return tuple(
        _pair_view(row, step_ms, lately.get(row.pair, []), now, skew_ms)
        for row in FeedPair.objects.filter(feed=feed)
    )


def _pair_view(
    row: FeedPair,
    step_ms: int,
    refused: Sequence[RefusedBar],
    now: datetime,
    skew_ms: float | None,
) -> PairView:
    closed = None if row.last_open_time is None else row.last_open_time + step_ms
    age = overdue = age_from = None
    if skew_ms is not None and closed is not None:
        venue_ms, fresh = int(now.timestamp() * 1000 - skew_ms), closed
        if row.state == PairState.SILENT and row.answered_ms is not None:
            fresh = max(closed, row.answered_ms - step_ms)  # that nobody trades is news too
        age, overdue = bar_age_s(closed, venue_ms), overdue_s(fresh, step_ms, venue_ms)
        age_from = datetime.fromtimestamp((fresh + skew_ms) / 1000, UTC)
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
        age_from,
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
