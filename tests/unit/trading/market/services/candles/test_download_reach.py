"""How far a download reaches: over silence, through failures, and never twice for the same."""

from __future__ import annotations

import pytest

from tests.fakes.candles import START_MS, MemoryCandleStore, series
from tests.fakes.clock import FakeClock
from tests.fakes.venue import MemoryCandleSource
from trading.base.domain.errors import (
    BadInputError,
    RateLimitedError,
    UnknownPairError,
    VenueUnavailableError,
)
from trading.market.domain.bars import Bar
from trading.market.domain.series.door import Refusal, RefusedBar
from trading.market.domain.timeframes import MS_PER_DAY, timeframe_ms
from trading.market.ports.candles import CandlePage, SeriesKey
from trading.market.services.candles.asking import FIRST_TRIES, TRIES
from trading.market.services.candles.downloads import Before, DownloadResult, candles_download

STEP = 300_000
DAY = MS_PER_DAY // STEP  # bars
KEY = SeriesKey("okx", "BTC/USDT", "5m")


class Venue(MemoryCandleSource):
    """Has daily candles too, and knows some habits of venues.

    Attributes:
        newest: it gives its newest so many candles, whatever is asked; 0 for none of that.
        has_days: it has daily candles.
        odd: open times of candles that are refused at the door, and why.
    """

    newest = 0
    has_days = True

    def __init__(self, clock: FakeClock, bars: range) -> None:
        super().__init__(clock, {"BTC/USDT": series(0)})
        self.bars["BTC/USDT"] = {t: _bar(t) for t in (START_MS + i * STEP for i in bars)}
        self.odd: dict[int, Refusal] = {}

    async def fetch(self, pair: str, timeframe: str, *, since_ms: int, limit: int) -> CandlePage:
        fine = self.bars[pair]
        if timeframe == "1d":
            if not self.has_days:
                raise UnknownPairError("okx has no 1d candles")
            days = {t - t % MS_PER_DAY for t in fine}
            self.bars[pair] = {t: _bar(t) for t in days}
        try:
            if self.newest and timeframe != "1d":
                self.calls.append((pair, since_ms, limit))
                given = [fine[t] for t in sorted(fine) if t <= self._now()][-self.newest :]
                return CandlePage(given, max(given[-1].open_time, since_ms) + STEP)
            page = await super().fetch(pair, timeframe, since_ms=since_ms, limit=limit)
        finally:
            self.bars[pair] = fine
        span = range(since_ms, page.until_ms, timeframe_ms(timeframe))
        refused = [RefusedBar(0, t, why, "") for t, why in self.odd.items() if t in span]
        return CandlePage(
            [b for b in page.bars if b.open_time not in self.odd], page.until_ms, refused
        )

    def _now(self) -> int:
        return self._clock.now_ms() - self.behind_ms


