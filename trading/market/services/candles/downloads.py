"""Bring a stored series up to date from a venue: only what was never answered, tail checked.

What a venue has answered about is remembered with the series, holes and the years before a listing
included, so that it is asked once. What came is kept when a later answer fails; the next download
goes on there. The last stored bars are asked for again: when they differ, the venue has rewritten
its history (a split, an adjustment) and the whole series is fetched anew. The forming bar is never
stored; the venue's clock says which one forms.

Source: reference specification platform, C-02.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from trading.base.domain.errors import BadInputError
from trading.base.ports.clock import Clock
from trading.market.domain.bars import Bar, BarArrays
from trading.market.domain.series.door import REFUSAL_TEXT, Refusal, bars_from
from trading.market.domain.series.quality import gap_sizes
from trading.market.domain.series.spans import Span, spans_join, spans_left, spans_of
from trading.market.domain.timeframes import MS_PER_DAY, floor_open, timeframe_ms
from trading.market.domain.venue_clock import TimeSource, VenueTime
from trading.market.ports.candles import CandleSource, CandleStore, SeriesInfo, SeriesKey
from trading.market.services.candles.asking import Progress, Say, VenueAsker
from trading.market.services.candles.series import Prefer, series_flag, series_merge, show

OVERLAP_BARS: Final = 3
OVERLAP_TOLERANCE: Final = 1e-9  # relative; venues print the same number with other digits
CHUNK_BARS: Final = 20_000  # stored at least this often, so that an interruption costs little
HOLES_MAX: Final = 50  # asked for in one download; the longest first, the rest another time
SKEW_TOLD_MS: Final = 2000.0
_LOOK_BACK_DAYS: Final = 90  # ahead of the first bar, for daily candles of a venue that keeps more


class Before(StrEnum):
    """What there is between the time asked from and the first bar stored."""

    NOTHING = "nothing"  # the first bar is the one asked for
    NOT_THERE = "not_there"  # the venue knows of no trade
    NOT_GIVEN = "not_given"  # the venue had trades and does not give them in this timeframe


@dataclass(frozen=True, slots=True)
class DownloadResult:
    """What a download did, and how what is stored compares with what was asked.

    Attributes:
        info: the series as it is stored now.
        asked: the span asked for, up to the venue's forming bar.
        n_new: bars that were not stored before.
        n_replaced: stored bars the venue now gives otherwise.
        n_requests: made.
        n_repeated: of them, made again after a failure.
        was_rewritten: the overlap differed and all was fetched.
        before: what is missing ahead of the first bar.
        n_before: how many bars that would be.
        refused: bars the venue gave that were set aside, by reason.
        n_holes_left: holes nobody asked for this time.
    """

    info: SeriesInfo
    asked: Span
    n_new: int
    n_replaced: int
    n_requests: int
    n_repeated: int
    was_rewritten: bool
    before: Before
    n_before: int
    refused: dict[str, int]
    n_holes_left: int


async def candles_download(  # noqa: PLR0913 - who is asked, for what, and the ways out
    *,
    store: CandleStore,
    source: CandleSource,
    clock: Clock,
    key: SeriesKey,
    since_ms: int,
    chance: Callable[[], float],
    progress: Progress = lambda n_bars: None,
    say: Say = lambda line: None,
) -> DownloadResult:
    """Fetch what the venue has of the series ``key`` from ``since_ms`` on.

    Args:
        store: keeps the series.
        source: the venue.
        clock: measures pauses.
        key: of the series.
        since_ms: first open time wanted.
        chance: gives numbers from 0 to 1 that spread pauses.
        progress: told how many bars came.
        say: takes a line for a person about a pause or a clock.

    Raises:
        BadInputError: the venue has no such series, no closed bar since then, or none on the grid.
        VenueError: the venue cannot be asked now; what came before is stored.
    """
    step_ms = timeframe_ms(key.timeframe)
    time = await source.time()
    asked = floor_open(since_ms, step_ms), floor_open(time.now_ms, step_ms)
    asker = VenueAsker(source, key, clock=clock, chance=chance, progress=progress, say=say)
    with store.lock(key):
        download = _Download(store, asker, key, asked)
        await download.run()
        info = store.info(key)
    if info is None:
        raise BadInputError(f"{key}: {_nothing(asker, asked)}")
    _say_clock(time, key.venue, say)
    before, n_before = await _before(asker, info, asked, step_ms)
    return DownloadResult(
        info=info,
        asked=asked,
        n_new=download.n_new,
        n_replaced=download.n_replaced,
        n_requests=asker.n_requests,
        n_repeated=asker.n_repeated,
        was_rewritten=download.was_rewritten,
        before=before,
        n_before=n_before,
        refused=asker.refused_counts(),
        n_holes_left=download.n_holes_left,
    )


def _say_clock(time: VenueTime, venue: str, say: Say) -> None:
    if time.source is TimeSource.NONE:
        say(f"{venue} tells no time; this machine's clock decides which bars have closed")
    elif abs(time.skew_ms) > SKEW_TOLD_MS + time.error_ms:
        side = "ahead of" if time.skew_ms > 0 else "behind"
        say(
            f"this machine's clock is {abs(time.skew_ms) / 1000:.0f} s {side} {venue}'s; the "
            "venue's decides which bars have closed"
        )


def _nothing(asker: VenueAsker, asked: Span) -> str:
    if not asker.refused:
        return f"the venue has no closed bar since {show(asked[0])}"
    first, reason = min(asker.refused.items())
    what = REFUSAL_TEXT[reason]
    hint = (
        "; this venue cuts time otherwise, ask for a shorter timeframe"
        if reason is Refusal.OFF_GRID
        else ""
    )
    return (
        f"none of the {len(asker.refused)} bars the venue gave can be used; the first, of "
        f"{show(first)}, {what}{hint}"
    )


async def _before(
    asker: VenueAsker, info: SeriesInfo, asked: Span, step_ms: int
) -> tuple[Before, int]:
    n_before = (info.first_open - asked[0]) // step_ms
    if n_before <= 0:
        return Before.NOTHING, 0
    near = max(asked[0], info.first_open - _LOOK_BACK_DAYS * MS_PER_DAY)
    day = await asker.first_day(near, info.first_open)
    is_older = day is not None and day + MS_PER_DAY <= info.first_open
    return Before.NOT_GIVEN if is_older else Before.NOT_THERE, n_before


class _Download:
    """One download under the series' lock; what came stays when it is interrupted."""

    def __init__(self, store: CandleStore, asker: VenueAsker, key: SeriesKey, asked: Span) -> None:
        self._store, self._asker, self._key, self._span = store, asker, key, asked
        self._step_ms = timeframe_ms(key.timeframe)
        self._answered: tuple[Span, ...] = ()
        self._unchecked: BarArrays | None = None  # whose last bars the venue must give again
        self._n_asked_again = 0
        self._bars: dict[int, Bar] = {}
        self._spans: list[Span] = []
        self.n_new = self.n_replaced = self.n_holes_left = 0
        self.was_rewritten = False

    async def run(self) -> None:
        """Ask for everything in the span that nobody has asked for."""
        info = self._store.info(self._key)
        start, end = self._span
        if info is None:
            await self._ask([self._span])
            return
        stored = self._unchecked = self._store.load(self._key)
        known = spans_join((*info.answered, *spans_of(stored.open_time, self._step_ms)))
        self._answered = info.answered
        after = int(stored.open_time[-1]) + self._step_ms
        tail = after - OVERLAP_BARS * self._step_ms
        if after <= end:
            await self._ask([(tail, end)])
        self._unchecked = None
        if self.was_rewritten:
            self._answered = ()
            await self._ask([(min(start, int(stored.open_time[0])), end)])
            return
        holes = spans_left((start, min(end, after)), known)
        holes.sort(key=lambda hole: hole[0] - hole[1])
        self.n_holes_left = max(0, len(holes) - HOLES_MAX)
        await self._ask(sorted(holes[:HOLES_MAX]))

    async def _ask(self, spans: list[Span]) -> None:
        try:
            for span in spans:
                await self._fetch(span)
        finally:
            self._store_all()  # of what was answered, whatever comes after

    async def _fetch(self, span: Span) -> None:
        begun = at = span[0]
        found: list[int] = []
        async for bars, until in self._asker.answers(*span):
            self._bars |= {bar.open_time: bar for bar in bars}
            self._spans.append((at, until))
            found += [bar.open_time for bar in bars]
            at = until
            if len(self._bars) >= CHUNK_BARS:
                await self._ask_again(begun, at, found)
                self._store_all()
                begun, found = at, []
            if self._unchecked is not None and self.was_rewritten:
                return
        await self._ask_again(begun, at, found)

    async def _ask_again(self, begun: int, end: int, found: list[int]) -> None:
        """Ask once more for holes among what came just now, before they are accepted."""
        times = np.array(sorted({*found, *self._refused(begun, end)}), dtype=np.int64)
        after = np.flatnonzero(gap_sizes(times, self._step_ms) > 0)
        for i in after[: HOLES_MAX - self._n_asked_again].tolist():
            self._n_asked_again += 1
            hole = int(times[i - 1]) + self._step_ms, int(times[i])
            async for bars, _ in self._asker.answers(*hole):
                self._bars |= {bar.open_time: bar for bar in bars}

    def _refused(self, begun: int, end: int) -> list[int]:
        on_grid = (time for time in self._asker.refused if time % self._step_ms == 0)
        return [time for time in on_grid if begun <= time < end]

    def _store_all(self) -> None:
        bars, spans = self._bars, self._spans
        self._bars, self._spans = {}, []
        if self._unchecked is not None and not overlap_agrees(self._unchecked, bars):
            self.was_rewritten = True
            return
        self._answered = spans_join((*self._answered, *spans))
        info = self._store.info(self._key)
        if info is None and not bars:
            return
        new = bars_from([bars[open_time] for open_time in sorted(bars)])
        open_time, values, n_new, n_replaced = new.open_time, new.values, len(new), 0
        if info is not None:
            merged = series_merge(self._store.load(self._key), new, prefer=Prefer.NEW)
            open_time, values = merged.open_time, merged.values
            n_new, n_replaced = merged.n_new, merged.n_replaced
            if not n_new and not n_replaced and self._answered == info.answered:
                return
        checked = series_flag(open_time, values, step_ms=self._step_ms)
        self._store.replace(
            self._key, checked.bars, source=f"venue {self._key.venue}", answered=self._answered
        )
        self.n_new += n_new
        self.n_replaced += n_replaced


def overlap_agrees(stored: BarArrays, fetched: dict[int, Bar]) -> bool:
    """Return whether the bars both know are equal within the tolerance."""
    tail = stored.slice(max(0, len(stored) - OVERLAP_BARS), len(stored))
    for i in range(len(tail)):
        new = fetched.get(int(tail.open_time[i]))
        if new is not None and not np.allclose(
            new[1:6], tail.values[:, i], rtol=OVERLAP_TOLERANCE, atol=0.0
        ):
            return False
    return True
