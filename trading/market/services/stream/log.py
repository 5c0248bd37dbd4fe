"""Write closed bars into the durable log: gap-free numbers, each bar once, the position with them.

Every bar passes the door, whatever its source; what is refused is a row with its reason. The
feed's row is the guard: a batch is written only if the feed still stands where the batch began.
Two stream processes, or one that was thought dead, can therefore never write a bar twice or leave
a hole; the later one finds its place taken and reads it anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from trading.base.domain.errors import TradingError
from trading.base.ports.clock import Clock
from trading.market.domain.bars import LATE, Bar, BarArrays
from trading.market.domain.series.door import TAIL_BARS, PassedBars, bars_from, bars_pass, tail_of
from trading.market.domain.series.turns import turn_key
from trading.market.domain.timeframes import timeframe_ms
from trading.market.models import Feed, StreamBar
from trading.market.ports.feeds import FeedBatch, FeedNews, FeedRefusal, PairNews, PairState
from trading.market.services.stream.accounts import (
    PairTally,
    feed_changes,
    pair_told,
    pairs_update,
    refusals_write,
)
from trading.market.services.stream.again import bars_sort, late_rows, revisions_write
from trading.market.services.stream.rows import WrittenBar, bars_insert


class CursorLostError(TradingError):
    """Somebody else wrote to the feed since the cursor was read; read it again."""

    code = "cursor_lost"


@dataclass(slots=True)
class PairCursor:
    """Where one pair's bars end: their last number, the last in order, and what its row says."""

    n: int = 0
    tail: BarArrays | None = None
    told: PairNews = field(default_factory=lambda: PairNews(PairState.WAITING))


@dataclass(slots=True)
class FeedCursor:
    """Where the log of one feed ends.

    Attributes:
        feed_id: the feed.
        step_ms: length of its bars.
        last_seq: number of the last bar, 0 for none.
        position: where the source goes on.
        pairs: per pair.
    """

    feed_id: int
    step_ms: int
    last_seq: int
    position: dict[str, Any]
    pairs: dict[str, PairCursor] = field(default_factory=dict)

    @property
    def told(self) -> dict[str, PairNews]:
        """What the rows of the pairs say."""
        return {pair: at.told for pair, at in self.pairs.items()}

    def heard(self, news: FeedNews | None) -> None:
        """Take note that the news are in the rows."""
        for pair, told in news.pairs.items() if news is not None else ():
            self.pairs[pair].told = told


def feed_cursor_get(*, feed_id: int, clock: Clock) -> FeedCursor:
    """Return where the log of the feed ends now."""
    # one transaction, so that the row and its last bars belong together
    with transaction.atomic():
        feed = Feed.objects.select_for_update().get(pk=feed_id)
        step_ms = timeframe_ms(feed.timeframe)
        cursor = FeedCursor(feed.pk, step_ms, feed.last_seq, dict(feed.position))
        for pair in feed.pairs:
            cursor.pairs[pair] = _pair_cursor(feed, pair, clock.now())
    return cursor


def bars_append(*, cursor: FeedCursor, batch: FeedBatch, clock: Clock) -> list[WrittenBar]:
    """Write the batch and the feed's new place in one transaction; move the cursor along.

    Bars that cannot have happened or do not come after the last one are set aside: a row each.
    Bars of passed times correct what is stored, as a recorded revision, or are stored as late.

    Returns:
        the bars that sessions will see.

    Raises:
        CursorLostError: the feed moved on without this cursor; nothing was written.
    """
    passed, refused = _at_the_door(cursor, batch)
    rows = _rows(cursor, batch, passed)
    news = batch.news or _heard_of(cursor, passed)
    now = clock.now()
    with transaction.atomic():
        late, changed, impossible = bars_sort(
            feed_id=cursor.feed_id, again=batch.again, step_ms=cursor.step_ms
        )
        n = {pair: at.n + _length(passed, pair) for pair, at in cursor.pairs.items()}
        written = rows + late_rows(late, n, cursor.last_seq + len(rows))
        _move_on(cursor, batch, n_bars=len(written), has_news=bool(rows), now=now)
        bars_insert(cursor.feed_id, written)
        tallies = _tallies(passed)
        revisions_write(feed_id=cursor.feed_id, changed=changed, tallies=tallies, now=now)
        for row in written[len(rows) :]:
            tallies.setdefault(row.pair, PairTally()).n_late += 1
        counts = refusals_write(
            feed_id=cursor.feed_id, refused=[*batch.refused, *refused, *impossible], now=now
        )
        for pair, count in counts.items():
            tallies.setdefault(pair, PairTally()).n_refused += count
        pairs_update(
            feed_id=cursor.feed_id, step_ms=cursor.step_ms, tallies=tallies, news=news,
            told=cursor.told, now=now,
        )  # fmt: skip
    cursor.last_seq += len(written)
    cursor.position = batch.position
    cursor.heard(news)
    for pair, at in cursor.pairs.items():
        at.n = n[pair]
        if pair in passed:
            at.tail = tail_of(at.tail, passed[pair].bars)
    return rows


