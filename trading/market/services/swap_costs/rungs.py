"""Measure one rung: what is lost by buying for a notional and selling at once.

Source: reference specification of the optimizer, section 1.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Context, Decimal, localcontext
from typing import Any, Final

from trading.base.domain.errors import VenueUnavailableError
from trading.market.ports.quotes import SwapQuote
from trading.market.services.swap_costs.market import SwapMarket

_DIGITS: Final = Context(prec=28)  # what the original kept, so that its files come out identical


def rung_entry(
    market: SwapMarket, notional: int, buy: SwapQuote, sell: SwapQuote, measured_at: datetime
) -> dict[str, Any]:
    """Return the cache entry of one rung.

    Args:
        market: tokens and their decimals.
        notional: quote currency, whole.
        buy: what ``notional`` yields of the asset.
        sell: what that much of the asset yields of the quote currency.
        measured_at: aware UTC.

    Raises:
        VenueUnavailableError: the way back yields more than went in, so the two answers are not
            of one market state.
    """
    with localcontext(_DIGITS):
        spent = Decimal(notional)
        tokens = Decimal(buy.amount_out) / market.asset.unit
        returned = Decimal(sell.amount_out) / market.quote.unit
        if returned > spent:
            raise VenueUnavailableError(
                f"rung {notional}: selling at once returned {returned:f}, more than was spent; "
                "the market moved between the two quotes, measure again"
            )
        loss = spent - returned
        derived = {
            "token_per_dai": tokens / spent,
            "dai_per_token": returned / tokens,
            "roundtrip_loss_dai": loss,
            "loss_rate": loss / spent,
        }
    return {
        "notional_dai": str(notional),
        "token_amount": f"{tokens:f}",
        "buy": _leg("amount_in_wei", notional * market.quote.unit, buy),
        "sell": _leg("amount_in_raw", buy.amount_out, sell),
        "derived": {name: f"{value:f}" for name, value in derived.items()},
        "generated_at": measured_at.isoformat(),
    }


def _leg(name: str, amount_in: int, quote: SwapQuote) -> dict[str, Any]:
    return {
        name: str(amount_in),
        "dest_amount_raw": str(quote.amount_out),
        "gas_use_estimate": quote.gas_use,
        "gas_use_estimate_usd": quote.gas_cost_quote,
    }
