"""Name venues as the installed ccxt does, and say what became of names that are gone."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Final

import ccxt.async_support as ccxt_async

from trading.base.domain.errors import BadInputError

# Renamed, taken over or closed. Only those the installed ccxt has are ever named, so that a table
# that has grown old cannot send anybody to a venue that is gone too.
_NOW: Final[Mapping[str, tuple[str, ...]]] = {
    "bitfinex2": ("bitfinex",),
    "bittrex": (),
    "coinbaseprime": ("coinbaseexchange", "coinbase"),
    "coinbasepro": ("coinbaseexchange", "coinbase"),
    "ftx": (),
    "gateio": ("gate",),
    "gdax": ("coinbaseexchange", "coinbase"),
    "hitbtc3": ("hitbtc",),
    "huobi": ("htx",),
    "huobipro": ("htx",),
    "lbank2": ("lbank",),
    "mexc3": ("mexc",),
    "okcoin": ("okx",),
    "okex": ("okx",),
    "okex3": ("okx",),
    "okex5": ("okx",),
    "poloniexfutures": ("poloniex",),
}


def venue_problem(venue: str) -> str | None:
    """Return what is wrong with a venue's name and which name is meant; None when ccxt has it."""
    known = ccxt_async.exchanges
    if venue in known:
        return None
    plain = "".join(c for c in venue.lower() if c.isalnum())
    now = [name for name in _NOW.get(plain, ()) if name in known]
    if now:
        return f"venue was {venue!r}, which is now called {' or '.join(now)}"
    if plain in _NOW:
        return f"venue was {venue!r}, which has closed; name another"
    near = [plain] if plain in known else difflib.get_close_matches(plain, known, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"venue was {venue!r}, which ccxt does not know{hint}"


def venue_check(venue: str) -> None:
    """Refuse a venue that ccxt does not have.

    Raises:
        BadInputError: with the name it has now, or the nearest ones.
    """
    problem = venue_problem(venue)
    if problem is not None:
        raise BadInputError(problem)
