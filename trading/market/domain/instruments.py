"""Describe what can be traded: the pair, its venue or chain, its rounding rules.

Prices are quote per base. Rounding is directional: quantities floor to the lot, buy prices floor
and sell prices ceil to the tick, so that rounding never spends more than was decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from trading.base.domain.currencies import (
    BANKROLL_USUAL,
    MAX_SYMBOL,
    currency_of,
    is_symbol,
    normal_symbol,
)
from trading.base.domain.errors import BadInputError
from trading.base.domain.money import PLACES


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """A market ``BASE/QUOTE``; the price says how much quote one base costs."""

    base: str
    quote: str

    @classmethod
    def parse(cls, text: str) -> Pair:
        """Return the pair written ``BASE/QUOTE`` (a dash is accepted, letters are upper-cased).

        Symbols are of any script; one that can be written with other code points (full width,
        composed or not) is the same symbol, so that file systems and people mean one thing.

        Raises:
            BadInputError: the text is not two symbols of letters, digits and full stops.
        """
        parts = normal_symbol(text.strip()).replace("-", "/").split("/")
        if len(parts) == 2 and parts[0] and parts[0] == parts[1]:
            raise BadInputError(
                f"pair was {text[:60]!r}; its base and quote are the same; expected two, such as "
                "BTC/USDT"
            )
        if len(parts) != 2:
            raise BadInputError(f"pair was {text[:60]!r}; expected BASE/QUOTE, such as BTC/USDT")
        if not all(is_symbol(part) for part in parts):
            raise BadInputError(
                f"pair was {text[:60]!r}; expected BASE/QUOTE, each 1 to {MAX_SYMBOL} letters, "
                "digits or full stops inside, of any script"
            )
        return cls(*parts)

    @property
    def slug(self) -> str:
        """Return the pair as it stands in file names and addresses: ``BTC-USDT``."""
        return f"{self.base}-{self.quote}"

    def __str__(self) -> str:
        return f"{self.base}/{self.quote}"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One pair on one venue with its rounding rules.

    Attributes:
        tick: smallest price step, quote per base.
        lot: smallest quantity step, base.
        min_notional: smallest order value, quote.
        chain: chain name when the pair is an on-chain pool, else None; such orders need native gas.
    """

    venue: str
    pair: Pair
    tick: Decimal
    lot: Decimal
    min_notional: Decimal
    chain: str | None = None

    def round_quantity(self, quantity: Decimal) -> Decimal:
        """Return ``quantity`` (base) floored to the lot."""
        return (quantity / self.lot).to_integral_value(ROUND_FLOOR) * self.lot

    def round_price(self, price: Decimal, *, buying: bool) -> Decimal:
        """Return ``price`` on the tick: floored for a buy, ceiled for a sell."""
        rounding = ROUND_FLOOR if buying else ROUND_CEILING
        return (price / self.tick).to_integral_value(rounding) * self.tick


SIMULATED_VENUE: Final = "simulated"  # whose prices nobody ever paid; kept for them alone
CHAIN_OF_VENUE: Final = {"pulsex": "pulsechain"}
NATIVE_COIN: Final = {"pulsechain": "PLS"}  # what a chain is paid in, by chain
_ORDER_MIN: Final = Decimal(5)  # dollars, as most venues ask for


def instrument_default(venue: str, pair: Pair, bankroll: Decimal = BANKROLL_USUAL) -> Instrument:
    """Return rounding rules fine enough for any price when the venue's own are not known.

    Stored candles and the simulated market carry no trading rules; a venue connection replaces
    this with what the venue states.

    Args:
        venue: decides the chain.
        pair: its quote currency decides the least order.
        bankroll: of a bot on the pair, quote; sizes a quote currency that is not listed.
    """
    return Instrument(
        venue=venue,
        pair=pair,
        tick=PLACES,
        lot=Decimal("0.00000001"),
        min_notional=currency_of(pair.quote, bankroll).scaled(_ORDER_MIN),
        chain=CHAIN_OF_VENUE.get(venue),
    )
