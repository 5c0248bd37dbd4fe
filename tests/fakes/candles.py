"""Candle series made from a seed, and a candle store in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from trading.base.domain.errors import BadInputError
from trading.market.domain.bars import BarArrays
from trading.market.domain.series.digest import bars_digest
from trading.market.domain.series.quality import quality_check
from trading.market.domain.series.spans import Span
from trading.market.domain.timeframes import timeframe_ms
from trading.market.ports.candles import SeriesInfo, SeriesKey, SeriesProblem

START_MS = 1_735_689_600_000  # 2025-01-01, a multiple of a day


def series(
    n: int, *, seed: int = 1, start_ms: int = START_MS, step_ms: int = 300_000, price: float = 100.0
) -> BarArrays:
    """Return ``n`` possible bars without gaps."""
    rng = np.random.default_rng(seed)
    close = price * np.exp(np.cumsum(rng.normal(0, 0.002, n)))
    opened = np.concatenate(([price], close))[:n]
    high = np.maximum(opened, close) * (1 + rng.uniform(0, 0.002, n))
    low = np.minimum(opened, close) * (1 - rng.uniform(0, 0.002, n))
    values = np.ascontiguousarray(np.stack([opened, high, low, close, rng.uniform(1, 50, n)]))
    times = start_ms + step_ms * np.arange(n, dtype=np.int64)
    return BarArrays(times, values, np.zeros(n, dtype=np.uint8))


class MemoryCandleStore:
    """Fulfils ``CandleStore`` without a disk; nothing in it can be damaged."""

    def __init__(self) -> None:
        self._series: dict[SeriesKey, tuple[BarArrays, SeriesInfo]] = {}

    def list(self) -> Sequence[SeriesInfo]:
        return sorted((info for _, info in self._series.values()), key=lambda info: info.key)

    def info(self, key: SeriesKey) -> SeriesInfo | None:
        return self._series[key][1] if key in self._series else None

    def load(
        self, key: SeriesKey, *, start_ms: int | None = None, end_ms: int | None = None
    ) -> BarArrays:
        if key not in self._series:
            raise BadInputError(f"no candles are stored for {key}")
        bars = self._series[key][0]
        start = 0 if start_ms is None else int(np.searchsorted(bars.open_time, start_ms))
        stop = len(bars) if end_ms is None else int(np.searchsorted(bars.open_time, end_ms))
        return bars.slice(start, max(start, stop))

    def replace(
        self,
        key: SeriesKey,
        bars: BarArrays,
        *,
        source: str,
        answered: tuple[Span, ...] | None = None,
    ) -> SeriesInfo:
        if len(bars) == 0:
            raise BadInputError(f"{key}: nothing to store")
        report = quality_check(bars.open_time, bars.values, timeframe_ms(key.timeframe))
        before = self.info(key)
        info = SeriesInfo(
            key,
            len(bars),
            int(bars.open_time[0]),
            int(bars.open_time[-1]),
            report.gaps,
            report.missing_bars,
            len(report.outliers),
            bars_digest(bars),
            source,
            (before.answered if before else ()) if answered is None else answered,
        )
        self._series[key] = (bars, info)
        return info

    @contextmanager
    def lock(self, key: SeriesKey) -> Iterator[None]:
        yield

    def verify(self, *, repair: bool) -> Sequence[SeriesProblem]:
        return []
