"""What every test asks of a bar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from trading.market.domain.bars import Bar
from trading.market.domain.series.door import bars_from, bars_refused
from trading.market.domain.series.turns import BarTime


def by_time(bars: Sequence[tuple[str, Bar]]) -> Iterator[BarTime]:
    """Yield bars that stand in the order of their times as steps, numbered from 1."""
    seq = 0
    for open_time, group in groupby(bars, key=lambda row: row[1].open_time):
        together = list(group)
        seq += len(together)
        yield BarTime(seq, open_time, together)


def assert_possible(bar: Bar, step_ms: int) -> None:
    """Fail when the door would set the bar aside."""
    one = bars_from([bar])
    assert bars_refused(one.open_time, one.values, step_ms) == []
