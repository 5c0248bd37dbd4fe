"""Keep account of each pair of a feed: how it is followed, and what its bars were like.

Counts are added in the transaction that writes the bars, so that they are exact over restarts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from trading.market.domain.bars import WARMUP, Bar
from trading.market.domain.series.door import PassedBars
from trading.market.domain.venue_clock import TimeSource
from trading.market.models import FeedPair, RefusedBar
from trading.market.ports.feeds import FeedNews, FeedRefusal, PairNews, PairState

_TEXT_MOST: Final = 300


@dataclass(slots=True)
class PairTally:
    """What one batch adds to a pair's counts; the names are those of ``FeedPair``."""

    n_bars: int = 0
    n_gaps: int = 0
    n_missing: int = 0
    n_late: int = 0
    n_revised: int = 0
    n_refused: int = 0
    n_quarantined: int = 0
    last: Bar | None = None

    def take(self, passed: PassedBars) -> None:
        """Count bars that passed the door."""
        self.n_bars += len(passed.bars)
        self.n_gaps += passed.report.gaps
        self.n_missing += passed.report.missing_bars
        self.n_quarantined += len(passed.report.outliers)
        if len(passed.bars):
            self.last = passed.bars.bar(len(passed.bars) - 1)


_LAST: Final = ("last_open_time", "stored_at", "delay_ms")
_COUNTS: Final = tuple(name for name in PairTally.__dataclass_fields__ if name != "last")


def refusals_write(
    *, feed_id: int, refused: Sequence[FeedRefusal], now: datetime
) -> dict[str, int]:
    """Write bars that were set aside, each once; return how many are new, by pair."""
    if not refused:
        return {}
    rows = {
        (item.pair, item.refused.open_time, item.refused.reason.value): item for item in refused
    }
    known = set(
        RefusedBar.objects.filter(
            feed_id=feed_id, open_time__in={time for _, time, _ in rows}
        ).values_list("pair", "open_time", "reason")
    )
    new = {key: item for key, item in rows.items() if key not in known}
    RefusedBar.objects.bulk_create(
        RefusedBar(
            feed_id=feed_id,
            pair=pair,
            open_time=time,
            reason=reason,
            shown=item.refused.shown[:_TEXT_MOST],
            seen_at=now,
        )
        for (pair, time, reason), item in new.items()
    )
    counts: dict[str, int] = {}
    for pair, _, _ in new:
        counts[pair] = counts.get(pair, 0) + 1
    return counts


def pairs_update(
    *,
    feed_id: int,
    step_ms: int,
    tallies: Mapping[str, PairTally],
    news: FeedNews | None,
    told: Mapping[str, PairNews],
    now: datetime,
) -> None:
    """Bring the rows of the pairs up to date; ``told`` is what their rows say already."""
    if tallies:
        _count(feed_id, [_counted(pair, tallies[pair], step_ms, news, now) for pair in tallies])
    for pair, heard in news.pairs.items() if news is not None else ():
        changes = _news_changes(heard, told.get(pair), now)
        if changes:
            FeedPair.objects.filter(feed_id=feed_id, pair=pair).update(**changes)


def pair_told(feed_id: int, pair: str, now: datetime) -> PairNews:
    """Return what the pair's row says, made now where there is none."""
    row, _ = FeedPair.objects.get_or_create(feed_id=feed_id, pair=pair, defaults={"state_at": now})
    return PairNews(PairState(row.state), row.reason, row.answered_ms)


def feed_changes(news: FeedNews, now: datetime) -> dict[str, Any]:
    """Return what the news change in the feed's own row."""
    changes: dict[str, Any] = {"status_reason": news.trouble}
    if news.clock is not None:
        is_told = news.clock.source is not TimeSource.NONE
        changes |= {
            "clock_skew_ms": news.clock.skew_ms if is_told else None,
            "clock_error_ms": news.clock.error_ms,
            "clock_source": news.clock.source.value,
            "clock_at": now,
        }
    if news.source is not None:
        pause = timedelta(seconds=news.source.paused_s)
        changes |= {
            "n_requests": news.source.n_requests,
            "n_refusals": news.source.n_refusals,
            "paused_until": now + pause if pause else None,
        }
    return changes


def _count(feed_id: int, rows: Sequence[tuple[Any, ...]]) -> None:
    # once a bar and pair: the ORM takes longer to word the statement than the database to do it
    quote = connection.ops.quote_name
    sums = [f"{quote(name)} = {quote(name)} + %s" for name in _COUNTS]
    news = [f"{quote(name)} = COALESCE(%s, {quote(name)})" for name in _LAST]
    table = quote(FeedPair._meta.db_table)
    with connection.cursor() as database:
        database.executemany(
            f"UPDATE {table} SET {', '.join(sums + news)} "  # noqa: S608 - names are ours
            f"WHERE {quote('pair')} = %s AND {quote('feed_id')} = %s",
            [(*row, feed_id) for row in rows],
        )


def _counted(
    pair: str, tally: PairTally, step_ms: int, news: FeedNews | None, now: datetime
) -> tuple[Any, ...]:
    """Return the values of ``_count`` for one pair: counts, then ``_LAST``, then the pair."""
    opened = stored_at = delay_ms = None
    if tally.last is not None:
        opened = tally.last.open_time
        stored_at = connection.ops.adapt_datetimefield_value(now)
        if news is not None and news.clock is not None and not tally.last.flags & WARMUP:
            delay_ms = news.clock.now_ms - opened - step_ms
    return (*(getattr(tally, name) for name in _COUNTS), opened, stored_at, delay_ms, pair)


def _news_changes(news: PairNews, told: PairNews | None, now: datetime) -> dict[str, Any]:
    is_same = told is not None and (news.state, news.reason, news.answered_ms) == (
        *(told.state, told.reason, told.answered_ms),
    )
    is_rescheduled = (news.retry_s or 0.0) > ((told and told.retry_s) or 0.0)
    if is_same and not is_rescheduled:
        return {}
    changes: dict[str, Any] = {
        "state": news.state.value,
        "reason": news.reason[:_TEXT_MOST],
        "answered_ms": news.answered_ms,
        "retry_at": None if news.retry_s is None else now + timedelta(seconds=news.retry_s),
    }
    if told is None or told.state is not news.state:
        changes["state_at"] = now
    return changes