def _bar(t: int) -> Bar:
    return Bar(t, 10.0, 12.0, 9.0, 11.0, 1.0 + (t // STEP) % 7)


class Desk:
    def __init__(self, bars: range, n_closed: int, window_bars: int = 100) -> None:
        self.clock = FakeClock(START_MS + n_closed * STEP + 1000)
        self.venue = Venue(self.clock, bars)
        self.venue.window_bars = window_bars
        self.store = MemoryCandleStore()
        self.told: list[str] = []

    async def download(self, since_bar: int = 0) -> DownloadResult:
        self.venue.calls.clear()
        return await candles_download(
            store=self.store,
            source=self.venue,
            clock=self.clock,
            key=KEY,
            since_ms=START_MS + since_bar * STEP,
            chance=lambda: 0.0,
            say=self.told.append,
        )


@pytest.mark.parametrize("has_days", [True, False])
@pytest.mark.parametrize("listed", [1, 57, 500, 40 * DAY + 11])
async def test_every_bar_since_the_listing_comes_from_long_before_it(
    listed: int, has_days: bool
) -> None:
    desk = Desk(range(listed, 50 * DAY), 50 * DAY)
    desk.venue.has_days = has_days
    result = await desk.download()
    assert result.info.rows == 50 * DAY - listed
    assert (result.info.gaps, result.n_before) == (0, listed)
    assert result.before is Before.NOT_THERE


async def test_years_before_a_listing_cost_a_handful_of_requests() -> None:
    years = 16 * 365 * DAY
    desk = Desk(range(years, years + 500), years + 500)
    result = await desk.download()
    assert result.info.rows == 500
    assert result.n_requests < 90
    again = await desk.download()
    assert (again.n_new, again.info) == (0, result.info)
    assert again.n_requests == 2  # the overlap, and the days ahead of the first bar


@pytest.mark.parametrize("hole", [range(300, 301), range(300, 812), range(300, 300 + 30 * DAY)])
async def test_silence_in_the_middle_is_stepped_over(hole: range) -> None:
    end = hole.stop + 700
    desk = Desk(range(end), end)
    for i in hole:
        del desk.venue.bars["BTC/USDT"][START_MS + i * STEP]
    result = await desk.download()
    assert result.info.rows == end - len(hole)
    assert (result.info.gaps, result.info.missing_bars) == (1, len(hole))
    assert (await desk.download()).n_requests == 1


async def test_a_venue_that_gives_its_newest_only_does_not_pass_for_one_that_gave_all() -> None:
    desk = Desk(range(20 * DAY), 20 * DAY)
    desk.venue.newest = 720
    result = await desk.download()
    assert (result.before, result.info.rows) == (Before.NOT_GIVEN, 720)
    assert result.n_before == 20 * DAY - 720
    desk.clock.advance(300)
    desk.venue.bars["BTC/USDT"] |= {START_MS + 20 * DAY * STEP: _bar(START_MS + 20 * DAY * STEP)}
    again = await desk.download()
    assert (again.n_new, again.before) == (1, Before.NOT_GIVEN)
    assert again.n_requests <= 2


async def test_failures_that_pass_are_asked_again_after_growing_pauses() -> None:
    desk = Desk(range(2000), 2000)
    down, busy = VenueUnavailableError("503"), RateLimitedError("429", retry_after_s=77.0)
    _break_after(desk, 1, [down, down, busy])
    begun = desk.clock.monotonic()
    result = await desk.download()
    assert (result.info.rows, result.n_repeated) == (2000, 3)
    assert desk.clock.monotonic() - begun == pytest.approx(1 + 2 + 77)
    assert [line.split("; ")[1] for line in desk.told] == [
        "asked again in 1 s", "asked again in 2 s", "asked again in 77 s",
    ]  # fmt: skip


async def test_a_venue_that_wants_silence_for_long_is_left_alone_at_once() -> None:
    desk = Desk(range(20), 20)
    desk.venue.failures = [RateLimitedError("banned", retry_after_s=7200.0)]
    with pytest.raises(RateLimitedError):
        await desk.download()
    assert len(desk.venue.calls) == 1


def _break_after(desk: Desk, n_answers: int, errors: list[Exception] | None = None) -> None:
    """Let the venue answer so often, then raise these, or fail for good."""
    original, left = desk.venue.fetch, n_answers

    async def fetch(pair: str, timeframe: str, *, since_ms: int, limit: int) -> CandlePage:
        nonlocal left
        left -= 1
        if left < 0 and errors is None:
            desk.venue.failures.append(VenueUnavailableError("gone"))
        elif left == -1 and errors is not None:
            desk.venue.failures += errors
        return await original(pair, timeframe, since_ms=since_ms, limit=limit)

    desk.venue.fetch = fetch  # type: ignore[method-assign]


@pytest.mark.parametrize("n_answers", [1, 3, 9])
async def test_what_came_before_a_failure_is_kept_and_not_asked_for_again(n_answers: int) -> None:
    desk = Desk(range(1000), 1000)
    original = desk.venue.fetch
    _break_after(desk, n_answers)
    with pytest.raises(VenueUnavailableError):
        await desk.download()
    info = desk.store.info(KEY)
    assert info is not None
    assert info.rows == 100 * n_answers
    desk.venue.fetch, desk.venue.failures = original, []  # type: ignore[method-assign]
    result = await desk.download()
    assert (result.info.rows, result.info.gaps) == (1000, 0)
    assert result.n_requests == 10 - n_answers + 1  # the overlap begins in the last window


async def test_a_failure_while_older_bars_are_fetched_leaves_a_hole_the_next_time_fills() -> None:
    desk = Desk(range(1000), 1000)
    original = desk.venue.fetch
    await desk.download(since_bar=800)
    _break_after(desk, 1 + 4)  # the tail, then four windows
    with pytest.raises(VenueUnavailableError):
        await desk.download(since_bar=0)
    info = desk.store.info(KEY)
    assert info is not None
    assert (info.rows, info.missing_bars) == (600, 400)
    desk.venue.fetch, desk.venue.failures = original, []  # type: ignore[method-assign]
    result = await desk.download(since_bar=0)
    assert (result.info.rows, result.info.gaps, result.n_new) == (1000, 0, 400)
    assert min(since for _, since, _ in desk.venue.calls) == START_MS + 400 * STEP


async def test_holes_of_a_series_that_came_from_a_file_are_asked_for_once() -> None:
    desk = Desk(range(1000), 1000)
    await desk.download()
    bars = desk.store.load(KEY)
    keep = [i for i in range(1000) if i not in (50, 51, 700)]
    held = type(bars)(bars.open_time[keep], bars.values[:, keep].copy(), bars.flags[keep])
    desk.store.replace(KEY, held, source="file", answered=())
    del desk.venue.bars["BTC/USDT"][START_MS + 700 * STEP]
    result = await desk.download()
    assert (result.n_new, result.info.missing_bars) == (2, 1)
    assert (await desk.download()).n_requests == 1


async def test_bars_that_were_set_aside_are_counted_by_reason_and_not_asked_for_twice() -> None:
    desk = Desk(range(500), 500)
    desk.venue.odd = {START_MS + i * STEP: Refusal.NO_VOLUME for i in range(0, 500, 50)}
    desk.venue.odd[START_MS + 99 * STEP] = Refusal.HIGH_BELOW_LOW
    result = await desk.download()
    assert result.refused == {"high_below_low": 1, "no_volume": 10}
    assert result.info.rows == 489
    assert result.n_requests == 5 + 1  # and one for the days before the first
    assert (result.before, result.n_before) == (Before.NOT_THERE, 1)


async def test_a_series_without_one_usable_bar_is_refused_with_the_reason() -> None:
    desk = Desk(range(50), 50)
    desk.venue.odd = {START_MS + i * STEP: Refusal.OFF_GRID for i in range(50)}
    with pytest.raises(BadInputError, match=r"none of the 50 bars .* off the grid .* shorter"):
        await desk.download()
    assert desk.store.info(KEY) is None


@pytest.mark.parametrize("behind_ms", [40_000, -40_000])
async def test_the_clock_of_the_venue_says_which_bar_forms(behind_ms: int) -> None:
    desk = Desk(range(200), 100)
    desk.clock.advance(20 if behind_ms > 0 else 270)  # of the host; the venue sees another bar
    desk.venue.behind_ms = behind_ms
    result = await desk.download()
    closed = (desk.clock.now_ms() - behind_ms - START_MS) // STEP
    assert closed == (99 if behind_ms > 0 else 101)
    assert result.info.rows == closed
    assert "this machine's clock is 40 s" in desk.told[0]


async def test_a_pair_the_venue_does_not_have_is_not_asked_for_again() -> None:
    desk = Desk(range(5), 5)
    desk.venue.failures = [UnknownPairError("okx has no pair")]
    with pytest.raises(UnknownPairError):
        await desk.download()
    assert len(desk.venue.calls) == 1


async def test_a_venue_that_stays_down_is_given_up_after_some_tries() -> None:
    desk = Desk(range(5), 5)
    desk.venue.failures = [VenueUnavailableError("down")] * TRIES
    with pytest.raises(VenueUnavailableError):
        await desk.download()
    assert len(desk.venue.calls) == FIRST_TRIES
