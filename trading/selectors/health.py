"""Read which sessions are the desk, and how fresh every feed is.

The desk is what an operator asked to run: wanted sessions that are not backtests. When none is
wanted, the newest session is still shown, so that a finished run stays readable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F

from trading.domain.desk.config import FeedKind
from trading.domain.market.bars import LATE
from trading.domain.market.timeframes import timeframe_ms
from trading.models import DeskSession, Feed, FeedPair, Mode, RefusedBar, StreamBar

GRACE_S: Final = 10.0  # news may be this late before a feed looks stale
BUDGET_BARS: Final = 3  # and this many of its own bars
HEARTBEAT_BUDGET_S: Final = 30.0
SKEW_LIMIT_S: Final = 10.0
PAIR_COUNTS: Final = ("bars", "gaps", "missing", "late", "revised", "refused", "quarantined")
LATELY: Final = timedelta(hours=1)
ACCELERATED: Final = frozenset({"simulated", "replay"})


@dataclass(frozen=True, slots=True)
class SessionView:
    """One session as the pages show it; ``lease_age_s`` is None when nobody ever held it."""

    id: int
    mode: str
    feed_id: int
    pairs: tuple[str, ...]
    status: str
    status_reason: str
    is_wanted: bool
    cursor_seq: int
    n_decisions: int
    digest: str
    lease_age_s: float | None
    n_failures: int = 0


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
    """One feed with its age in wall seconds and the market time it has reached (ms UTC)."""

    id: int
    name: str
    kind: str
    venue: str
    timeframe: str
    pairs: tuple[str, ...]
    is_simulated: bool
    status: str
    status_reason: str
    last_bar_at: datetime | None
    age_s: float | None
    budget_s: float
    market_time: int | None
    bar_seconds: float | None
    last_seq: int
    pair_views: tuple[PairView, ...] = ()
    venue_view: VenueView | None = None

    @property
    def is_stale(self) -> bool:
        """Return True when the newest bar is older than the feed's budget or never came."""
        return self.age_s is None or self.age_s > self.budget_s

    @property
    def speed(self) -> float | None:
        """Return market seconds per wall second when the feed runs on its own clock."""
        if not self.bar_seconds:
            return None
        return timeframe_ms(self.timeframe) / 1000 / self.bar_seconds


def _bar_seconds(feed: Feed) -> float | None:
    if feed.kind not in ACCELERATED:
        return None
    params: dict[str, Any] = feed.params or {}
    try:
        return float(params.get("bar_seconds", 0)) or None
    except (TypeError, ValueError):
        return None


def _feed_view(feed: Feed, now: datetime) -> FeedView:
    step_ms = timeframe_ms(feed.timeframe)
    lately: dict[str, list[RefusedBar]] = {}
    for bad in RefusedBar.objects.filter(feed=feed, seen_at__gte=now - LATELY):
        lately.setdefault(bad.pair, []).append(bad)
    rows = FeedPair.objects.filter(feed=feed)
    pairs = tuple(_pair_view(row, step_ms, lately.get(row.pair, [])) for row in rows)
    bar_seconds = _bar_seconds(feed)
    # a venue publishes a bar only after it closed, so a healthy feed is up to one bar old
    expected_s = bar_seconds if bar_seconds is not None else step_ms / 1000
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
        last_bar_at=feed.last_bar_at,
        # a bar may be written between the look at the clock and the look at the row
        age_s=max(0.0, (now - feed.last_bar_at).total_seconds()) if feed.last_bar_at else None,
        budget_s=BUDGET_BARS * expected_s + GRACE_S,
        market_time=_market_time(feed, pairs, step_ms),
        bar_seconds=bar_seconds,
        last_seq=feed.last_seq,
        pair_views=pairs,
        venue_view=_venue_view(feed) if feed.kind == FeedKind.CCXT else None,
    )


def _market_time(feed: Feed, pairs: Sequence[PairView], step_ms: int) -> int | None:
    """Return the close of the newest bar; the one numbered last may have come late."""
    rows = StreamBar.objects.filter(feed=feed).annotate(late=F("flags").bitand(LATE))
    last = rows.filter(late=0).order_by("-seq").values_list("open_time", flat=True).first()
    closes = [pair.close_time for pair in pairs if pair.close_time is not None]
    return max([*closes, *([] if last is None else [last + step_ms])], default=None)


def _pair_view(row: FeedPair, step_ms: int, refused: Sequence[RefusedBar]) -> PairView:
    closed = None if row.last_open_time is None else row.last_open_time + step_ms
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


def session_list(now: datetime) -> tuple[SessionView, ...]:
    """Return the sessions that are the desk, oldest first."""
    rows = DeskSession.objects.exclude(mode=Mode.BACKTEST).select_related("lease", "feed")
    wanted = list(rows.filter(is_wanted=True).order_by("id"))
    shown = wanted or list(rows.order_by("-id")[:1])
    return tuple(_session_view(row, now) for row in shown)


def _session_view(row: DeskSession, now: datetime) -> SessionView:
    lease = getattr(row, "lease", None)
    beat = lease.heartbeat_at if lease is not None else None
    age = (now - beat).total_seconds() if beat else None
    return SessionView(
        id=row.pk,
        mode=row.mode,
        feed_id=row.feed_id,
        pairs=tuple(row.pairs),
        status=row.status,
        status_reason=row.status_reason,
        is_wanted=row.is_wanted,
        cursor_seq=row.cursor_seq,
        n_decisions=row.n_decisions,
        digest=row.digest,
        lease_age_s=age,
        n_failures=row.n_failures,
    )


def feed_list(now: datetime, sessions: Sequence[SessionView]) -> tuple[FeedView, ...]:
    """Return the feeds the desk reads; without a session, every feed that is running."""
    ids = {session.feed_id for session in sessions}
    feeds = Feed.objects.filter(pk__in=ids) if ids else Feed.objects.filter(status="running")
    return tuple(_feed_view(feed, now) for feed in feeds)


def feed_get(feed_id: int, now: datetime) -> FeedView | None:
    """Return one feed, or None when there is no such feed."""
    feed = Feed.objects.filter(pk=feed_id).first()
    return None if feed is None else _feed_view(feed, now)


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
