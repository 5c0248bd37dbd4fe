"""What the contract suite of venues needs besides the adapter: a market that obeys, and orders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from decimal import Decimal
from typing import Final

from trading.base.domain.side import Side
from trading.desk.domain.execution.ids import client_order_id
from trading.desk.domain.execution.orders import Order, OrderPurpose, OrderStatus, OrderType
from trading.desk.ports.venue import Venue

_TEMPLATE: Final = Order(
    client_order_id="",
    bot_index=0,
    pair="",
    side=Side.BUY,
    type=OrderType.LIMIT,
    purpose=OrderPurpose.ENTRY,
    quantity=Decimal(2),
    limit_price=None,
    stop_price=None,
    status=OrderStatus.SUBMITTED,
    filled_quantity=Decimal(0),
    average_price=None,
    trade_ids=(),
    reason="contract",
    bar_time=0,
    created_seq=0,
    expires_bar_time=None,
)


class VenueBench(ABC):
    """One venue under test and the hand that moves its market.

    Attributes:
        pair: a market of the venue, BASE/QUOTE; the account holds plenty of both.
        price: about what it trades at.
        can_refuse: the venue can be told to refuse the next order.
        can_lose: answers can be told to be lost.
    """

    pair: str = "BTC/USDT"
    price: Decimal = Decimal(100)
    can_refuse: bool = False
    can_lose: bool = False

    @property
    @abstractmethod
    def venue(self) -> Venue:
        """Return the adapter under test, connected."""

    @abstractmethod
    def now_ms(self) -> int:
        """Return the host's time, as the adapter sees it."""

    @abstractmethod
    def pass_time(self, ms: int) -> None:
        """Let the host's and the venue's time go on."""

    @abstractmethod
    def trade(self, order: Order, quantity: Decimal) -> None:
        """Let the market fill so much (base) of the working order, at its own price or nearly."""

    @abstractmethod
    def reopen(self) -> None:
        """Let our side die and come back: ``venue`` is a new adapter before the same venue."""

    def refuse_next(self) -> None:
        """Let the venue refuse the next order."""
        raise NotImplementedError

    def lose_next(self, *, is_executed: bool) -> None:
        """Let the next command get no answer, after or before the venue executed it."""
        raise NotImplementedError

    def until(self) -> int:
        """Return a time that is late enough for a command sent now."""
        return self.now_ms() + self.venue.window_ms

    def limit(self, name: str, side: Side = Side.BUY) -> Order:
        """Return a limit order for 2, five percent away from the price; ``name`` makes its id."""
        away = Decimal("0.95") if side is Side.BUY else Decimal("1.05")
        return self._order(name, side=side, limit_price=self.price * away)

    def stop(self, name: str) -> Order:
        """Return a protective sale of 2, five percent below the price."""
        return self._order(
            name,
            side=Side.SELL,
            type=OrderType.STOP_MARKET,
            purpose=OrderPurpose.STOP,
            stop_price=self.price * Decimal("0.95"),
        )

    def _order(self, name: str, **changes: object) -> Order:
        key = client_order_id(f"contract {name}", 0, 0, OrderPurpose.ENTRY)
        made = replace(
            _TEMPLATE, client_order_id=key, pair=self.pair, bar_time=self.now_ms(), created_seq=1
        )
        return replace(made, **changes)  # type: ignore[arg-type]
