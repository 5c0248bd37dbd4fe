"""Bring a stored series up to date from a venue: only what is new, with an overlap that must agree.

The request starts a few bars before the last stored one. When those bars come back the same, only
the new ones are added; when they differ, the venue has rewritten its history (a split, an
adjustment) and the whole series is fetched again. The forming bar is never stored, and gaps are
asked for once more before they are accepted.

Source: reference specification platform, C-02.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from trading.domain.errors import BadInputError
from trading.domain.market.bars import Bar, BarArrays
from trading.domain.market.quality import gap_sizes
from trading.domain.market.timeframes import floor_open, timeframe_ms
from trading.ports.candles import CandleSource, CandleStore, SeriesInfo, SeriesKey
from trading.ports.clock import Clock
from trading.services.candles.series import Prefer, series_flag, series_merge, show

OVERLAP_BARS: Final = 3
OVERLAP_TOLERANCE: Final = 1e-9  # relative; venues print the same number with other digits
PAGE_BARS: Final = 1000
CHUNK_BARS: Final = 20_000  # stored at least this often, so that an interruption costs little
GAP_REQUESTS_MAX: Final = 50  # back-fill requests per download; old venues have gaps for good

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class DownloadResult:
    """What a download did; ``was_rewritten`` means the overlap differed and all was fetched."""

    info: SeriesInfo
    n_new: int
    n_requests: int
    was_rewritten: bool


class _Fetcher:
    """Pages through closed bars and counts what it asked."""

    def __init__(self, source: CandleSource, key: SeriesKey, now_ms: int, on: Progress) -> None:
        self._source = source
        self._key = key
        self._step_ms = timeframe_ms(key.timeframe)
        self._progress = on
        self.end_ms = floor_open(now_ms, self._step_ms)  # open time of the forming bar
        self.n_requests = 0

    async def closed(self, since_ms: int, until_ms: int) -> dict[int, Bar]:
        """Return closed bars with ``since_ms <= open_time < until_ms`` by open time."""
        found: dict[int, Bar] = {}
        while since_ms < min(until_ms, self.end_ms):
            limit = min(PAGE_BARS, (self.end_ms - since_ms) // self._step_ms + 1)
            page = await self._source.fetch(
                self._key.pair, self._key.timeframe, since_ms=since_ms, limit=limit
            )
            self.n_requests += 1
            fresh = [bar for bar in page.bars if bar.open_time >= since_ms]
            if not fresh:
                break
            found |= {
                bar.open_time: bar for bar in fresh if bar.open_time < min(until_ms, self.end_ms)
            }
            self._progress(len(fresh))
            since_ms = fresh[-1].open_time + self._step_ms
        return found


async def candles_download(
    *,
    store: CandleStore,
    source: CandleSource,
    clock: Clock,
    key: SeriesKey,
    since_ms: int,
    progress: Progress = lambda n_bars: None,
) -> DownloadResult:
    """Fetch the series ``key`` from ``since_ms`` on, or from where the store ends.

    Raises:
        BadInputError: the venue has no such series, or has no closed bar since then.
        VenueError: the venue cannot be asked now; the store is unchanged.
    """
    fetcher = _Fetcher(source, key, clock.now_ms(), progress)
    start = floor_open(since_ms, timeframe_ms(key.timeframe))
    with store.lock(key):
        download = _Download(store, fetcher, key)
        await download.run(start)
        info = store.info(key)
    if info is None:
        raise BadInputError(f"{key}: the venue has no closed bar since {show(start)}")
    return DownloadResult(info, download.n_new, fetcher.n_requests, download.was_rewritten)


class _Download:
    """One download under the series' lock; what was stored stays when it is interrupted."""

    def __init__(self, store: CandleStore, fetcher: _Fetcher, key: SeriesKey) -> None:
        self._store = store
        self._fetcher = fetcher
        self._key = key
        self._step_ms = timeframe_ms(key.timeframe)
        self.n_new = 0
        self.was_rewritten = False

    async def run(self, start: int) -> None:
        """Fetch and store from ``start``, or from the end of what is stored."""
        stored = None if self._store.info(self._key) is None else self._store.load(self._key)
        end = self._fetcher.end_ms
        if stored is None:
            await self._forward(start)
        elif start < int(stored.open_time[0]):
            # in one piece: half of it would leave a hole before what is stored
            await self._keep(await self._fetcher.closed(start, end))
        else:
            overlap = int(stored.open_time[-1]) - (OVERLAP_BARS - 1) * self._step_ms
            fetched = await self._fetcher.closed(overlap, self._until(overlap))
            if overlap_agrees(stored, fetched):
                await self._keep(fetched)
                await self._forward(self._until(overlap))
            else:
                self.was_rewritten = True
                await self._keep(await self._fetcher.closed(int(stored.open_time[0]), end))

    async def _forward(self, at: int) -> None:
        while at < self._fetcher.end_ms:
            await self._keep(await self._fetcher.closed(at, self._until(at)))
            at = self._until(at)

    def _until(self, at: int) -> int:
        return min(self._fetcher.end_ms, at + CHUNK_BARS * self._step_ms)

    async def _keep(self, fetched: dict[int, Bar]) -> None:
        """Ask once more for holes, then merge into the store."""
        if not fetched:
            return
        await _ask_for_gaps(self._fetcher, fetched, self._step_ms)
        new = _arrays([fetched[open_time] for open_time in sorted(fetched)])
        open_time, values, n_new = new.open_time, new.values, len(new)
        if self._store.info(self._key) is not None:
            merged = series_merge(self._store.load(self._key), new, prefer=Prefer.NEW)
            if merged.n_new == 0 and merged.n_replaced == 0:
                return
            open_time, values, n_new = merged.open_time, merged.values, merged.n_new
        checked = series_flag(open_time, values, step_ms=self._step_ms)
        self._store.replace(self._key, checked.bars, source=f"venue {self._key.venue}")
        self.n_new += n_new


def overlap_agrees(stored: BarArrays, fetched: dict[int, Bar]) -> bool:
    """Return whether the bars both know are equal within the tolerance."""
    tail = stored.slice(max(0, len(stored) - OVERLAP_BARS), len(stored))
    for i in range(len(tail)):
        new = fetched.get(int(tail.open_time[i]))
        if new is not None and not np.allclose(
            _row(new), tail.values[:, i], rtol=OVERLAP_TOLERANCE, atol=0.0
        ):
            return False
    return True


async def _ask_for_gaps(fetcher: _Fetcher, fetched: dict[int, Bar], step_ms: int) -> None:
    times = np.array(sorted(fetched), dtype=np.int64)
    after = np.flatnonzero(gap_sizes(times, step_ms) > 0)[:GAP_REQUESTS_MAX]
    for i in after.tolist():
        fetched |= await fetcher.closed(int(times[i - 1]) + step_ms, int(times[i]))


def _arrays(bars: Sequence[Bar]) -> BarArrays:
    values = np.array([_row(bar) for bar in bars], dtype=np.float64).reshape(len(bars), 5)
    return BarArrays(
        np.array([bar.open_time for bar in bars], dtype=np.int64),
        np.ascontiguousarray(values.T),
        np.zeros(len(bars), dtype=np.uint8),
    )


def _row(bar: Bar) -> tuple[float, float, float, float, float]:
    return (bar.open, bar.high, bar.low, bar.close, bar.volume)
