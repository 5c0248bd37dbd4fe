"""Ask a venue about many pairs at once: who is due, how many at a time, who hangs, who must wait.

A few questions are under way at a time. One that gets no answer leaves its place to others. While
every answer is a failure, one pair asks for all, with growing pauses: a venue in trouble is not
helped by fifty questions a second.
"""

from __future__ import annotations

import asyncio
import math
import statistics
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from trading.base.domain.errors import RateLimitedError
from trading.base.ports.clock import Clock
from trading.market.adapters.feeds.venue_pair import SETTLE_MS, FollowedPair
from trading.market.domain.timeframes import floor_open
from trading.market.ports.candles import FollowedSource

HANG_S: Final = 3.0  # a request without an answer for so long hangs,
HANG_TIMES: Final = 4.0  # or for so many times the usual wait for one
AT_ONCE: Final = 8  # requests under way that do not hang
TASKS_MAX: Final = 64  # and all of them
PATIENCE_S: Final = 2.0  # for answers before the caller gets its turn
STEP_S: Final = 0.05
PROBE_AFTER: Final = 3  # failures in a row, over all pairs, after which one pair asks for all
PROBE_MAX_S: Final = 60.0
FORMING_SHARE: Final = 0.5  # of the requests a venue takes that go to bars still forming
FORMING_MOST: Final = 240.0  # requests a minute counted on where the venue names no limit


class VenueAsks:
    """The questions to one venue that are under way.

    Attributes:
        trouble: what the venue said last while it answers nobody; empty when it answers.
        back_at: monotonic seconds at which it last answered again after that.
    """

    def __init__(
        self,
        pairs: Mapping[str, FollowedPair],
        *,
        step_ms: int,
        poll_s: float,
        source: FollowedSource,
        clock: Clock,
    ) -> None:
        self._pairs = pairs
        self._step = step_ms
        self._least_poll_s = poll_s
        self._source = source
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[bool]] = {}
        self._begun_s: dict[str, float] = {}
        self._denied: set[str] = set()  # set aside when they were asked
        self._waits_s: deque[float] = deque(maxlen=64)  # for answers, of late
        self._hangs_after_s = HANG_S
        self._n_failed = 0  # in a row, over all pairs
        self._probe_at = -math.inf
        self.trouble = ""
        self.back_at = -math.inf

    @property
    def last_closed(self) -> int:
        """Open time of the bar that closed last, by the venue's clock."""
        return floor_open(self._source.now().now_ms - SETTLE_MS, self._step) - self._step

    @property
    def close_in_s(self) -> float:
        """Seconds until the next bar has closed and settled."""
        return (self._step - (self._source.now().now_ms - SETTLE_MS) % self._step) / 1000

    def hangs(self, pair: str) -> bool:
        """Return whether the pair's request has been without an answer for too long."""
        return self._source.on_wire_s(pair) > self._hangs_after_s

    @property
    def is_coming_back(self) -> bool:
        """Whether the venue, long silent, has begun to answer: a long answer takes a while."""
        return self._n_failed >= PROBE_AFTER and any(
            self._pairs[name].is_heard for name in self._tasks
        )

    def launch(self, begin: int) -> None:
        """Take in what was answered and ask what is due; bars before ``begin`` are not wanted.

        Raises:
            BadInputError: the venue cannot be followed until a person mends something.
        """
        self._reap()
        now = self._clock.monotonic()
        if self._source.state().paused_s > 0:
            return
        n_asking = sum(not self.hangs(name) for name in self._tasks)
        room = min(AT_ONCE - n_asking, TASKS_MAX - len(self._tasks))
        if self._n_failed >= PROBE_AFTER:
            room = min(room, 1 - n_asking) if now >= self._probe_at else 0
        due = [p for p in self._pairs.values() if p.pair not in self._tasks and p.next_ask <= now]
        due.sort(key=lambda p: (p.is_troubled, p.next_ask))
        for pair in due[: max(0, room)]:
            self._begun_s[pair.pair] = now
            (self._denied.add if pair.is_aside else self._denied.discard)(pair.pair)
            self._tasks[pair.pair] = asyncio.create_task(pair.ask(begin, self._clock))

    async def some_answers(self, begin: int, is_enough: Callable[[], bool]) -> None:
        """Wait a little for answers, until there are enough."""
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE_S
        while (left := until - loop.time()) > 0:
            waiting = [task for name, task in self._tasks.items() if not self.hangs(name)]
            if not waiting:
                return
            await asyncio.wait(
                waiting, timeout=min(left, STEP_S), return_when=asyncio.FIRST_COMPLETED
            )
            self.launch(begin)
            if is_enough():
                return

    def wait_s(self) -> float:
        """Return seconds until something is due."""
        if self._tasks:
            return STEP_S
        now = self._clock.monotonic()
        due = min(pair.next_ask for pair in self._pairs.values()) - now
        if self._n_failed >= PROBE_AFTER:
            due = max(due, self._probe_at - now)
        return max(STEP_S, self._source.state().paused_s, min(due, self.close_in_s))

    async def close(self) -> None:
        """Give up what is under way."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _reap(self) -> None:
        for name in [name for name, task in self._tasks.items() if task.done()]:
            task, pair = self._tasks.pop(name), self._pairs[name]
            now = self._clock.monotonic()
            try:
                is_answered = task.result()
            except RateLimitedError as error:
                pair.next_ask = now + error.retry_after_s
                continue
            if is_answered:
                self._answered(pair, now)
            elif not pair.is_aside:
                self._n_failed += 1
                times = self._n_failed - PROBE_AFTER
                if times >= 0:
                    self._probe_at = now + min(PROBE_MAX_S, 2.0 ** min(times, 10))
                if times >= 0 or all(p.is_troubled for p in self._pairs.values()):
                    self.trouble = pair.news(now).reason

    def _answered(self, pair: FollowedPair, now: float) -> None:
        others = [other for other in self._pairs.values() if other is not pair]
        was_wrong = pair.pair in self._denied and all(other.is_aside for other in others)
        for other in others if was_wrong else ():
            other.doubt_denials()
        if was_wrong or self._n_failed >= PROBE_AFTER:  # it is back: nobody waits his pause out
            self.back_at = now
            for other in self._pairs.values():
                other.venue_is_back(now)
        self._n_failed, self.trouble = 0, ""
        self._waits_s.append(now - self._begun_s[pair.pair])
        self._hangs_after_s = max(HANG_S, HANG_TIMES * statistics.median(self._waits_s))
        pair.plan(
            now,
            poll_s=self._poll_s(),
            close_in_s=self.close_in_s,
            is_complete=pair.newest >= self.last_closed,
        )

    def _poll_s(self) -> float:
        """Return the distance of two questions for a pair between closes."""
        takes = min(self._source.state().per_minute, FORMING_MOST) * FORMING_SHARE
        return max(self._least_poll_s, 60.0 * len(self._pairs) / takes)
