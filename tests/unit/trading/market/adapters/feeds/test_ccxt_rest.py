from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from ccxt.base import errors

from tests.fakes.candles import START_MS, series
from tests.fakes.clock import FakeClock
from tests.fakes.kline_server import KlineServer
from trading.base.domain.errors import BadInputError, RateLimitedError, VenueUnavailableError
from trading.market.adapters.feeds.ccxt_errors import OUR_ERROR, our_error
from trading.market.adapters.feeds.ccxt_rest import CcxtCandleSource, page_from_rows
from trading.market.domain.series.door import Refusal

STEP = 300_000


def _classes(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(c for sub in kind.__subclasses__() for c in _classes(sub))]


def test_every_error_of_ccxt_is_translated() -> None:
    ccxt_errors = {c for c in _classes(errors.BaseError) if c.__module__.startswith("ccxt.")}
    assert len(ccxt_errors) > 35
    assert ccxt_errors == set(OUR_ERROR)
    for kind in ccxt_errors:
        assert isinstance(our_error(kind("x"), venue="v", pause_s=3.0), OUR_ERROR[kind])


def test_an_error_ccxt_may_add_is_treated_as_its_parent() -> None:
    new = type("SlowDown", (errors.RateLimitExceeded,), {})
    translated = our_error(new("wait\n a bit"), venue="v", pause_s=3.0)
    assert isinstance(translated, RateLimitedError)
    assert translated.retry_after_s == 3.0
    assert str(translated) == "v: SlowDown: wait a bit"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (None, Refusal.UNREADABLE),
        ([], Refusal.UNREADABLE),
        ([None, 1, 2, 0.5, 1, 3], Refusal.UNREADABLE),
        ([START_MS, 1, 2, 0.5, 1], Refusal.UNREADABLE),
        ([START_MS, "x", 2, 0.5, 1, 3], Refusal.UNREADABLE),
        ([START_MS, 1, 2, 0.5, None, 3], Refusal.NOT_FINITE),
        ([START_MS, float("nan"), 2, 0.5, 1, 3], Refusal.NOT_FINITE),
        ([START_MS, 1, 0.9, 0.5, 1, 3], Refusal.HIGH_BELOW_BODY),
        ([START_MS, 1, 2, 0.5, 1, -3], Refusal.NEGATIVE_VOLUME),
        ([START_MS, 1, 2, 0.5, 1, None], Refusal.NO_VOLUME),
        ([START_MS + 1000, 1, 2, 0.5, 1, 3], Refusal.OFF_GRID),
    ],
)
def test_a_row_that_is_no_bar_is_set_aside_with_its_reason(row: Any, reason: Refusal) -> None:
    good = [START_MS + STEP, 1, 2, 0.5, 1.5, 3]
    page = page_from_rows([row, good], since_ms=START_MS, limit=5, step_ms=STEP)
    assert [item.reason for item in page.refused] == [reason]
    assert [bar.open_time for bar in page.bars] == [START_MS + STEP]
    assert page.until_ms == START_MS + 2 * STEP


def test_an_empty_answer_is_about_its_window_and_not_the_end() -> None:
    page = page_from_rows([], since_ms=START_MS, limit=5, step_ms=STEP)
    assert (list(page.bars), page.until_ms) == ([], START_MS + 5 * STEP)


@pytest.fixture
async def server() -> AsyncIterator[KlineServer]:
    async with KlineServer(
        FakeClock(START_MS + 50 * STEP + 1000), {"BTC/USDT": series(60)}
    ) as running:
        yield running


@pytest.fixture
async def source(server: KlineServer) -> AsyncIterator[CcxtCandleSource]:
    made = CcxtCandleSource("binance", clock=server.clock, base_url=server.url)
    made._client.enableRateLimit = False
    yield made
    await made.close()


async def test_bars_arrive_over_a_socket_with_every_digit(source: CcxtCandleSource) -> None:
    bars = (await source.fetch("BTC/USDT", "5m", since_ms=START_MS + 10 * STEP, limit=5)).bars
    given = series(60)
    assert list(bars) == [given.bar(i) for i in range(10, 15)]


async def test_the_forming_bar_is_included_and_nothing_later(source: CcxtCandleSource) -> None:
    bars = (await source.fetch("BTC/USDT", "5m", since_ms=START_MS + 48 * STEP, limit=50)).bars
    assert [(bar.open_time - START_MS) // STEP for bar in bars] == [48, 49, 50]


async def test_rows_with_holes_are_left_out_and_counted(
    source: CcxtCandleSource, server: KlineServer
) -> None:
    t = START_MS + 11 * STEP
    server.edits["BTCUSDT", t] = [t, "1", None, "1", "1", "1", 0, "0", 0, "0", "0", "0"]
    page = await source.fetch("BTC/USDT", "5m", since_ms=START_MS + 10 * STEP, limit=3)
    assert [(bar.open_time - START_MS) // STEP for bar in page.bars] == [10, 12]
    assert [item.reason for item in page.refused] == [Refusal.NOT_FINITE]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lambda: web.Response(status=500, text="oops"), VenueUnavailableError),
        (lambda: web.Response(status=503, text="busy"), VenueUnavailableError),
        (lambda: web.json_response({"code": -1003, "msg": "slow"}, status=429), RateLimitedError),
        (lambda: web.Response(text='[[1,"2",'), VenueUnavailableError),
        (lambda: web.json_response({"code": -1121, "msg": "Invalid symbol."}), BadInputError),
        (lambda: web.json_response("hello"), VenueUnavailableError),
    ],
)
async def test_a_bad_answer_becomes_an_error_that_says_how_to_react(
    source: CcxtCandleSource, server: KlineServer, answer: Any, expected: type[Exception]
) -> None:
    server.faults = [answer()]
    with pytest.raises(expected, match="binance"):
        await source.fetch("BTC/USDT", "5m", since_ms=START_MS, limit=5)
    server.clock.advance(source.state().paused_s)
    again = await source.fetch("BTC/USDT", "5m", since_ms=START_MS, limit=5)
    assert len(again.bars) == 5


async def test_a_dead_server_is_unavailable() -> None:
    source = CcxtCandleSource("binance", clock=FakeClock(), base_url="http://127.0.0.1:9")
    try:
        with pytest.raises(VenueUnavailableError):
            await source.fetch("BTC/USDT", "5m", since_ms=START_MS, limit=5)
    finally:
        await source.close()


@pytest.mark.parametrize(
    ("pair", "timeframe", "expected"),
    [("BTC/USDC", "5m", "did you mean BTC/USDT"), ("BTC/USDT", "7m", "7m")],
)
async def test_what_the_venue_does_not_have_is_named(
    source: CcxtCandleSource, pair: str, timeframe: str, expected: str
) -> None:
    with pytest.raises(BadInputError, match=expected):
        await source.fetch(pair, timeframe, since_ms=START_MS, limit=5)


def test_an_unknown_venue_is_refused_with_a_hint() -> None:
    with pytest.raises(BadInputError, match="did you mean bybit"):
        CcxtCandleSource("bybitt", clock=FakeClock())


def test_an_endpoint_without_a_host_is_refused() -> None:
    with pytest.raises(BadInputError, match="localhost:80"):
        CcxtCandleSource("binance", clock=FakeClock(), base_url="localhost:80")
