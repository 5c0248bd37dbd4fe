"""Publish stored candles again, at any speed, exactly once and exactly as they are stored.

The position remembers the digest of every series, so a replay that is continued after the store
changed stops instead of mixing two histories.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trading.base.domain.errors import BadInputError, InvariantError
from trading.base.ports.clock import Clock
from trading.market.adapters.feeds.pacing import Pacer
from trading.market.domain.bars import Bar, BarArrays, IntArray
from trading.market.domain.forming import bar_forming
from trading.market.ports.candles import CandleStore, SeriesKey
from trading.market.ports.feeds import FeedBar, FeedBatch


@dataclass(frozen=True, slots=True)
class ReplaySpec:
    """What to replay; open times in ms UTC, the end excluded, None for all there is."""

    venue: str
    timeframe: str
    pairs: tuple[str, ...]
    start_ms: int | None = None
    end_ms: int | None = None


@dataclass(frozen=True, slots=True)
class _Tape:
    """All bars in processing order, and where each bar time begins."""

    series: tuple[BarArrays, ...]
    digests: dict[str, str]
    row_pair: IntArray  # index of the pair, in processing order
    row_bar: IntArray  # index of the bar in its series
    times: IntArray  # distinct open times
    starts: IntArray  # first row of each time, and one past the last


class ReplayFeed:
    """Fulfils ``trading.market.ports.feeds.Feed`` from a candle store."""

    def __init__(
        self,
        spec: ReplaySpec,
        *,
        store: CandleStore,
        clock: Clock,
        bar_seconds: float,
        history_bars: int,
    ) -> None:
        self._spec = spec
        self._pairs = tuple(sorted(spec.pairs))
        self._store = store
        self._pacer = Pacer(clock=clock, bar_seconds=bar_seconds, history_bars=history_bars)
        self._tape: _Tape | None = None
        self._next = 0

    async def next_batch(self, position: dict[str, Any], limit: int) -> FeedBatch:
        """Return the bar times that are over, whole ones only; see the port.

        Raises:
            BadInputError: a series is missing, damaged, or not the one the replay began with.
        """
        if limit < len(self._pairs):
            raise InvariantError(
                f"limit was {limit}; expected at least the {len(self._pairs)} bars of a time"
            )
        tape = await self._loaded(position)
        first = int(np.searchsorted(tape.times, position.get("after", -1), side="right"))
        stop, wait_s = first, 0.0
        while stop < len(tape.times) and tape.starts[stop + 1] - tape.starts[first] <= limit:
            wait_s = self._pacer.wait_s(stop)
            if wait_s > 0:
                break
            stop += 1
        self._next = stop
        bars = [
            self._row(tape, row) for row in range(int(tape.starts[first]), int(tape.starts[stop]))
        ]
        after = int(tape.times[stop - 1]) if stop else -1
        return FeedBatch(
            bars,
            {"after": after, "digests": tape.digests},
            wait_s,
            finished=stop == len(tape.times),
            is_flagged=True,
        )

    async def forming(self) -> Sequence[FeedBar]:
        """Return how the bars published next may look by now."""
        tape, fraction = self._tape, self._pacer.fraction(self._next)
        if tape is None or fraction is None or self._next >= len(tape.times):
            return []
        rows = range(int(tape.starts[self._next]), int(tape.starts[self._next + 1]))
        return [
            FeedBar(row.pair, bar_forming(row.bar, fraction))
            for row in (self._row(tape, index) for index in rows)
        ]

    async def close(self) -> None:
        """Forget the loaded candles."""
        self._tape = None

    def _row(self, tape: _Tape, row: int) -> FeedBar:
        pair = int(tape.row_pair[row])
        bar: Bar = tape.series[pair].bar(int(tape.row_bar[row]))
        return FeedBar(self._pairs[pair], bar)

    async def _loaded(self, position: dict[str, Any]) -> _Tape:
        if self._tape is None:
            self._tape = await asyncio.to_thread(self._load)
        pinned: dict[str, str] = position.get("digests", self._tape.digests)
        for pair, digest in self._tape.digests.items():
            if pinned.get(pair) != digest:
                raise BadInputError(
                    f"the stored candles of {pair} changed since this replay began; start a new one"
                )
        return self._tape

    def _load(self) -> _Tape:
        series, digests = [], {}
        for pair in self._pairs:
            key = SeriesKey(self._spec.venue, pair, self._spec.timeframe)
            info = self._store.info(key)
            if info is None:
                raise BadInputError(f"no candles are stored for {key}; see `candles list`")
            digests[pair] = info.digest
            series.append(
                self._store.load(key, start_ms=self._spec.start_ms, end_ms=self._spec.end_ms)
            )
        row_time = np.concatenate([bars.open_time for bars in series])
        row_pair = np.concatenate(
            [np.full(len(bars), k, dtype=np.int64) for k, bars in enumerate(series)]
        )
        row_bar = np.concatenate([np.arange(len(bars), dtype=np.int64) for bars in series])
        order = np.lexsort((row_pair, row_time))
        times, starts = np.unique(row_time[order], return_index=True)
        return _Tape(
            tuple(series),
            digests,
            row_pair[order],
            row_bar[order],
            times,
            np.append(starts, len(order)),
        )
