"""Quote sources over one constant-product market: in memory, over HTTP, and on a local chain."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web

from trading.base.domain.errors import BadInputError, VenueError
from trading.market.ports.quotes import SwapQuote, Token
from trading.market.services.swap_costs.market import SwapMarket

DAI = Token("0x00000000000000000000000000000000000000d1", 18)
PDAI = Token("0x00000000000000000000000000000000000000a1", 8)
NATIVE = Token("0x00000000000000000000000000000000000000e1", 18)
STRANGER = Token("0x00000000000000000000000000000000000000f1", 18)
MARKET = SwapMarket(asset=PDAI, quote=DAI)
GAS_PRICE_WEI = 10**9
CONTRACTS = Path(__file__).with_name("contracts")


@dataclass(frozen=True)
class Pool:
    """Reserves in base units; the fee is 0.3 %."""

    reserves: dict[str, int]

    def amount_out(self, sell: Token, buy: Token, amount: int) -> int:
        reserve_in, reserve_out = self.reserves[sell.address], self.reserves[buy.address]
        return amount * 997 * reserve_out // (reserve_in * 1000 + amount * 997)


POOL = Pool({DAI.address: 2_000_000 * DAI.unit, PDAI.address: 600_000_000 * PDAI.unit})
NATIVE_POOL = Pool({NATIVE.address: 10**9 * NATIVE.unit, DAI.address: 50_000 * DAI.unit})


@dataclass
class FakeQuoter:
    """Answers from the pool; ``faults`` are raised first, ``asked`` keeps every question.

    Attributes:
        on_ask: called before each answer with the number of the question, from 1.
    """

    pool: Pool = POOL
    gas_use: int = 150_000
    faults: list[Exception] = field(default_factory=list)
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    on_ask: Callable[[int], None] = lambda number: None

    async def quote(self, *, sell: Token, buy: Token, amount: int) -> SwapQuote:
        if amount <= 0:
            raise BadInputError(f"amount was {amount}")
        self.asked.append((sell.address, buy.address, amount))
        self.on_ask(len(self.asked))
        if self.faults:
            raise self.faults.pop(0)
        if {sell.address, buy.address} - set(self.pool.reserves):
            raise VenueError("no pool")
        return SwapQuote(self.pool.amount_out(sell, buy, amount), self.gas_use, 0.25)

    async def close(self) -> None:
        pass


class QuoteServer:
    """The aggregator's API on a local socket.

    Attributes:
        faults: answers to give instead of a quote, first one first.
        queries: every query string as it came.
    """

    def __init__(self) -> None:
        self.faults: list[web.Response] = []
        self.queries: list[dict[str, str]] = []
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> QuoteServer:
        app = web.Application()
        app.router.add_get("/quote", self._quote)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/quote"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _quote(self, request: web.Request) -> web.Response:
        self.queries.append(dict(request.query))
        if self.faults:
            return self.faults.pop(0)
        by_address = {token.address: token for token in (DAI, PDAI)}
        sell = by_address.get(request.query["tokenInAddress"])
        buy = by_address.get(request.query["tokenOutAddress"])
        if sell is None or buy is None:
            return web.json_response({"error": "no route found"}, status=404)
        amount_out = POOL.amount_out(sell, buy, int(request.query["amount"]))
        return web.json_response(
            {
                "destAmount": hex(amount_out),
                "gasUseEstimate": 1_755_000,
                "gasUseEstimateUSD": 0.18944996768935174,
                "methodParameters": {"calldata": "0x", "value": "0x0"},
            }
        )


@asynccontextmanager
async def local_chain() -> AsyncIterator[tuple[Any, str]]:
    """Yield a client of a chain in this process and the address of the router on it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # py-evm and eth-tester warn about their own insides
        from eth_tester.exceptions import TransactionFailed
        from web3 import AsyncEthereumTesterProvider, AsyncWeb3

        class NodeLike(AsyncEthereumTesterProvider):
            # A node answers a reverted call with an error; eth-tester raises instead.
            async def make_request(self, method: Any, params: Any) -> Any:
                try:
                    return await super().make_request(method, params)
                except TransactionFailed as failed:
                    error = {"code": 3, "message": str(failed.args[0]), "data": "0x"}
                    return {"jsonrpc": "2.0", "id": 1, "error": error}

        web3 = AsyncWeb3(NodeLike())
        yield web3, await deploy_router(web3)


async def deploy_router(web3: Any) -> str:
    """Put both pools and a router on the chain behind ``web3``; return the router's address."""
    account = (await web3.eth.accounts)[0]
    router = await _deploy(web3, account, "router")
    for pool in (POOL, NATIVE_POOL):
        (a, reserve_a), (b, reserve_b) = pool.reserves.items()
        ends = [web3.to_checksum_address(address) for address in (a, b)]
        built = await _deploy(web3, account, "pool", ends[0], reserve_a, ends[1], reserve_b)
        sent = await router.functions.add(built.address, *ends).transact({"from": account})
        await web3.eth.wait_for_transaction_receipt(sent)
    return str(router.address)


async def deploy_holder(web3: Any, router: str) -> tuple[Token, Token, str]:
    """Put two real tokens with a pool on the chain; return them and an account that may swap."""
    account = (await web3.eth.accounts)[0]
    tokens = [await _deploy(web3, account, "token") for _ in range(2)]
    reserve = 10**24
    arguments = (tokens[0].address, reserve, tokens[1].address, reserve * 300)
    pool = await _deploy(web3, account, "pool", *arguments)
    contract = web3.eth.contract(router, abi=_compiled("router")["abi"])
    calls = [
        contract.functions.add(pool.address, tokens[0].address, tokens[1].address),
        tokens[0].functions.mint(pool.address, reserve),
        tokens[1].functions.mint(pool.address, reserve * 300),
        tokens[0].functions.mint(account, 10**21),
        tokens[0].functions.approve(router, 10**21),
    ]
    for call in calls:
        await web3.eth.wait_for_transaction_receipt(await call.transact({"from": account}))
    return Token(tokens[0].address, 18), Token(tokens[1].address, 18), account


async def balance(web3: Any, token: Token, owner: str) -> int:
    contract = web3.eth.contract(token.address, abi=_compiled("token")["abi"])
    return int(await contract.functions.balanceOf(owner).call())


async def _deploy(web3: Any, account: str, name: str, *arguments: Any) -> Any:
    built = _compiled(name)
    factory = web3.eth.contract(abi=built["abi"], bytecode=built["bytecode"])
    sent = await factory.constructor(*arguments).transact({"from": account})
    receipt = await web3.eth.wait_for_transaction_receipt(sent)
    return web3.eth.contract(receipt["contractAddress"], abi=built["abi"])


@cache
def _compiled(name: str) -> dict[str, Any]:
    import vyper

    source = (CONTRACTS / f"{name}.vy").read_text(encoding="utf-8")
    return dict(vyper.compile_code(source, output_formats=["abi", "bytecode"]))
