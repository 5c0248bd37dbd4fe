"""What a swap would yield right now, and where measured swap costs are kept.

A quote is asked for in base units (the smallest unit of each token), because that is what chains
count in; nothing is ever sent or signed.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

AMOUNT_MAX: Final = 2**256 - 1  # base units; more no chain can say
GAS_USE_MAX: Final = 10**10  # a hundred times the largest block; more is no gas
GAS_COST_MAX: Final = 1e6  # quote currency


@dataclass(frozen=True, slots=True)
class Token:
    """A token of one chain; one whole token is ``10 ** decimals`` base units."""

    address: str
    decimals: int

    @property
    def unit(self) -> int:
        """Return the base units of one whole token."""
        return int(10**self.decimals)


@dataclass(frozen=True, slots=True)
class SwapQuote:
    """The answer to one question.

    Attributes:
        amount_out: base units of the token received, 1 to ``AMOUNT_MAX``.
        gas_use: gas units the swap is expected to burn, 0 to ``GAS_USE_MAX``.
        gas_cost_quote: that gas in quote currency, 0 to ``GAS_COST_MAX``; US dollars count as DAI.
    """

    amount_out: int
    gas_use: int
    gas_cost_quote: float


@dataclass(frozen=True, slots=True)
class RouterMarket:
    """Where a V2 router and what it prices gas in are.

    Attributes:
        router: address of the router.
        wrapped_native: address of the chain's wrapped coin, which prices gas and links pools.
        quote: the currency gas is stated in.
        via: addresses of the tokens between the two, in buying order; none for a direct pool.
        sender: address that holds the amounts and has approved the router, whose swaps the node
            simulates for their gas; empty assumes the usual gas.
    """

    router: str
    wrapped_native: str
    quote: Token
    via: tuple[str, ...] = ()
    sender: str = ""


def is_http_address(text: str) -> bool:
    """Return whether ``text`` is an http or https address with a host."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # a port that is no number is noticed only here
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


class SwapQuoter(Protocol):
    """Says what a swap would yield."""

    async def quote(self, *, sell: Token, buy: Token, amount: int) -> SwapQuote:
        """Return what selling ``amount`` base units of ``sell`` would yield of ``buy``.

        Raises:
            BadInputError: the amount is not above 0.
            VenueUnavailableError: nobody answered, or not with a quote; try again later.
            RateLimitedError: try again after ``retry_after_s``.
            VenueError: the swap is refused for good, for instance because no pool trades the pair.
        """
        ...

    async def close(self) -> None:
        """Release the sockets."""
        ...


class SwapCostStore(Protocol):
    """Keeps the desk's one swap-cost cache and the unfinished refresh beside it.

    Attributes:
        name: where the cache is, as a person would say it.
    """

    name: str

    def load(self) -> Any | None:
        """Return the cache as parsed JSON, None when there is none.

        Raises:
            BadInputError: the file is not JSON.
        """
        ...

    def load_unfinished(self) -> Any | None:
        """Return what an interrupted refresh had fetched, None when there is nothing usable."""
        ...

    def save_unfinished(self, cache: dict[str, Any]) -> None:
        """Keep what a running refresh has fetched so far, durable when this returns."""
        ...

    def load_requests(self) -> list[int]:
        """Return when the last requests were sent, ms since the epoch, oldest first.

        They outlive the process and the refresh that sent them, because the limit does too.
        """
        ...

    def save_requests(self, times_ms: list[int]) -> None:
        """Keep when the last requests were sent, durable when this returns."""
        ...

    def replace(self, cache: dict[str, Any]) -> None:
        """Put a finished cache in place atomically and forget the unfinished one."""
        ...

    def lock(self) -> AbstractContextManager[None]:
        """Keep a second refresh out while one is running.

        Raises:
            VenueUnavailableError: another process is refreshing.
        """
        ...
