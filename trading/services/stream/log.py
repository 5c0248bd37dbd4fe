"""Write closed bars into the durable log: gap-free numbers, each bar once, the position with them.

The feed's row is the guard: a batch is written only if the feed still stands where the batch
began. Two stream processes, or one that was thought dead, can therefore never write a bar twice
or leave a hole; the later one finds its place taken and reads it anew.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection, transaction

from trading.domain.errors import CorruptMarketDataError, TradingError
from trading.domain.market.bars import Bar, check_bar
from trading.domain.market.turns import turn_key
from trading.models import Feed, StreamBar
from trading.ports.clock import Clock
from trading.ports.feeds import FeedBar, FeedBatch

logger = logging.getLogger(__name__)

_COLUMNS: Final = (
    *("feed_id", "seq", "pair", "n", "open_time"),
    *("open", "high", "low", "close", "volume", "flags"),
)


class CursorLostError(TradingError):
    """Somebody else wrote to the feed since the cursor was read; read it again."""

    code = "cursor_lost"


@dataclass(frozen=True, slots=True)
class WrittenBar:
    """One bar as it stands in the log."""

    seq: int
    pair: str
    n: int
    bar: Bar


@dataclass(slots=True)
class PairCursor:
    """Last bar written of one pair."""

    n: int = 0
    open_time: int = -1


@dataclass(slots=True)
class FeedCursor:
    """Where the log of one feed ends.

    Attributes:
        feed_id: the feed.
        last_seq: number of the last bar, 0 for none.
        position: where the source goes on.
        pairs: per pair.
        n_corrupt: bars dropped because they cannot have happened, since the cursor was read.
    """

    feed_id: int
    last_seq: int
    position: dict[str, Any]
    pairs: dict[str, PairCursor] = field(default_factory=dict)
    n_corrupt: int = 0


def feed_cursor_get(*, feed_id: int) -> FeedCursor:
    """Return where the log of the feed ends now."""
    # one transaction, so that the row and its last bars belong together
    with transaction.atomic():
        feed = Feed.objects.select_for_update().get(pk=feed_id)
        cursor = FeedCursor(feed.pk, feed.last_seq, dict(feed.position))
        for pair in feed.pairs:
            last = (
                StreamBar.objects.filter(feed=feed, pair=pair)
                .order_by("-open_time")
                .values_list("n", "open_time")
                .first()
            )
            cursor.pairs[pair] = PairCursor(*last) if last else PairCursor()
    return cursor


def bars_append(*, cursor: FeedCursor, batch: FeedBatch, clock: Clock) -> list[WrittenBar]:
    """Write the batch and the feed's new place in one transaction; move the cursor along.

    Bars that cannot have happened or do not come after the last one are dropped and counted.

    Raises:
        CursorLostError: the feed moved on without this cursor; nothing was written.
    """
    rows = _rows(cursor, batch.bars)
    now = clock.now()
    changes: dict[str, Any] = {
        "position": batch.position,
        "last_seq": cursor.last_seq + len(rows),
        "heartbeat_at": now,
        "status_reason": "",
    }
    if rows:
        changes["last_bar_at"] = now
    if batch.finished:
        changes |= {"status": Feed.Status.FINISHED, "status_reason": "every bar was published"}
    with transaction.atomic():
        taken = Feed.objects.filter(pk=cursor.feed_id, last_seq=cursor.last_seq).update(**changes)
        if taken != 1:
            raise CursorLostError(f"feed {cursor.feed_id} is not at seq {cursor.last_seq} any more")
        _insert(cursor.feed_id, rows)
    cursor.last_seq += len(rows)
    cursor.position = batch.position
    for row in rows:
        cursor.pairs[row.pair] = PairCursor(row.n, row.bar.open_time)
    return rows


def _rows(cursor: FeedCursor, bars: Sequence[FeedBar]) -> list[WrittenBar]:
    rows: list[WrittenBar] = []
    ends = {pair: (last.n, last.open_time) for pair, last in cursor.pairs.items()}
    for item in sorted(bars, key=lambda item: turn_key(item.bar)):
        bar = item.bar
        n, last_open = ends.get(item.pair, (0, -1))
        try:
            check_bar(bar)
            if bar.open_time <= last_open:
                raise CorruptMarketDataError(f"bar {bar.open_time} does not come after {last_open}")
        except CorruptMarketDataError as error:
            cursor.n_corrupt += 1
            logger.warning("feed %s %s: bar dropped: %s", cursor.feed_id, item.pair, error)
            continue
        ends[item.pair] = (n + 1, bar.open_time)
        rows.append(WrittenBar(cursor.last_seq + len(rows) + 1, item.pair, n + 1, bar))
    return rows


def _insert(feed_id: int, rows: Sequence[WrittenBar]) -> None:
    if not rows:
        return
    # building a model instance per bar costs five times the insert itself
    quote = connection.ops.quote_name
    table = quote(StreamBar._meta.db_table)
    names = ", ".join(quote(name) for name in _COLUMNS)
    marks = ", ".join(["%s"] * len(_COLUMNS))
    with connection.cursor() as database:
        database.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - names are ours
            [
                (
                    *(feed_id, row.seq, row.pair, row.n, row.bar.open_time),
                    *(row.bar.open, row.bar.high, row.bar.low, row.bar.close),
                    *(row.bar.volume, row.bar.flags),
                )
                for row in rows
            ],
        )
