"""The bars a session decides on together: those of one time, whole.

A feed publishes whole bar times, each in one transaction and in the order of ``market.turns``, so
a time is the run of consecutive rows with one open time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby, takewhile
from operator import attrgetter
from typing import Final

from trading.market.domain.series.turns import BarTime
from trading.market.models import StreamBar
from trading.market.services.stream.again import as_published, bars_for_sessions, stream_bar

MORE_BARS: Final = 100
_open_time = attrgetter("open_time")


def bars_read(
    *, feed_id: int, after: int, limit: int, through: int | None = None
) -> list[StreamBar]:
    """Return about ``limit`` bars after number ``after``, whole times only, as published."""
    wanted = bars_for_sessions(feed_id)
    if through is not None:
        wanted = wanted.filter(seq__lte=through)
    rows = list(wanted.filter(seq__gt=after)[:limit])
    is_cut = len(rows) == limit > 0
    while is_cut:  # the last time may go on
        time, more = rows[-1].open_time, list(wanted.filter(seq__gt=rows[-1].seq)[:MORE_BARS])
        same = list(takewhile(partial(_is_of, time), more))
        rows += same
        is_cut = len(same) == MORE_BARS
    return as_published(rows)


def _is_of(open_time: int, row: StreamBar) -> bool:
    return row.open_time == open_time


def bar_times(rows: Sequence[StreamBar]) -> Iterator[BarTime]:
    """Yield the rows by time, in the order of their numbers."""
    for open_time, group in groupby(rows, key=_open_time):
        bars = list(group)
        yield BarTime(bars[-1].seq, open_time, [(row.pair, stream_bar(row)) for row in bars])
