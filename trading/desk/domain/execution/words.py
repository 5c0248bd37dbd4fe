"""What a venue says of orders, fills and money: its own words, before the desk believes them.

A word is not yet a report of the order state machine (``orders.ExecutionReport``): it may be old,
said twice or about nothing of ours. ``asking.settle`` turns words into reports. Quantities are in
base, prices and fees in quote, times in ms UTC; ``event_time`` is the venue's clock, ``asked_ms``
the host's.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from trading.base.domain.money import ZERO
from trading.base.domain.side import Side


class VenueState(StrEnum):
    """Where a venue has an order."""

    OPEN = "open"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"

    @property
    def is_over(self) -> bool:
        """Return True when nothing of the order can trade any more."""
        return self is not VenueState.OPEN


UNASKED: Final = -1


@dataclass(frozen=True, slots=True)
class OrderStatusReport:
    """How the venue has one order.

    Attributes:
        quantity: total ordered, as it is now.
        filled_quantity: all fills so far; never shrinks.
        stop_price: where its trigger is now, None for orders without one.
        is_triggered: a stop the market reached.
        event_time: when that came to be, the venue's clock.
        reason: of a rejection or an end, for a person.
        asked_ms: when the question or command this answers left us, ``UNASKED`` for a word the
            venue said by itself. Only an answer says what an order is now; the others may be old.
    """

    client_order_id: str
    state: VenueState
    quantity: Decimal
    filled_quantity: Decimal
    stop_price: Decimal | None
    is_triggered: bool
    event_time: int
    reason: str = ""
    asked_ms: int = UNASKED


@dataclass(frozen=True, slots=True)
class FillReport:
    """One trade of one order; the same id says the same thing however often it is said.

    Attributes:
        trade_id: the venue's; unique within the order.
        fee: quote, converted by the adapter where the venue takes another currency.
        slippage: quote, already in the price, where the venue can know it.
        gas_cost: quote.
    """

    client_order_id: str
    trade_id: str
    pair: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    is_maker: bool
    event_time: int
    slippage: Decimal = ZERO
    gas_cost: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class NotFound:
    """The venue has never had an order of that id: not among the open ones nor in its history.

    A proof only when the question left (``asked_ms``) after every command about the order had
    arrived or run out of time.
    """

    client_order_id: str
    asked_ms: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A command that was not executed and never will be; the order is what it was before."""

    client_order_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """A command left and nothing came back: it may have been executed, or may yet be."""

    client_order_id: str


@dataclass(frozen=True, slots=True)
class BalanceReport:
    """What the account holds of one currency; ``locked`` by open orders is part of ``total``."""

    currency: str
    total: Decimal
    locked: Decimal


@dataclass(frozen=True, slots=True)
class MassStatus:
    """Everything at one moment: open orders, fills since a time, balances."""

    orders: tuple[OrderStatusReport, ...]
    fills: tuple[FillReport, ...]
    balances: tuple[BalanceReport, ...]
    asked_ms: int


Word = OrderStatusReport | FillReport | NotFound | Refused | NoAnswer
Answer = OrderStatusReport | NotFound | Refused
