"""Follow a venue by asking it again and again, and publish every closed bar once, in order.

What has closed is decided by the venue's clock. A bar time is published when every pair has its
bar, or has had its grace (some venues have no candle where nobody traded); a pair whose requests
fail or hang is not waited for. What arrives after its time was passed is handed on beside the log:
as a correction, or as a bar that came late. A pair that joins brings its history as warm-up.

Source: reference specification platform 1.3, B6, and platform C-02 for the overlap.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from trading.base.domain.errors import InvariantError
from trading.base.ports.clock import Clock
from trading.market.adapters.feeds.venue_asks import VenueAsks
from trading.market.adapters.feeds.venue_pair import FollowedPair
from trading.market.domain.bars import WARMUP, Bar
from trading.market.domain.timeframes import floor_open, timeframe_ms
from trading.market.ports.candles import FollowedSource
from trading.market.ports.feeds import FeedBar, FeedBatch, FeedNews, FeedRefusal

GRACE_MIN_S: Final = 15.0
GRACE_AGAIN_S: Final = 2.0  # for a pair that had no bar the last time either
LAG_S: Final = 5.0  # bars that first come so long after their close are late everywhere


@dataclass(frozen=True, slots=True)
class VenueSpec:
    """What to follow."""

    timeframe: str
    pairs: tuple[str, ...]
    poll_s: float
    history_bars: int


@dataclass(frozen=True, slots=True)
class _Position:
    """How far the feed is; open times in ms UTC.

    Attributes:
        begin: first bar time wanted at all.
        frontier: last published.
        pairs: last published of each pair.
        live: first bar of each pair that is no warm-up.
    """

    begin: int
    frontier: int
    pairs: dict[str, int]
    live: dict[str, int]


class VenueFeed:
    """Fulfils ``trading.market.ports.feeds.Feed`` over any ``FollowedSource``."""

    def __init__(self, spec: VenueSpec, *, source: FollowedSource, clock: Clock) -> None:
        self._spec = spec
        self._source = source
        self._clock = clock
        self._step = timeframe_ms(spec.timeframe)
        self._grace_s = max(GRACE_MIN_S, 2 * spec.poll_s)
        self._pairs = {
            pair: FollowedPair(pair, timeframe=spec.timeframe, step_ms=self._step, source=source)
            for pair in sorted(spec.pairs)
        }
        self._asks = VenueAsks(
            self._pairs, step_ms=self._step, poll_s=spec.poll_s, source=source, clock=clock
        )
        self._clock_task: asyncio.Task[Any] | None = None
        # of the bar time to be published next: the frontier before it, until when all may bring it
        self._laggards: tuple[int, float] | None = None

    async def next_batch(self, position: dict[str, Any], limit: int) -> FeedBatch:
        """Return closed bars after ``position``, whole bar times only; see the port."""
        if limit < len(self._pairs):
            raise InvariantError(
                f"limit was {limit}; expected at least the {len(self._pairs)} bars of a time"
            )
        await self._learn_time()
        at = self._position(position)
        self._sync(at)
        self._asks.launch(at.begin)
        batch, after = self._publishable(at, limit)
        if not batch:
            await self._asks.some_answers(
                at.begin, lambda: bool(self._publishable(at, len(self._pairs))[0])
            )
            batch, after = self._publishable(at, limit)
        self._sync(after)
        if after.frontier > at.frontier:
            for pair in self._pairs.values():
                pair.was_missing = pair.last is None or pair.last < after.frontier
        return self._handed_on(batch, after)

    async def forming(self) -> Sequence[FeedBar]:
        """Return the forming bars as the venue last told them."""
        opened = floor_open(self._source.now().now_ms, self._step)
        return [
            FeedBar(pair.pair, pair.forming)
            for pair in self._pairs.values()
            if pair.forming is not None and pair.forming.open_time == opened
        ]

    async def close(self) -> None:
        """Release the venue's sockets."""
        await self._asks.close()
        if self._clock_task is not None:
            self._clock_task.cancel()
            await asyncio.gather(self._clock_task, return_exceptions=True)
        await self._source.close()

    async def _learn_time(self) -> None:
        """Ask the venue for its time; only the first answer is waited for."""
        if self._clock_task is None:
            await self._source.time()
        if self._clock_task is None or self._clock_task.done():
            self._clock_task = asyncio.create_task(self._source.time())

    def _position(self, record: dict[str, Any]) -> _Position:
        opened = floor_open(self._source.now().now_ms, self._step)
        # nothing published from a time to come: the venue's clock was wrong at the start
        is_void = bool(record) and not record["pairs"] and record["begin"] > opened
        if record and not is_void:
            return _Position(
                record["begin"], record["frontier"], dict(record["pairs"]), dict(record["live"])
            )
        for pair in self._pairs.values():
            pair.reach = -1
        begin = opened - self._spec.history_bars * self._step
        return _Position(begin, begin - self._step, {}, dict.fromkeys(self._pairs, opened))

    def _sync(self, at: _Position) -> None:
        for name, pair in self._pairs.items():
            pair.stand(at.pairs.get(name), at.live.get(name, 0), at.frontier)

    def _handed_on(self, bars: list[FeedBar], after: _Position) -> FeedBatch:
        pairs, now = self._pairs.values(), self._clock.monotonic()
        again = [FeedBar(pair.pair, bar) for pair in pairs for bar in pair.again]
        refused = [FeedRefusal(pair.pair, bar) for pair in pairs for bar in pair.refused]
        for pair in pairs:
            pair.again, pair.refused = [], []
        source = self._source.state()
        return FeedBatch(
            bars,
            asdict(after),
            0.0 if bars else self._asks.wait_s(),
            again=again,
            refused=refused,
            news=FeedNews(
                source.reason or self._asks.trouble,
                {pair.pair: pair.news(now) for pair in pairs},
                self._source.now(),
                source,
            ),
        )

    def _complete(self, pair: FollowedPair, at: _Position) -> float:
        """Return up to which bar time nothing more is waited for from this pair."""
        last_closed = self._asks.last_closed
        joins = pair.last is None and bool(at.pairs)  # when it has caught up
        if pair.is_aside or (joins and pair.reach <= at.frontier):
            return math.inf
        was_told_nothing = not pair.is_troubled and pair.reach > last_closed
        if pair.newest >= last_closed or (was_told_nothing and self._is_lagging(at)):
            return pair.newest
        # not asked since the close: reading its past, or in the queue of our own questions
        unheard = pair.reach - self._step if pair.reach > at.frontier else at.frontier
        hangs = self._asks.hangs(pair.pair)
        if hangs or pair.is_troubled:
            is_just_back = self._clock.monotonic() < self._asks.back_at + self._grace_s
            if is_just_back or self._asks.is_coming_back:
                return unheard  # the venue was away: all catch up together
            if hangs or pair.was_missing:
                return last_closed
        grace_s = GRACE_AGAIN_S if pair.was_missing else self._grace_s
        now_ms = int(self._source.now().now_ms - grace_s * 1000)
        waited = floor_open(now_ms, self._step) - self._step
        if pair.is_troubled or was_told_nothing:
            return max(pair.newest, waited)
        return unheard

    def _is_lagging(self, at: _Position) -> bool:
        """Return whether the first bars of a time came so late that the others may come yet.

        A venue that is slow with all its candles is no reason to pass over all pairs but one.
        """
        if not at.pairs:
            return False
        now_s = self._clock.monotonic()
        if self._laggards is None or self._laggards[0] != at.frontier:
            new = [t for pair in self._pairs.values() for t in pair.bars if t > at.frontier]
            if not new:
                return False
            lag_s = (self._source.now().now_ms - min(new) - self._step) / 1000
            self._laggards = (at.frontier, now_s + (self._grace_s if lag_s > LAG_S else 0.0))
        return now_s < self._laggards[1]

    def _publishable(self, at: _Position, limit: int) -> tuple[list[FeedBar], _Position]:
        complete = [self._complete(pair, at) for pair in self._pairs.values()]
        frontier = min(self._asks.last_closed, *complete)
        live, history = dict(at.live), []
        times: dict[int, list[tuple[str, Bar]]] = {}
        for name, pair in self._pairs.items():
            if pair.reach <= at.frontier:
                continue
            if pair.last is None and at.pairs:
                live[name] = max(live.get(name, 0), at.frontier + self._step)
            for time, bar in pair.bars.items():
                if pair.last is not None and time <= pair.last:
                    continue
                if at.frontier < time <= frontier:
                    times.setdefault(time, []).append((name, bar))
                elif time <= at.frontier and time < live.get(name, 0):
                    history.append((time, name, bar))
        history.sort(key=lambda item: item[:2])
        batch = [_feed_bar(name, bar, live) for _, name, bar in history[:limit]]
        reached = at.frontier
        for time in sorted(times) if len(history) <= limit else ():
            if len(batch) + len(times[time]) > limit:
                break
            batch += [_feed_bar(name, bar, live) for name, bar in times[time]]
            reached = time
        pairs = at.pairs | {item.pair: item.bar.open_time for item in batch}
        return batch, _Position(at.begin, reached, pairs, live)


def _feed_bar(pair: str, bar: Bar, live: dict[str, int]) -> FeedBar:
    is_warm_up = bar.open_time < live.get(pair, 0)
    return FeedBar(pair, bar._replace(flags=bar.flags | WARMUP) if is_warm_up else bar)