def feed_note(*, cursor: FeedCursor, news: FeedNews, clock: Clock) -> None:
    """Write what a feed knows besides bars, as a sign of life."""
    now = clock.now()
    changes = {"heartbeat_at": now} | feed_changes(news, now)
    with transaction.atomic():
        Feed.objects.filter(pk=cursor.feed_id, status=Feed.Status.RUNNING).update(**changes)
        pairs_update(
            feed_id=cursor.feed_id, step_ms=cursor.step_ms, tallies={}, news=news,
            told=cursor.told, now=now,
        )  # fmt: skip
    cursor.heard(news)


def _pair_cursor(feed: Feed, pair: str, now: datetime) -> PairCursor:
    told = pair_told(feed.pk, pair, now)
    rows = StreamBar.objects.filter(feed=feed, pair=pair)
    newest = rows.order_by("-seq").values_list("n", flat=True).first()
    if newest is None:
        return PairCursor(told=told)
    in_order = rows.annotate(late=F("flags").bitand(LATE)).filter(late=0)
    columns = ("open_time", "open", "high", "low", "close", "volume", "flags")
    last = list(in_order.order_by("-open_time").values_list(*columns)[:TAIL_BARS])
    return PairCursor(newest, bars_from([Bar(*row) for row in reversed(last)]), told)


def _heard_of(cursor: FeedCursor, passed: dict[str, PassedBars]) -> FeedNews | None:
    """Return what the bars of a source without a venue say of its pairs: they are followed."""
    pairs = {
        pair: PairNews(PairState.FOLLOWED)
        for pair, found in passed.items()
        if len(found.bars) and cursor.pairs[pair].told.state is PairState.WAITING
    }
    return FeedNews(pairs=pairs) if pairs else None


def _at_the_door(
    cursor: FeedCursor, batch: FeedBatch
) -> tuple[dict[str, PassedBars], list[FeedRefusal]]:
    by_pair: dict[str, list[Bar]] = {}
    for item in batch.bars:
        by_pair.setdefault(item.pair, []).append(item.bar)
    passed, refused = {}, []
    for pair, bars in by_pair.items():
        given = bars_from(bars)
        let_in = bars_pass(
            given.open_time, given.values, cursor.step_ms, tail=cursor.pairs[pair].tail
        )
        passed[pair] = let_in
        refused += [FeedRefusal(pair, item) for item in let_in.refused]
    return passed, refused


def _rows(
    cursor: FeedCursor, batch: FeedBatch, passed: Mapping[str, PassedBars]
) -> list[WrittenBar]:
    """Return the bars that passed, flagged, numbered in the order in which they count."""
    place = dict.fromkeys(passed, 0)
    found: list[tuple[str, int, Bar]] = []
    for item in batch.bars:
        i, let_in = place[item.pair], passed[item.pair].bars
        if i == len(let_in) or int(let_in.open_time[i]) != item.bar.open_time:
            continue  # refused, or given twice
        place[item.pair] = i + 1
        let_in.flags[i] = item.bar.flags | (0 if batch.is_flagged else int(let_in.flags[i]))
        found.append((item.pair, cursor.pairs[item.pair].n + i + 1, let_in.bar(i)))
    found.sort(key=lambda row: turn_key(row[2]))
    return [WrittenBar(cursor.last_seq + i, *row) for i, row in enumerate(found, start=1)]


def _length(passed: Mapping[str, PassedBars], pair: str) -> int:
    return len(passed[pair].bars) if pair in passed else 0


def _tallies(passed: Mapping[str, PassedBars]) -> dict[str, PairTally]:
    tallies: dict[str, PairTally] = {}
    for pair, let_in in passed.items():
        tallies[pair] = PairTally()
        tallies[pair].take(let_in)
    return tallies


def _move_on(
    cursor: FeedCursor, batch: FeedBatch, *, n_bars: int, has_news: bool, now: datetime
) -> None:
    changes: dict[str, Any] = {
        "position": batch.position,
        "last_seq": cursor.last_seq + n_bars,
        "heartbeat_at": now,
        "status_reason": "",
    }
    if has_news:
        changes["last_bar_at"] = now
    if batch.news is not None:
        changes |= feed_changes(batch.news, now)
    if batch.finished:
        changes |= {"status": Feed.Status.FINISHED, "status_reason": "every bar was published"}
    taken = Feed.objects.filter(pk=cursor.feed_id, last_seq=cursor.last_seq).update(**changes)
    if taken != 1:
        raise CursorLostError(f"feed {cursor.feed_id} is not at seq {cursor.last_seq} any more")
