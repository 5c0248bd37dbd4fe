"""Ask a venue for all candles of a span: window by window to its end, patiently.

An answer without a candle is no end of data: a venue may answer for a window of its own length, and
a market may have been shut. After a few such answers daily candles tell where data go on, so that
asking from years before a listing costs a handful of requests. What fails for the moment is asked
again after a growing pause; a venue that wants silence gets it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from trading.base.domain.errors import RateLimitedError, UnknownPairError, VenueUnavailableError
from trading.base.ports.clock import Clock
from trading.market.domain.bars import Bar
from trading.market.domain.series.door import UNKNOWN_TIME, Refusal
from trading.market.domain.timeframes import MS_PER_DAY, floor_open, timeframe_ms
from trading.market.ports.candles import CandlePage, CandleSource, SeriesKey

PAGE_BARS: Final = 1000
EMPTY_ANSWERS: Final = 3  # in a row, before daily candles are asked where data go on
TRIES: Final = 5
FIRST_TRIES: Final = 3  # of a venue that has not answered once: the cause may be on this side
FIRST_PAUSE_S: Final = 1.0  # doubled with every try
LONGEST_PAUSE_S: Final = 900.0  # a venue that wants longer silence is asked another day
_DAYS: Final = "1d"

Progress = Callable[[int], None]
Say = Callable[[str], object]


class VenueAsker:
    """Asks for one series and keeps account.

    Attributes:
        n_requests: answers and failures alike.
        n_repeated: requests made again after a failure.
        refused: what was set aside, by open time.
        n_unreadable: rows that had not even a time.
    """

    def __init__(
        self,
        source: CandleSource,
        key: SeriesKey,
        *,
        clock: Clock,
        chance: Callable[[], float],
        progress: Progress,
        say: Say,
    ) -> None:
        """Prepare; ``chance`` gives numbers from 0 to 1 that part those who wait."""
        self._source, self._key, self._clock = source, key, clock
        self._chance, self._progress, self._say = chance, progress, say
        self._step_ms = timeframe_ms(key.timeframe)
        self.n_requests = self.n_repeated = self.n_unreadable = 0
        self.refused: dict[int, Refusal] = {}
        self._has_answered = False
        self._has_days = self._step_ms < MS_PER_DAY  # and so can tell where data go on

    def refused_counts(self) -> dict[str, int]:
        """Return how many bars were set aside, by reason."""
        counts = Counter(str(reason) for reason in self.refused.values())
        counts[str(Refusal.UNREADABLE)] += self.n_unreadable
        return {reason: n for reason, n in sorted(counts.items()) if n}

    async def answers(self, start: int, end: int) -> AsyncIterator[tuple[Sequence[Bar], int]]:
        """Yield bars with ``start <= open_time < end``, and up to when all of them are now known.

        Raises:
            UnknownPairError: the venue has no such series.
            VenueError: it cannot be asked now, however often.
        """
        at, n_empty = start, 0
        while at < end:
            limit = min(PAGE_BARS, (end - at) // self._step_ms + 1)
            page = await self._page(self._key.timeframe, at, limit)
            bars = [bar for bar in page.bars if at <= bar.open_time < end]
            is_heard = self._note(page, at, end) or bool(bars)
            n_empty = 0 if is_heard else n_empty + 1
            # candles of before only: the venue has nothing newer in the window it answered for
            is_past = bool(page.bars) and page.bars[-1].open_time < at
            until = at + limit * self._step_ms if is_past else page.until_ms
            at = max(until, at + self._step_ms)
            if n_empty >= EMPTY_ANSWERS and at < end:
                at, n_empty = await self._leap(at, end), 0
            self._progress(len(bars))
            yield bars, min(at, end)

    async def first_day(self, start: int, end: int) -> int | None:
        """Return the open time of the venue's first daily candle from ``start`` on.

        None when there is none before ``end``, or daily candles cannot tell.
        """
        at = floor_open(start, MS_PER_DAY)
        while self._has_days and at < end:
            try:
                page = await self._page(_DAYS, at, PAGE_BARS)
            except UnknownPairError:
                self._has_days = False
                return None
            times = [bar.open_time for bar in page.bars]
            times += [item.open_time for item in page.refused]  # of venues whose days begin later
            found = [time for time in times if at <= time < end]
            if found:
                return min(found)
            at = max(page.until_ms, at + MS_PER_DAY)
        return None

    async def _leap(self, at: int, end: int) -> int:
        """Return from when on there may be data again; never too late."""
        day = await self.first_day(at, end)
        if not self._has_days:
            return at
        # a day with data may have no candle yet while it lasts, or where days begin elsewhere
        there = (end - MS_PER_DAY if day is None else day) - MS_PER_DAY
        return max(at, floor_open(there, self._step_ms))

    async def _page(self, timeframe: str, since_ms: int, limit: int) -> CandlePage:
        n_failed = 0
        while True:
            self.n_requests += 1
            try:
                page = await self._source.fetch(
                    self._key.pair, timeframe, since_ms=since_ms, limit=limit
                )
                self._has_answered = True
                return page
            except (RateLimitedError, VenueUnavailableError) as error:
                n_failed += 1
                pause_s = FIRST_PAUSE_S * 2.0 ** (n_failed - 1)
                if isinstance(error, RateLimitedError):
                    pause_s = error.retry_after_s
                most = TRIES if self._has_answered else FIRST_TRIES
                if n_failed >= most or pause_s > LONGEST_PAUSE_S:
                    raise
                told = str(error)
            self.n_repeated += 1
            pause_s *= 1.0 + 0.5 * self._chance()
            self._say(f"{told[:160]}; asked again in {pause_s:.0f} s")
            await self._clock.sleep(pause_s)

    def _note(self, page: CandlePage, at: int, end: int) -> bool:
        """Keep what the door set aside; return whether any of it belongs here."""
        here = [item for item in page.refused if at <= item.open_time < end]
        self.refused |= {item.open_time: item.reason for item in here}
        n_nameless = sum(item.open_time == UNKNOWN_TIME for item in page.refused)
        self.n_unreadable += n_nameless
        return bool(here) or n_nameless > 0
