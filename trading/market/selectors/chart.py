"""Read the newest bars of one pair for a chart, folded into the timeframe it shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trading.market.domain.bars import BarArrays
from trading.market.domain.series.aggregate import bars_aggregate
from trading.market.domain.timeframes import timeframe_ms
from trading.market.models import Feed, StreamBar


@dataclass(frozen=True, slots=True)
class CandleSnapshot:
    """Bars of one series, oldest first, as columns of equal length.

    Attributes:
        n: number of the newest closed base bar in the feed's log of this pair, 0 without bars.
        is_partial: True when the last bar still waits for base bars.
    """

    n: int
    t: list[int]
    o: list[float]
    h: list[float]
    l: list[float]  # noqa: E741 - the protocol's key
    c: list[float]
    v: list[float]
    is_partial: bool


def candle_snapshot(*, feed_id: int, pair: str, timeframe: str, limit: int) -> CandleSnapshot:
    """Return the newest ``limit`` bars of the timeframe.

    Raises:
        BadInputError: the timeframe is no multiple of the feed's.
    """
    base_ms = timeframe_ms(Feed.objects.values_list("timeframe", flat=True).get(pk=feed_id))
    step_ms = timeframe_ms(timeframe)
    rows = list(
        StreamBar.objects.filter(feed_id=feed_id, pair=pair)
        .order_by("-open_time")
        .values_list("n", "open_time", "open", "high", "low", "close", "volume", "flags")[
            : limit * max(1, step_ms // base_ms)
        ]
    )[::-1]
    if not rows:
        return CandleSnapshot(0, [], [], [], [], [], [], is_partial=False)
    columns = list(zip(*rows, strict=True))
    bars = BarArrays(
        np.array(columns[1], dtype=np.int64),
        np.array(columns[2:7], dtype=np.float64),
        np.array(columns[7], dtype=np.uint8),
    )
    folded = bars_aggregate(bars, step_ms=base_ms, target_ms=step_ms)
    o, h, low, c, v = folded.bars.values.tolist()
    return CandleSnapshot(
        columns[0][-1], folded.bars.open_time.tolist(), o, h, low, c, v,
        is_partial=folded.is_partial,
    )  # fmt: skip
