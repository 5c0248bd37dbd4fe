"""Whatever the aggregator answers is a quote or one refusal that says what was wrong with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.fakes.quotes import DAI, PDAI, QuoteServer
from trading.base.domain.errors import RateLimitedError, VenueError, VenueUnavailableError
from trading.market.adapters.quotes_http import HttpQuoter


@pytest.fixture
async def server() -> AsyncIterator[QuoteServer]:
    async with QuoteServer() as running:
        yield running


async def ask(server: QuoteServer, answer: web.Response) -> Any:
    server.faults = [answer]
    quoter = HttpQuoter(server.url, chain_id=369)
    try:
        return await quoter.quote(sell=DAI, buy=PDAI, amount=DAI.unit)
    finally:
        await quoter.close()


def answered(amount: str = '"0xff"', gas_use: str = "1", gas_cost: str = "0.1") -> str:
    return f'{{"destAmount":{amount},"gasUseEstimate":{gas_use},"gasUseEstimateUSD":{gas_cost}}}'


async def test_the_plainest_answer_is_a_quote(server: QuoteServer) -> None:
    quote = await ask(server, web.Response(text=answered()))
    assert (quote.amount_out, quote.gas_use, quote.gas_cost_quote) == (255, 1, 0.1)


_LONG = "9" * 5000
_ODD_NUMBERS = [
    "Infinity", "-Infinity", "NaN", "1e999", "-1", "-1e999", '"1"', '""', '"Infinity"', "null",
    "true", "[]", "[1]", "{}", '{"value": null}', "1" + "0" * 400, _LONG, "1e300",
]  # fmt: skip
_ODD_AMOUNTS = [
    "null", "1", "1.5", "true", "[]", "{}", '""', '"0x"', '"ff"', '"-0x5"', '"0x1_0"', '" 0xff "',
    '"0xzz"', '"12"', '"Infinity"', '"0x' + "f" * 65 + '"', '"0x' + "f" * 90_000 + '"', "NaN",
    '"\\u0660"', "1e999", _LONG,
]  # fmt: skip
_ODD_BODIES = [
    "", " ", "null", "true", "5", "Infinity", '"0xff"', "[]", "[null]", "{}", '{"destAmount":',
    "<html><body>Service</body></html>", '{"message": "no liquidity"}', '{"destAmount": "0xff"}',
    '{"error": {"code": null}}', "[" * 100_000, "\x00", "\ufeff{}", _LONG,
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "field"),
    [
        *((answered(gas_use=odd), "gasUseEstimate") for odd in _ODD_NUMBERS),
        *((answered(gas_cost=odd), "gasUseEstimateUSD") for odd in _ODD_NUMBERS),
        *((answered(amount=odd), "destAmount") for odd in _ODD_AMOUNTS),
        *((body, "no quote") for body in _ODD_BODIES),
    ],
    ids=lambda value: repr(value)[:60],
)
async def test_an_odd_answer_is_one_refusal_with_its_reason(
    server: QuoteServer, text: str, field: str
) -> None:
    with pytest.raises(VenueUnavailableError) as refused:
        await ask(server, web.Response(text=text))
    said = str(refused.value)
    assert "answered no quote" in said
    assert field in said
    assert len(said.splitlines()) == 1
    assert len(said) < 1000


@pytest.mark.parametrize("amount", ['"0x0"', '"0x000"'])
async def test_nothing_in_return_is_no_route(server: QuoteServer, amount: str) -> None:
    with pytest.raises(VenueError, match="no route") as refused:
        await ask(server, web.Response(text=answered(amount=amount)))
    assert type(refused.value) is VenueError


@pytest.mark.parametrize("body", [b"\xff\xfe\xfa", b"\x80abc"])
async def test_bytes_that_are_no_text_are_refused(server: QuoteServer, body: bytes) -> None:
    with pytest.raises(VenueUnavailableError, match="no quote"):
        await ask(server, web.Response(body=body, content_type="application/json"))


async def test_a_broken_encoding_is_no_answer(server: QuoteServer) -> None:
    with pytest.raises(VenueUnavailableError, match="did not answer"):
        await ask(server, web.Response(body=b"plain", headers={"Content-Encoding": "gzip"}))


@pytest.mark.parametrize("header", ["9" * 400, "-5", "1.5", "inf", "soon"])
async def test_a_pause_that_is_no_number_of_seconds_is_the_published_one(
    server: QuoteServer, header: str
) -> None:
    with pytest.raises(RateLimitedError) as limited:
        await ask(server, web.Response(status=429, headers={"Retry-After": header}))
    assert limited.value.retry_after_s == 60.0
