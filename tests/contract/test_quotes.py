"""Whoever is asked what a swap yields, the same laws hold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.fakes.clock import FakeClock
from tests.fakes.quotes import (
    DAI,
    MARKET,
    NATIVE,
    NATIVE_POOL,
    PDAI,
    POOL,
    STRANGER,
    FakeQuoter,
    QuoteServer,
    balance,
    deploy_holder,
    local_chain,
)
from tests.fakes.swap_costs import MemorySwapCosts
from trading.base.domain.errors import (
    BadInputError,
    RateLimitedError,
    VenueError,
    VenueUnavailableError,
)
from trading.market.adapters.quotes_http import HttpQuoter
from trading.market.adapters.quotes_router import (
    GAS_FIRST_POOL,
    GAS_NEXT_POOL,
    ROUTER_ABI,
    RouterQuoter,
    node_connect,
)
from trading.market.ports.quotes import RouterMarket, SwapQuoter, Token
from trading.market.services.swap_costs.refresh import RefreshPlan, swap_costs_refresh


@pytest.fixture
async def server() -> AsyncIterator[QuoteServer]:
    async with QuoteServer() as running:
        yield running


@pytest.fixture
async def chain() -> AsyncIterator[tuple[Any, str]]:
    async with local_chain() as running:
        yield running


def router_quoter(chain: tuple[Any, str], *via: Token) -> RouterQuoter:
    web3, router = chain
    addresses = tuple(token.address for token in via)
    return RouterQuoter(web3, RouterMarket(router, NATIVE.address, DAI, addresses))


@pytest.fixture(params=["fake", "aggregator", "router"])
async def quoter(request: pytest.FixtureRequest) -> AsyncIterator[SwapQuoter]:
    if request.param == "fake":
        yield FakeQuoter()
    elif request.param == "aggregator":
        async with QuoteServer() as running:
            client = HttpQuoter(running.url, chain_id=369)
            yield client
            await client.close()
    else:
        async with local_chain() as running:
            yield router_quoter(running)


async def test_both_directions_pay_what_the_pool_pays(quoter: SwapQuoter) -> None:
    amount = 5_000 * DAI.unit
    bought = await quoter.quote(sell=DAI, buy=PDAI, amount=amount)
    sold = await quoter.quote(sell=PDAI, buy=DAI, amount=bought.amount_out)
    assert bought.amount_out == POOL.amount_out(DAI, PDAI, amount)
    assert sold.amount_out == POOL.amount_out(PDAI, DAI, bought.amount_out)
    assert sold.amount_out < amount


async def test_more_pays_more_but_less_than_in_proportion(quoter: SwapQuoter) -> None:
    small = await quoter.quote(sell=DAI, buy=PDAI, amount=1_000 * DAI.unit)
    large = await quoter.quote(sell=DAI, buy=PDAI, amount=100_000 * DAI.unit)
    assert small.amount_out < large.amount_out < 100 * small.amount_out


async def test_gas_is_stated_in_units_and_in_quote_currency(quoter: SwapQuoter) -> None:
    quote = await quoter.quote(sell=DAI, buy=PDAI, amount=DAI.unit)
    assert quote.gas_use > 21_000
    assert 0 < quote.gas_cost_quote < 5


@pytest.mark.parametrize("amount", [0, -1])
async def test_nothing_cannot_be_sold(quoter: SwapQuoter, amount: int) -> None:
    with pytest.raises(BadInputError, match=str(amount)):
        await quoter.quote(sell=DAI, buy=PDAI, amount=amount)


async def test_a_token_without_a_pool_is_refused_for_good(quoter: SwapQuoter) -> None:
    with pytest.raises(VenueError) as refused:
        await quoter.quote(sell=DAI, buy=STRANGER, amount=DAI.unit)
    assert not isinstance(refused.value, VenueUnavailableError)


async def test_the_aggregator_is_asked_in_its_own_words(server: QuoteServer) -> None:
    quoter = HttpQuoter(server.url, chain_id=369)
    await quoter.quote(sell=DAI, buy=PDAI, amount=5_000 * DAI.unit)
    await quoter.close()
    assert server.queries == [
        {
            "chainId": "369",
            "tokenInAddress": DAI.address,
            "tokenOutAddress": PDAI.address,
            "amount": "5000000000000000000000",
            "allowedSlippage": "50",
        }
    ]


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (lambda: web.Response(status=503, text="tired"), VenueUnavailableError, "503: 'tired'"),
        (lambda: web.Response(status=400, text="bad amount"), VenueError, "400: 'bad amount'"),
        (lambda: web.Response(text="<html>"), VenueUnavailableError, "no quote"),
        (lambda: web.json_response({"gasUseEstimate": 1}), VenueUnavailableError, "destAmount"),
        (lambda: web.json_response([1]), VenueUnavailableError, "no quote"),
        (
            lambda: web.json_response(
                {"destAmount": "0x0", "gasUseEstimate": 1, "gasUseEstimateUSD": 0.1}
            ),
            VenueError,
            "no route",
        ),
        (
            lambda: web.json_response(
                {"destAmount": "0xff", "gasUseEstimate": 1, "gasUseEstimateUSD": -0.1}
            ),
            VenueUnavailableError,
            "gas",
        ),
    ],
)
async def test_an_answer_that_is_no_quote_says_what_it_was(
    server: QuoteServer, answer: Any, kind: type[Exception], says: str
) -> None:
    server.faults = [answer()]
    quoter = HttpQuoter(server.url, chain_id=369)
    with pytest.raises(kind, match=says) as raised:
        await quoter.quote(sell=DAI, buy=PDAI, amount=DAI.unit)
    await quoter.close()
    assert type(raised.value) is kind


@pytest.mark.parametrize(("header", "pause_s"), [("7", 7.0), ("Wed, 21 Oct 2026", 60.0), ("", 60)])
async def test_a_limit_says_how_long_to_wait(
    server: QuoteServer, header: str, pause_s: float
) -> None:
    server.faults = [web.Response(status=429, headers={"Retry-After": header} if header else {})]
    quoter = HttpQuoter(server.url, chain_id=369)
    with pytest.raises(RateLimitedError) as limited:
        await quoter.quote(sell=DAI, buy=PDAI, amount=DAI.unit)
    await quoter.close()
    assert limited.value.retry_after_s == pause_s


async def test_nobody_listening_can_be_tried_again() -> None:
    async with QuoteServer() as gone:
        url = gone.url
    quoter = HttpQuoter(url, chain_id=369)
    with pytest.raises(VenueUnavailableError, match="did not answer"):
        await quoter.quote(sell=DAI, buy=PDAI, amount=DAI.unit)
    await quoter.close()
    node = RouterQuoter(node_connect(url), RouterMarket(PDAI.address, NATIVE.address, DAI))
    with pytest.raises(VenueUnavailableError, match="the node did not answer"):
        await node.quote(sell=DAI, buy=PDAI, amount=DAI.unit)
    await node.close()


async def test_a_path_through_another_token_pays_both_pools(chain: tuple[Any, str]) -> None:
    # NATIVE has a pool with DAI only, so PDAI is reached through DAI
    quoter = router_quoter(chain, DAI)
    quote = await quoter.quote(sell=NATIVE, buy=PDAI, amount=NATIVE.unit * 1000)
    between = NATIVE_POOL.amount_out(NATIVE, DAI, NATIVE.unit * 1000)
    assert quote.amount_out == POOL.amount_out(DAI, PDAI, between)
    assert quote.gas_use == GAS_FIRST_POOL + GAS_NEXT_POOL


async def test_gas_costs_what_that_much_native_coin_sells_for(chain: tuple[Any, str]) -> None:
    quote = await router_quoter(chain).quote(sell=DAI, buy=PDAI, amount=DAI.unit)
    wei = GAS_FIRST_POOL * int(await chain[0].eth.gas_price)
    paid = NATIVE_POOL.amount_out(NATIVE, DAI, wei)
    assert quote.gas_cost_quote == paid / DAI.unit


async def test_a_swap_pays_what_was_quoted_and_burns_what_was_simulated(
    chain: tuple[Any, str],
) -> None:
    web3, router = chain
    held, bought, account = await deploy_holder(web3, router)
    addresses = RouterMarket(router, held.address, held, sender=account)
    quote = await RouterQuoter(web3, addresses).quote(sell=held, buy=bought, amount=10**20)
    paid, burnt = await swap(web3, router, account, (held, bought), 10**20)
    assert quote.amount_out == paid
    assert burnt <= quote.gas_use <= 1.5 * burnt
    assert quote.gas_cost_quote == quote.gas_use * int(await web3.eth.gas_price) / held.unit


async def test_a_sender_who_could_not_swap_is_told_so(chain: tuple[Any, str]) -> None:
    web3, router = chain
    held, bought, _ = await deploy_holder(web3, router)
    stranger = (await web3.eth.accounts)[1]
    quoter = RouterQuoter(web3, RouterMarket(router, held.address, held, sender=stranger))
    with pytest.raises(VenueError, match="does it hold and approve them"):
        await quoter.quote(sell=held, buy=bought, amount=10**20)


async def swap(
    web3: Any, router: str, account: str, path: tuple[Token, Token], amount: int
) -> tuple[int, int]:
    """Swap for real; return what came back, base units, and the gas it took."""
    contract = web3.eth.contract(router, abi=ROUTER_ABI)
    ends = [token.address for token in path]
    sent = await contract.functions.swapExactTokensForTokens(
        amount, 0, ends, account, 2**64 - 1
    ).transact({"from": account})
    receipt = await web3.eth.wait_for_transaction_receipt(sent)
    assert receipt["status"] == 1
    return await balance(web3, path[1], account), int(receipt["gasUsed"])


@pytest.mark.parametrize("address", ["0x12", "", "not an address"])
def test_a_malformed_address_is_named(address: str) -> None:
    with pytest.raises(BadInputError, match="router was"):
        RouterQuoter(node_connect("http://127.0.0.1:1"), RouterMarket(address, NATIVE.address, DAI))


@pytest.mark.parametrize(
    "url", ["", "ftp://x", "localhost:8545", "http://", "http://[x", "http://h:port"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadInputError, match="expected an address"):
        node_connect(url)
    with pytest.raises(BadInputError, match="expected an address"):
        HttpQuoter(url, chain_id=369)


async def test_a_refresh_measures_the_same_losses_whoever_is_asked(quoter: SwapQuoter) -> None:
    store = MemorySwapCosts()
    plan = RefreshPlan(market=MARKET, step=25_000, max_notional=100_000)
    await swap_costs_refresh(store=store, quoter=quoter, clock=FakeClock(), plan=plan)
    losses = {rung: entry["derived"]["loss_rate"] for rung, entry in store.cache["entries"].items()}
    for rung, loss_rate in losses.items():
        spent = int(rung) * DAI.unit
        back = POOL.amount_out(PDAI, DAI, POOL.amount_out(DAI, PDAI, spent))
        assert float(loss_rate) == pytest.approx((spent - back) / spent, rel=1e-12)
    assert list(losses) == ["25000", "50000", "75000", "100000"]
