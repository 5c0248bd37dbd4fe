"""Take in what a source says about bar times that have passed: corrections, and bars that are late.

A stored bar that differs is replaced, and what it was stands in a revision: sessions have decided
on that, and recovery and verification read it (``as_published``). A bar that is not stored yet
is stored as late: it fills the chart, and no session sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import F, QuerySet

from trading.market.domain.bars import LATE, Bar, BarFlag
from trading.market.domain.series.door import bars_from, bars_refused
from trading.market.models import BarRevision, StreamBar
from trading.market.ports.feeds import FeedBar, FeedRefusal
from trading.market.services.stream.accounts import PairTally
from trading.market.services.stream.rows import WrittenBar

REVISED = int(BarFlag.REVISED)
_FIELDS = ("open", "high", "low", "close", "volume", "flags")


def bars_sort(
    *, feed_id: int, again: Sequence[FeedBar], step_ms: int
) -> tuple[list[FeedBar], list[tuple[StreamBar, Bar]], list[FeedRefusal]]:
    """Return bars that are late, stored ones with what they should be, and impossible ones."""
    if not again:
        return [], [], []
    bars = bars_from([item.bar for item in again])
    refused = {item.index: item for item in bars_refused(bars.open_time, bars.values, step_ms)}
    stored = {
        (row.pair, row.open_time): row
        for row in StreamBar.objects.filter(
            feed_id=feed_id, open_time__in={item.bar.open_time for item in again}
        )
    }
    late: dict[tuple[str, int], FeedBar] = {}
    changed: dict[tuple[str, int], tuple[StreamBar, Bar]] = {}
    for index, item in enumerate(again):
        key = (item.pair, item.bar.open_time)
        if index in refused:
            continue
        if key not in stored:
            late[key] = item
        elif not item.bar.says_as(stream_bar(stored[key])):
            changed[key] = (stored[key], item.bar)
    return (
        list(late.values()),
        list(changed.values()),
        [FeedRefusal(again[i].pair, item) for i, item in refused.items()],
    )


def late_rows(late: Sequence[FeedBar], n: dict[str, int], seq: int) -> list[WrittenBar]:
    """Return late bars as rows of the log, numbered after ``seq`` and each pair's last ``n``."""
    rows = []
    for item in sorted(late, key=lambda item: (item.bar.open_time, item.pair)):
        seq, n[item.pair] = seq + 1, n[item.pair] + 1
        bar = item.bar._replace(flags=item.bar.flags | LATE)
        rows.append(WrittenBar(seq, item.pair, n[item.pair], bar))
    return rows


def revisions_write(
    *,
    feed_id: int,
    changed: Sequence[tuple[StreamBar, Bar]],
    tallies: dict[str, PairTally],
    now: datetime,
) -> None:
    """Correct stored bars, each with a record of what it was."""
    revisions = []
    for row, bar in changed:
        old = [getattr(row, name) for name in _FIELDS]
        new = [*bar[1:6], row.flags | REVISED]
        for name, value in zip(_FIELDS, new, strict=True):
            setattr(row, name, value)
        revisions.append(BarRevision(bar=row, feed_id=feed_id, old=old, new=new, made_at=now))
        tallies.setdefault(row.pair, PairTally()).n_revised += 1
    if revisions:
        StreamBar.objects.bulk_update([row for row, _ in changed], _FIELDS)
        BarRevision.objects.bulk_create(revisions)


def stream_bar(row: StreamBar) -> Bar:
    """Return the bar a row holds."""
    return Bar(row.open_time, row.open, row.high, row.low, row.close, row.volume, row.flags)


def bars_for_sessions(feed_id: int) -> QuerySet[StreamBar]:
    """Return the bars sessions see, by number; late ones are left out."""
    rows = StreamBar.objects.filter(feed_id=feed_id).annotate(late=F("flags").bitand(LATE))
    return rows.filter(late=0).order_by("seq")


def as_published(rows: Iterable[StreamBar]) -> list[StreamBar]:
    """Return the rows as sessions saw them: revised ones as they were first."""
    seen = list(rows)
    revised = [row for row in seen if row.flags & REVISED]
    if revised:
        old_first = BarRevision.objects.filter(bar__in=revised).order_by("-id")
        first = dict(old_first.values_list("bar_id", "old"))
        for row in revised:
            for name, value in zip(_FIELDS, first[row.pk], strict=True):
                setattr(row, name, value)
    return seen
