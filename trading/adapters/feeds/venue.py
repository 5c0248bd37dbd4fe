"""Follow a venue by asking it again and again, and publish every closed bar once, in order.

A bar time is published when every pair has its bar, or when a pair has had its grace and still
has none (some venues have no candle where nobody traded). A hole is asked for once more before it
is accepted and flagged. What arrives after its time was passed is dropped and counted.

Source: reference specification platform 1.3, B6, and platform C-02 for the overlap.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from trading.domain.errors import InvariantError
from trading.domain.market.bars import Bar, BarFlag
from trading.domain.market.timeframes import floor_open, timeframe_ms
from trading.ports.candles import CandleSource
from trading.ports.clock import Clock
from trading.ports.feeds import FeedBar, FeedBatch

OVERLAP_BARS: Final = 3
PAGE_BARS: Final = 500
PAGES_MAX: Final = 40  # per pair and poll; a longer absence is caught up over several polls
SETTLE_MS: Final = 1_000  # venues still write a bar in the second after its close
GRACE_MIN_S: Final = 15.0
_TOLERANCE: Final = 1e-9  # relative


@dataclass(frozen=True, slots=True)
class VenueSpec:
    """What to follow."""

    timeframe: str
    pairs: tuple[str, ...]
    poll_s: float
    history_bars: int


@dataclass(frozen=True, slots=True)
class _Position:
    """Last published open time overall and per pair; bars before ``live_from`` are history."""

    frontier: int
    live_from: int
    pairs: dict[str, int]

    def dump(self) -> dict[str, Any]:
        return {"frontier": self.frontier, "live_from": self.live_from, "pairs": self.pairs}


class VenueFeed:
    """Fulfils ``trading.ports.feeds.Feed`` over any ``CandleSource``.

    Attributes:
        counters: ``revised`` (the venue rewrote a published bar), ``late`` (a bar came after its
            time was passed), ``gaps`` (holes the venue could not fill).
    """

    def __init__(self, spec: VenueSpec, *, source: CandleSource, clock: Clock) -> None:
        self._spec = spec
        self._pairs = tuple(sorted(spec.pairs))
        self._source = source
        self._clock = clock
        self._step = timeframe_ms(spec.timeframe)
        self._grace_ms = int(1000 * max(GRACE_MIN_S, 2 * spec.poll_s))
        self._known: dict[str, dict[int, Bar]] = {pair: {} for pair in self._pairs}
        self._complete: dict[str, int] = {}
        self._forming: dict[str, Bar] = {}
        self._asked: set[tuple[str, int]] = set()  # holes the venue was asked for again
        self._late: set[tuple[str, int]] = set()
        self._next_poll = -math.inf
        self.counters: Counter[str] = Counter()

    async def next_batch(self, position: dict[str, Any], limit: int) -> FeedBatch:
        """Return closed bars after ``position``, whole bar times only; see the port."""
        if limit < len(self._pairs):
            raise InvariantError(
                f"limit was {limit}; expected at least the {len(self._pairs)} bars of a time"
            )
        at = self._position(position)
        batch = self._publishable(at, limit)
        if not batch and self._clock.monotonic() >= self._next_poll:
            await self._poll(at)
            batch = self._publishable(at, limit)
        after = self._after(at, batch)
        if batch:
            return FeedBatch(batch, after.dump(), 0.0)
        return FeedBatch([], after.dump(), self._wait_s())

    async def forming(self) -> Sequence[FeedBar]:
        """Return the forming bars as the venue last told them."""
        opened = floor_open(self._clock.now_ms(), self._step)
        return [
            FeedBar(pair, bar)
            for pair, bar in sorted(self._forming.items())
            if bar.open_time == opened
        ]

    async def close(self) -> None:
        """Release the venue's sockets."""
        await self._source.close()

    def _position(self, record: dict[str, Any]) -> _Position:
        if record:
            return _Position(record["frontier"], record["live_from"], dict(record["pairs"]))
        opened = floor_open(self._clock.now_ms(), self._step)
        return _Position(opened - (self._spec.history_bars + 1) * self._step, opened, {})

    def _wait_s(self) -> float:
        """Return seconds to the next poll, which comes early when a bar closes before it."""
        close_in = self._step - (self._clock.now_ms() - SETTLE_MS) % self._step
        poll_in = max(0.0, self._next_poll - self._clock.monotonic())
        if close_in / 1000 < poll_in:
            self._next_poll = self._clock.monotonic() + close_in / 1000
            return close_in / 1000
        return poll_in

    async def _poll(self, at: _Position) -> None:
        self._next_poll = self._clock.monotonic() + self._spec.poll_s
        for known in self._known.values():
            for open_time in [t for t in known if t <= at.frontier - OVERLAP_BARS * self._step]:
                del known[open_time]
        await asyncio.gather(*(self._poll_pair(pair, at) for pair in self._pairs))

    async def _poll_pair(self, pair: str, at: _Position) -> None:
        now_ms = self._clock.now_ms()
        closed_until = floor_open(now_ms - SETTLE_MS, self._step)  # first bar not closed yet
        since = at.pairs.get(pair, at.frontier) + self._step
        if pair in at.pairs:
            since -= OVERLAP_BARS * self._step
        last = at.pairs.get(pair, at.frontier)
        seen = await self._pages(pair, since, closed_until, last)
        await self._fill_holes(pair, last, seen.newest)
        # a pair without a bar is waited for until its grace is over
        waited = floor_open(now_ms - self._grace_ms, self._step) - self._step
        self._complete[pair] = max(seen.newest, waited) if seen.reached_end else seen.newest

    async def _fill_holes(self, pair: str, last: int, newest: int) -> None:
        """Ask once more for every hole between the last published and the newest bar."""
        for open_time in range(last + self._step, newest + 1, self._step):
            if open_time in self._known[pair] or (pair, open_time) in self._asked:
                continue
            until = min(t for t in self._known[pair] if t > open_time)
            self._asked |= {(pair, t) for t in range(open_time, until, self._step)}
            await self._pages(pair, open_time, until, last)

    async def _pages(self, pair: str, since: int, until: int, published_until: int) -> _Seen:
        """Take over closed bars from ``since`` to ``until`` (excluded) and the forming bar."""
        newest = since - self._step
        for _ in range(PAGES_MAX):
            if since >= until:
                return _Seen(newest, reached_end=True)
            limit = min(PAGE_BARS, (until - since) // self._step + 2)
            page = await self._source.fetch(pair, self._spec.timeframe, since_ms=since, limit=limit)
            fresh = [bar for bar in page.bars if bar.open_time >= since]
            if not fresh:
                return _Seen(newest, reached_end=True)
            for bar in fresh:
                if bar.open_time < until:
                    self._take(pair, bar, published_until)
                    newest = bar.open_time
                elif bar.open_time == floor_open(self._clock.now_ms(), self._step):
                    self._forming[pair] = bar
            since = fresh[-1].open_time + self._step
        return _Seen(newest, reached_end=False)

    def _take(self, pair: str, bar: Bar, published_until: int) -> None:
        before = self._known[pair].get(bar.open_time)
        is_published = before is not None and bar.open_time <= published_until
        if before is not None and is_published and not _equal(before, bar):
            self.counters["revised"] += 1
        if not is_published:
            self._known[pair][bar.open_time] = bar

    def _publishable(self, at: _Position, limit: int) -> list[FeedBar]:
        if len(self._complete) < len(self._pairs):
            return []
        frontier = min(self._complete.values())
        self._count_late(at)
        times = sorted(
            {t for known in self._known.values() for t in known if at.frontier < t <= frontier}
        )
        batch: list[FeedBar] = []
        last = dict(at.pairs)
        for open_time in times:
            row = [
                (pair, self._known[pair][open_time])
                for pair in self._pairs
                if open_time in self._known[pair]
            ]
            if len(batch) + len(row) > limit:
                break
            for pair, bar in row:
                batch.append(FeedBar(pair, self._flagged(bar, last.get(pair), at)))
                last[pair] = open_time
        return batch

    def _count_late(self, at: _Position) -> None:
        for pair, known in self._known.items():
            last = at.pairs.get(pair)
            if last is None:
                continue
            for open_time in [t for t in known if last < t <= at.frontier]:
                del known[open_time]
                if (pair, open_time) not in self._late:
                    self._late.add((pair, open_time))
                    self.counters["late"] += 1

    def _flagged(self, bar: Bar, last: int | None, at: _Position) -> Bar:
        flags = bar.flags
        if bar.open_time < at.live_from:
            flags |= BarFlag.WARMUP
        if last is not None and bar.open_time > last + self._step:
            flags |= BarFlag.AFTER_GAP
            self.counters["gaps"] += 1
        return bar if flags == bar.flags else bar._replace(flags=int(flags))

    def _after(self, at: _Position, batch: Sequence[FeedBar]) -> _Position:
        if not batch:
            return at
        pairs = at.pairs | {item.pair: item.bar.open_time for item in batch}
        return _Position(batch[-1].bar.open_time, at.live_from, pairs)


@dataclass(frozen=True, slots=True)
class _Seen:
    newest: int  # open time of the newest closed bar
    reached_end: bool  # the venue had nothing more


def _equal(a: Bar, b: Bar) -> bool:
    return all(
        math.isclose(x, y, rel_tol=_TOLERANCE)
        for x, y in (
            (a.open, b.open),
            (a.high, b.high),
            (a.low, b.low),
            (a.close, b.close),
            (a.volume, b.volume),
        )
    )
