"""Ask a Uniswap-V2-style router on the chain itself what a swap would yield.

``getAmountsOut`` follows the pools' own formula, fee and price impact included. Gas is the gas the
swap burns times the node's gas price, turned into quote currency through the same router: what
that much wrapped native coin would sell for. The node simulates the swap where an address is given
that could really make it; otherwise the usual gas of a V2 swap is assumed.

Source: the router's public interface (IUniswapV2Router01: getAmountsOut, swapExactTokensForTokens).
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final

import aiohttp
from aiohttp.helpers import get_env_proxy_for_url
from eth_utils.address import is_address
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.exceptions import ContractLogicError, Web3Exception
from yarl import URL

from trading.base.domain.addresses import is_this_machine
from trading.base.domain.errors import BadInputError, VenueError, VenueUnavailableError
from trading.market.ports.quotes import (
    AMOUNT_MAX,
    GAS_COST_MAX,
    GAS_USE_MAX,
    RouterMarket,
    SwapQuote,
    Token,
    is_http_address,
)

TIMEOUT_S: Final = 20.0
# What swapExactTokensForTokens usually burns on a V2 router: one pool, and each further one.
GAS_FIRST_POOL: Final = 130_000
GAS_NEXT_POOL: Final = 85_000

ROUTER_ABI: Final[list[dict[str, Any]]] = [
    {
        "type": "function",
        "name": "getAmountsOut",
        "stateMutability": "view",
        "inputs": [
            {"name": "amountIn", "type": "uint256"},
            {"name": "path", "type": "address[]"},
        ],
        "outputs": [{"name": "amounts", "type": "uint256[]"}],
    },
    {
        "type": "function",
        "name": "swapExactTokensForTokens",
        "stateMutability": "nonpayable",
        "inputs": [
            {"name": "amountIn", "type": "uint256"},
            {"name": "amountOutMin", "type": "uint256"},
            {"name": "path", "type": "address[]"},
            {"name": "to", "type": "address"},
            {"name": "deadline", "type": "uint256"},
        ],
        "outputs": [{"name": "amounts", "type": "uint256[]"}],
    },
]
_SHOWN: Final = 200  # characters of a strange answer worth repeating
NO_DEADLINE: Final = 2**64 - 1  # a simulated swap never waits


class RouterQuoter:
    """Fulfils ``trading.market.ports.quotes.SwapQuoter``."""

    def __init__(self, web3: AsyncWeb3[Any], market: RouterMarket) -> None:
        """Bind the router; nothing is sent yet.

        Raises:
            BadInputError: one of the addresses is no address.
        """
        self._web3 = web3
        self._market = market
        for name, address in (("router", market.router), ("wrapped native", market.wrapped_native)):
            _checksum(name, address)
        self._sender = _checksum("sender", market.sender) if market.sender else None
        self._via = [_checksum("via", address) for address in market.via]
        self._router = web3.eth.contract(_checksum("router", market.router), abi=ROUTER_ABI)

    async def quote(self, *, sell: Token, buy: Token, amount: int) -> SwapQuote:
        """Return what the pools would pay now; see the port."""
        if amount <= 0:
            raise BadInputError(f"amount was {amount}; expected base units above 0")
        path = self._path(sell, buy)
        amount_out = await self._amount_out(amount, path)
        gas_use = await self._gas_use(amount, path)
        gas_price = await _asked(self._web3.eth.gas_price, "the gas price")
        wei = gas_use * _possible("a gas price of", gas_price, AMOUNT_MAX // GAS_USE_MAX)
        cost = _possible("gas to cost", await self._gas_cost(wei), GAS_COST_MAX)
        return SwapQuote(amount_out, gas_use, cost)

    async def close(self) -> None:
        """Release the sockets."""
        disconnect = getattr(self._web3.provider, "disconnect", None)
        if disconnect is not None:
            await disconnect()

    def _path(self, sell: Token, buy: Token) -> list[str]:
        ends = _checksum("sell token", sell.address), _checksum("buy token", buy.address)
        is_buying = ends[0] == _checksum("quote", self._market.quote.address)
        between = self._via if is_buying else self._via[::-1]
        return [ends[0], *(a for a in between if a not in ends), ends[1]]

    async def _amount_out(self, amount: int, path: list[str]) -> int:
        call = self._router.functions.getAmountsOut(amount, path).call()
        amounts = await _asked(call, f"getAmountsOut({amount}, {' > '.join(path)})")
        if not amounts or amounts[-1] <= 0:
            raise VenueError(f"router {self._market.router} pays nothing for {amount} base units")
        return int(amounts[-1])

    async def _gas_use(self, amount: int, path: list[str]) -> int:
        if self._sender is None:
            return GAS_FIRST_POOL + GAS_NEXT_POOL * (len(path) - 2)
        swap = self._router.functions.swapExactTokensForTokens(
            amount, 0, path, self._sender, NO_DEADLINE
        )
        call = swap.estimate_gas({"from": self._sender})
        what = f"a swap of {amount} base units from {self._sender} (does it hold and approve them?)"
        gas_use: int = _possible("gas of", await _asked(call, what), GAS_USE_MAX)
        return gas_use

    async def _gas_cost(self, wei: int) -> float:
        native = _checksum("wrapped native", self._market.wrapped_native)
        quote = _checksum("quote", self._market.quote.address)
        if wei == 0:
            return 0.0
        paid = wei if native == quote else await self._amount_out(wei, [native, quote])
        return paid / self._market.quote.unit


def node_connect(url: str) -> AsyncWeb3[Any]:
    """Return a client of the node at ``url``; nothing is sent yet.

    Raises:
        BadInputError: the address is not http or https.
    """
    if not is_http_address(url):
        raise BadInputError(f"node was {url!r}; expected an address such as https://host")
    # The service that asks retries by itself and counts what it sends.
    provider = AsyncHTTPProvider(
        url,
        request_kwargs={"timeout": aiohttp.ClientTimeout(total=TIMEOUT_S), **_proxy(url)},
        exception_retry_configuration=None,
    )
    return AsyncWeb3(provider)


def _proxy(url: str) -> dict[str, Any]:
    """Return the person's proxy for an outside node, in the words of the client."""
    if is_this_machine(url):
        return {}
    try:
        proxy, login = get_env_proxy_for_url(URL(url))
    except LookupError:  # none is set, or not for this host
        return {}
    return {"proxy": proxy, "proxy_auth": login}


async def _asked(call: Awaitable[Any], what: str) -> Any:
    try:
        return await call
    except ContractLogicError as error:
        raise VenueError(f"the router refuses {what}: {error}") from error
    # TypeError and ValueError: web3 takes the answer apart without asking what it is
    except (Web3Exception, aiohttp.ClientError, OSError, TypeError, ValueError) as error:
        raise VenueUnavailableError(
            f"the node did not answer {what}: {type(error).__name__}: {str(error)[:_SHOWN]}"
        ) from error


def _possible(what: str, value: Any, high: float) -> Any:
    if not (isinstance(value, type(high)) and 0 <= value <= high):
        shown = hex(value) if type(value) is int else repr(value)  # decimals have a longest number
        raise VenueUnavailableError(
            f"the node says {what} {shown[:_SHOWN]}; expected a number 0 to {high:g}"
        )
    return value


def _checksum(name: str, address: str) -> Any:
    if not is_address(address):
        raise BadInputError(f"{name} was {address!r}; expected an address of 0x and 40 hex digits")
    return AsyncWeb3.to_checksum_address(address)
