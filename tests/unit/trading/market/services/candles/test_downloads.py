from __future__ import annotations

import pytest

from tests.fakes.candles import START_MS, MemoryCandleStore, series
from tests.fakes.clock import FakeClock
from tests.fakes.venue import MemoryCandleSource
from trading.base.domain.errors import BadInputError, VenueUnavailableError
from trading.market.domain.bars import Bar
from trading.market.ports.candles import CandlePage, SeriesKey
from trading.market.services.candles.asking import TRIES
from trading.market.services.candles.downloads import CHUNK_BARS, DownloadResult, candles_download

STEP = 300_000
KEY = SeriesKey("bybit", "BTC/USDT", "5m")


class Desk:
    def __init__(self, n_closed: int = 100) -> None:
        self.clock = FakeClock(START_MS + n_closed * STEP + 1000)
        self.venue = MemoryCandleSource(self.clock, {"BTC/USDT": series(200)})
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
            chance=lambda: 0.5,
            say=self.told.append,
        )


async def test_all_closed_bars_are_stored_and_the_forming_one_is_not() -> None:
    desk = Desk()
    result = await desk.download()
    assert (result.n_new, result.info.rows) == (100, 100)
    assert desk.store.load(KEY).values.tobytes() == series(200).slice(0, 100).values.tobytes()


async def test_one_new_bar_costs_one_request_of_the_overlap_and_itself() -> None:
    desk = Desk()
    await desk.download()
    desk.clock.advance(300)
    result = await desk.download()
    assert (result.n_new, result.n_requests, result.was_rewritten) == (1, 1, False)
    assert desk.venue.calls == [("BTC/USDT", START_MS + 97 * STEP, 5)]


async def test_nothing_new_changes_nothing() -> None:
    desk = Desk()
    first = await desk.download()
    second = await desk.download()
    assert (second.n_new, second.info) == (0, first.info)


async def test_a_venue_that_rewrote_its_history_is_fetched_as_a_whole() -> None:
    desk = Desk()
    await desk.download()
    known = desk.venue.bars["BTC/USDT"]
    for t, bar in known.items():
        known[t] = bar._replace(
            open=bar.open / 2, high=bar.high / 2, low=bar.low / 2, close=bar.close / 2
        )
    desk.clock.advance(300)
    result = await desk.download()
    assert (result.was_rewritten, result.info.rows) == (True, 101)
    assert desk.store.load(KEY).values[0, 0] == series(1).values[0, 0] / 2


async def test_a_difference_in_the_last_digits_is_no_rewriting() -> None:
    desk = Desk()
    await desk.download()
    t = START_MS + 99 * STEP
    bar = desk.venue.bars["BTC/USDT"][t]
    desk.venue.bars["BTC/USDT"][t] = bar._replace(volume=bar.volume * (1 + 1e-12))
    desk.clock.advance(300)
    assert not (await desk.download()).was_rewritten


async def test_a_venue_that_pages_is_paged_through() -> None:
    desk = Desk()
    desk.venue.cap = 30
    assert (await desk.download()).info.rows == 100


async def test_an_earlier_start_fetches_the_earlier_bars() -> None:
    desk = Desk()
    await desk.download(since_bar=60)
    result = await desk.download(since_bar=10)
    assert (result.info.rows, result.n_new) == (90, 50)


async def test_a_hole_is_asked_for_once_more_and_then_counted() -> None:
    desk = Desk()
    del desk.venue.bars["BTC/USDT"][START_MS + 40 * STEP]
    result = await desk.download()
    assert (result.info.gaps, result.info.missing_bars) == (1, 1)
    assert START_MS + 40 * STEP in [since for _, since, _ in desk.venue.calls]


async def test_a_failing_venue_leaves_the_store_alone() -> None:
    desk = Desk()
    first = await desk.download()
    desk.clock.advance(3000)
    desk.venue.failures = [VenueUnavailableError("down")] * TRIES
    with pytest.raises(VenueUnavailableError):
        await desk.download()
    assert desk.store.info(KEY) == first.info


async def test_a_venue_without_bars_is_told() -> None:
    desk = Desk()
    desk.venue.bars["BTC/USDT"].clear()
    with pytest.raises(BadInputError, match="no closed bar"):
        await desk.download()


async def test_an_interrupted_download_keeps_its_parts_and_goes_on_there() -> None:
    n = CHUNK_BARS + 5000
    desk = Desk(n)
    desk.venue.bars["BTC/USDT"] = {
        START_MS + i * STEP: Bar(START_MS + i * STEP, 1.0, 2.0, 0.5, 1.5, 1.0) for i in range(n)
    }
    original = desk.venue.fetch

    async def fetch(pair: str, timeframe: str, *, since_ms: int, limit: int) -> CandlePage:
        if since_ms >= START_MS + (CHUNK_BARS + 2000) * STEP:
            raise VenueUnavailableError("gone")
        return await original(pair, timeframe, since_ms=since_ms, limit=limit)

    desk.venue.fetch = fetch  # type: ignore[method-assign]
    with pytest.raises(VenueUnavailableError):
        await desk.download()
    info = desk.store.info(KEY)
    assert info is not None
    assert info.rows == CHUNK_BARS + 2000
    desk.venue.fetch = original  # type: ignore[method-assign]
    result = await desk.download()
    assert (result.info.rows, result.n_new, result.was_rewritten) == (n, 3000, False)
    assert result.n_requests <= 5
