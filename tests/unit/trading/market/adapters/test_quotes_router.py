"""Whatever a node answers is a quote or one refusal that says what was wrong with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web

from tests.fakes.quotes import DAI, NATIVE, PDAI
from trading.base.domain.errors import VenueError, VenueUnavailableError
from trading.market.adapters.quotes_router import RouterQuoter, node_connect
from trading.market.ports.quotes import RouterMarket, SwapQuote

WORD = "{:064x}"
AMOUNTS = "0x" + "".join(WORD.format(value) for value in (32, 2, 10**18, 10**8))
NONE = "0x" + "".join(WORD.format(value) for value in (32, 0))
Node = Callable[..., "RouterQuoter"]


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    """Yield what makes a quoter of a node that answers each method with such a text."""
    answers: dict[str, str] = {}
    open_quoters = []

    async def answer(request: web.Request) -> web.Response:
        method = (await request.json())["method"]
        plain = {"eth_call": AMOUNTS, "eth_gasPrice": "0x1", "eth_estimateGas": "0x5"}
        good = f'{{"jsonrpc":"2.0","id":1,"result":"{plain.get(method, "0x1")}"}}'
        return web.Response(text=answers.get(method, good), content_type="application/json")

    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]

    def make(**texts: str) -> RouterQuoter:
        answers.update(texts)
        market = RouterMarket("0x" + "b1" * 20, NATIVE.address, DAI, sender="0x" + "c1" * 20)
        open_quoters.append(RouterQuoter(node_connect(f"http://{host}:{port}"), market))
        return open_quoters[-1]

    yield make
    for quoter in open_quoters:
        await quoter.close()
    await runner.cleanup()


async def ask(quoter: RouterQuoter) -> SwapQuote:
    return await quoter.quote(sell=DAI, buy=PDAI, amount=DAI.unit)


def result(text: str) -> str:
    return f'{{"jsonrpc":"2.0","id":1,"result":{text}}}'


async def test_a_plain_answer_is_a_quote(node: Node) -> None:
    assert await ask(node()) == SwapQuote(10**8, 5, 1e-10)


@pytest.mark.parametrize("method", ["eth_call", "eth_gasPrice", "eth_estimateGas"])
@pytest.mark.parametrize(
    "text",
    [
        "", " ", "<html>", "null", "5", "[]", "{}", "Infinity",
        '{"jsonrpc":"2.0","id":1}', '{"jsonrpc":"2.0","id":1,"error":null}',
        '{"jsonrpc":"2.0","id":1,"error":"x"}', '{"jsonrpc":"2.0","id":1,"error":{"code":1}}',
        *map(result, ["null", '"0x"', '"0xzz"', '"x"', "{}", "[]", "NaN", "1e999", "-1"]),
    ],
)  # fmt: skip
async def test_an_odd_answer_is_one_refusal(node: Node, method: str, text: str) -> None:
    with pytest.raises(VenueUnavailableError) as refused:
        await ask(node(**{method: text}))
    assert "the node " in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("method", ["eth_gasPrice", "eth_estimateGas"])
@pytest.mark.parametrize("digits", [64, 50_000])
async def test_gas_beyond_reason_is_refused(node: Node, method: str, digits: int) -> None:
    with pytest.raises(VenueUnavailableError, match="expected a number 0 to") as refused:
        await ask(node(**{method: result('"0x' + "f" * digits + '"')}))
    assert len(str(refused.value)) < 500


async def test_no_amounts_are_no_route(node: Node) -> None:
    with pytest.raises(VenueError, match="pays nothing"):
        await ask(node(eth_call=result(f'"{NONE}"')))
