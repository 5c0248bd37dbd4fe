"""Which market swap costs are measured on, and on which sizes.

Source: reference specification of the optimizer, section 1; the addresses are those of its cache
(``asset`` is the token traded, ``quote`` the currency paid), the endpoint is the original's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from trading.base.domain.errors import BadInputError
from trading.market.domain.instruments import Pair
from trading.market.ports.quotes import Token

AGGREGATOR: Final = "aggregator"
AGGREGATOR_ENDPOINT: Final = "https://sdk.piteas.io/quote"
NODE_URL: Final = "https://rpc.pulsechain.com"
ROUTER: Final = "0x165C3410fC91EF562C50559f7d2289fEbed552d9"
WRAPPED_NATIVE: Final = "0xA1077a294dDE1B09bB078844df40758a5D0f9a27"
STEP: Final = 5_000  # quote currency
MAX_NOTIONAL: Final = 100_000  # quote currency
DECIMALS_MAX: Final = 36
_ADDRESS: Final = re.compile("0x[0-9a-fA-F]{40}")
RUNGS_MAX: Final = 1000  # four hours at the default rate; more is surely a slip of the keyboard


@dataclass(frozen=True, slots=True)
class SwapMarket:
    """What was measured: two quotes count as the same measurement only within one market.

    Attributes:
        asset: the token that is bought and sold.
        quote: the currency notionals are stated in.
        chain_id: the chain both live on.
        source: who was asked, ``aggregator`` or ``router ADDRESS``.
        pair: what candles call it, ``BASE/QUOTE``; empty when nobody said.
    """

    asset: Token
    quote: Token
    chain_id: int = 369
    source: str = AGGREGATOR
    pair: str = ""

    def __post_init__(self) -> None:
        for name, token in (("asset", self.asset), ("quote", self.quote)):
            if not 0 <= token.decimals <= DECIMALS_MAX:
                raise BadInputError(
                    f"{name} decimals were {token.decimals}; expected 0 to {DECIMALS_MAX}"
                )
            if not _ADDRESS.fullmatch(token.address):
                raise BadInputError(
                    f"{name} was {token.address!r}; expected an address of 0x and 40 hex digits"
                )
        if self.asset.address.lower() == self.quote.address.lower():
            raise BadInputError(f"asset and quote are both {self.asset.address}; expected two")
        if self.chain_id <= 0:
            raise BadInputError(f"chain id was {self.chain_id}; expected a number above 0")
        if self.pair:
            Pair.parse(self.pair)

    def metadata(self) -> dict[str, Any]:
        """Return what a cache says about the market."""
        named = {"pair": self.pair} if self.pair else {}
        return self._identity() | named

    def is_measured_by(self, metadata: Mapping[str, Any]) -> bool:
        """Return whether a cache with this metadata measured the same market."""
        return not self.differences(metadata)

    def differences(self, metadata: Mapping[str, Any]) -> list[str]:
        """Return in what a cache with this metadata measured another market.

        The original's caches name no source; the aggregator was the only one it had.
        """
        theirs = {"source": AGGREGATOR, **metadata}
        return [
            f"{name.replace('_', ' ')} {theirs.get(name, 'not stated')}, not {value}"
            for name, value in self._identity().items()
            if str(theirs.get(name)).lower() != str(value).lower()
        ]

    def _identity(self) -> dict[str, Any]:
        return {
            "asset_address": self.asset.address,
            "asset_decimals": self.asset.decimals,
            "quote_address": self.quote.address,
            "quote_decimals": self.quote.decimals,
            "chain_id": self.chain_id,
            "source": self.source,
        }


PDAI_DAI: Final = SwapMarket(
    asset=Token("0x6B175474E89094C44Da98b954EedeAC495271d0F", 18),
    quote=Token("0xefD766cCb38EaF1dfd701853BFCe31359239F305", 18),
    pair="PDAI/DAI",
)


def rungs_of(*, step: int, max_notional: int) -> tuple[int, ...]:
    """Return the notionals to measure: every ``step`` up to the first one >= ``max_notional``.

    Args:
        step: quote currency, whole.
        max_notional: quote currency, whole; rounded up to a rung.

    Raises:
        BadInputError: one of them is not above 0, or there would be more than ``RUNGS_MAX``.
    """
    for name, value in (("step", step), ("max notional", max_notional)):
        if value <= 0:
            raise BadInputError(f"{name} was {value}; expected quote currency above 0")
    count = -(-max_notional // step)
    if count > RUNGS_MAX:
        raise BadInputError(
            f"step {step} up to {max_notional} makes {count} rungs; expected {RUNGS_MAX} at most"
        )
    return tuple(step * i for i in range(1, count + 1))
