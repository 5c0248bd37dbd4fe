"""Fold base bars into the timeframe a chart watches, one message at a time.

A feed publishes bars of one base timeframe. A chart may watch a longer one: then every base bar
either continues the last bucket or starts the next. Buckets are aligned to the epoch, as bars
are, and numbered like the snapshot numbers them, so the client's gap check works for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from trading.market.domain.timeframes import floor_open


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bar of the watched timeframe; times ms UTC, prices quote per base, volume base."""

    n: int
    open_time: int
    open: float
    high: float
    low: float
    close: float
    volume: float

    def plus(self, high: float, low: float, close: float, volume: float) -> Bucket:
        """Return the bucket after one more base bar."""
        return replace(
            self,
            high=max(self.high, high),
            low=min(self.low, low),
            close=close,
            volume=self.volume + volume,
        )


class BucketTracker:
    """The open bucket of one watched series, and which base bar it already holds."""

    def __init__(
        self, step_ms: int, base_ms: int, last: Bucket | None, base_n: int, *, is_open: bool
    ) -> None:
        """Start from the snapshot.

        Args:
            step_ms: length of the watched timeframe.
            base_ms: length of the feed's bars.
            last: the newest bucket of the snapshot, complete or not; None when there was none.
            base_n: number of the last closed base bar in the snapshot.
            is_open: True when ``last`` still waits for base bars.
        """
        self._step_ms = step_ms
        self._base_ms = base_ms
        self._last = last
        self._base_n = base_n
        self._is_open = is_open

    def fold(self, message: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        """Return the messages the chart gets for one base bar, None when a base bar is missing.

        A forming base bar is shown on top of the bucket and not kept.
        """
        n, is_closed = int(message["n"]), bool(message["closed"])
        if n <= self._base_n:
            return []
        if n > self._base_n + 1:
            return None
        bucket, before = self._merged(message)
        if not is_closed:
            return [self._message(message, bucket, closed=False)]
        out = [] if before is None else [self._message(message, before, closed=True)]
        ends = bucket.open_time + self._step_ms
        is_full = int(message["t"]) + self._base_ms >= ends
        self._base_n, self._last, self._is_open = n, bucket, not is_full
        out.append(self._message(message, bucket, closed=is_full))
        return out

    def _merged(self, message: Mapping[str, Any]) -> tuple[Bucket, Bucket | None]:
        """Return the bucket with this bar in it, and the bucket that ends unfilled before it."""
        open_time = floor_open(int(message["t"]), self._step_ms)
        last = self._last
        if last is not None and open_time == last.open_time:
            return last.plus(message["h"], message["l"], message["c"], message["v"]), None
        number = 1 if last is None else last.n + 1
        bucket = Bucket(
            number, open_time, message["o"], message["h"], message["l"], message["c"], message["v"]
        )
        # a gap in the feed can end a bucket early; the chart must see it close before the next
        return bucket, last if self._is_open else None

    @staticmethod
    def _message(source: Mapping[str, Any], bucket: Bucket, *, closed: bool) -> dict[str, Any]:
        return {
            "kind": "bar",
            "feed": source["feed"],
            "pair": source["pair"],
            "n": bucket.n,
            "t": bucket.open_time,
            "o": bucket.open,
            "h": bucket.high,
            "l": bucket.low,
            "c": bucket.close,
            "v": bucket.volume,
            "closed": closed,
            "flags": 0,
        }
