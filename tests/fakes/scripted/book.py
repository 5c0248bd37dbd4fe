"""What the scripted venue really has: orders, trades, balances, and a market that moves by a seed.

It is as unkind as venues are: a client order id is refused again only while its order is open, so
that a submit sent blindly a second time places a second order. ``placed`` counts them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trading.base.domain.money import ZERO, canonical, exact

FEE = Decimal("0.001")
LOT = Decimal("0.001")
WORDS = dict[str, Any]


@dataclass
class Placed:
    """One order at the venue."""

    id: str
    pair: str
    side: str
    type: str
    quantity: Decimal
    limit: Decimal | None
    stop: Decimal | None
    event_time: int
    filled: Decimal = ZERO
    state: str = "open"
    is_triggered: bool = False
    reason: str = ""

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.filled

    def word(self) -> WORDS:
        """Return its status as it goes over the wire."""
        return {
            "kind": "order", "id": self.id, "state": self.state, "quantity": str(self.quantity),
            "filled": str(self.filled), "stop": None if self.stop is None else str(self.stop),
            "triggered": self.is_triggered, "time": self.event_time, "reason": self.reason,
        }  # fmt: skip


class VenueBook:
    """Executes commands and trades; knows nothing of wires."""

    def __init__(
        self,
        now_ms: Callable[[], int],
        balances: dict[str, Decimal],
        *,
        seed: int = 0,
        price: Decimal = Decimal(100),
        refusals: float = 0.0,
        liveliness: float = 0.0,
    ) -> None:
        """Begin; ``liveliness``: how likely an order trades when time passes."""
        self.now_ms = now_ms
        self.balances = dict(balances)
        self.price = price
        self.refuse_next = 0
        self.placed: Counter[str] = Counter()
        self.orders: dict[str, Placed] = {}
        self.trades: list[WORDS] = []
        self.short: list[str] = []  # orders that would have sold what was not there
        self._random = random.Random(seed)
        self._refusals = refusals
        self._liveliness = liveliness

    def submit(self, ask: WORDS) -> WORDS:
        known = self.orders.get(ask["id"])
        if known is not None and known.state == "open":
            return known.word()
        stop, limit = ask["stop"], ask["limit"]
        order = Placed(
            ask["id"], ask["pair"], ask["side"], ask["type"], Decimal(ask["quantity"]),
            None if limit is None else Decimal(limit), None if stop is None else Decimal(stop),
            self.now_ms(),
        )  # fmt: skip
        self.orders[order.id] = order
        self._judge(order)
        if order.state == "open":
            self.placed[order.id] += 1
            if order.type == "market":
                self._live(order)
        return order.word()

    def _judge(self, order: Placed) -> None:
        if order.side == "sell" and self._free(order) < order.quantity:
            self.short.append(order.id)
            order.state, order.reason = "rejected", "insufficient balance"
        elif self.refuse_next > 0 or self._random.random() < self._refusals:
            self.refuse_next = max(0, self.refuse_next - 1)
            order.state, order.reason = "rejected", "the venue will not have it"

    def _free(self, apart: Placed) -> Decimal:
        sells = [o for o in self.orders.values() if o.side == "sell" and o.state == "open"]
        held = apart.pair.split("/")[0]
        same = [o for o in sells if o is not apart and o.pair.split("/")[0] == held]
        return self.balances.get(held, ZERO) - sum((o.remaining for o in same), ZERO)

    def cancel(self, ask: WORDS) -> WORDS:
        order = self.orders.get(ask["id"])
        if order is None:
            return {"kind": "none", "id": ask["id"]}
        if order.state == "open":
            self._live(order)  # it may trade while it is being cancelled
        if order.state == "open":
            order.state, order.event_time = "cancelled", self.now_ms()
        return order.word()

    def amend(self, ask: WORDS) -> WORDS:
        order, quantity = self.orders.get(ask["id"]), Decimal(ask["quantity"])
        if order is None:
            return {"kind": "none", "id": ask["id"]}
        if order.state != "open":
            return order.word()
        if quantity < order.filled:
            return {"kind": "refused", "id": order.id, "reason": "more than that is filled"}
        order.stop, order.quantity = Decimal(ask["stop_price"]), quantity
        order.event_time = self.now_ms()
        if order.remaining == 0:
            order.state = "filled"
        return order.word()

    def order(self, ask: WORDS) -> WORDS:
        known = self.orders.get(ask["id"])
        return {"kind": "none", "id": ask["id"]} if known is None else known.word()

    def open(self, _: WORDS) -> list[WORDS]:
        return [o.word() for _, o in sorted(self.orders.items()) if o.state == "open"]

    def trades_since(self, ask: WORDS) -> list[WORDS]:
        found = [trade for trade in self.trades if trade["time"] >= ask["since"]]
        return sorted(found, key=lambda trade: (trade["time"], trade["trade"]))

    def money(self, _: WORDS) -> list[WORDS]:
        return [
            {"currency": name, "total": str(total), "locked": "0"}
            for name, total in sorted(self.balances.items())
        ]

    def mass(self, ask: WORDS) -> WORDS:
        return {
            "orders": self.open(ask), "fills": self.trades_since(ask), "balances": self.money(ask),
        }  # fmt: skip

    def tick(self) -> None:
        """Let the market move, and trade what it meets."""
        move = Decimal(self._random.randrange(-150, 151)) / 10_000
        self.price = (self.price * (1 + move)).quantize(Decimal("0.01"))
        for order in list(self.orders.values()):
            if order.state == "open":
                self._live(order)

    def _live(self, order: Placed) -> None:
        if order.type == "stop_market" and not order.is_triggered:
            stop = order.stop or ZERO
            if self._liveliness and self.price <= stop:
                order.is_triggered, order.event_time = True, self.now_ms()
        at_market = order.type == "market" or order.is_triggered
        met = at_market or (order.limit is not None and self.price <= order.limit)
        while met and order.state == "open" and self._random.random() < self._liveliness:
            lots = int(order.remaining / LOT)
            share = self._random.choice((1, max(1, lots // 3), max(1, lots // 2), lots))
            self.fill(order.id, min(order.remaining, max(LOT, share * LOT)), self.price)

    def fill(self, key: str, quantity: Decimal, price: Decimal) -> None:
        """Trade so much of the order."""
        order = self.orders[key]
        assert order.state == "open"
        assert quantity <= order.remaining
        base, quote = order.pair.split("/")
        sign = 1 if order.side == "buy" else -1
        with exact():
            paid = canonical(quantity * price)
            fee = canonical(paid * FEE)
            self.balances[base] = self.balances.get(base, ZERO) + sign * quantity
            self.balances[quote] = self.balances.get(quote, ZERO) - sign * paid - fee
            order.filled += quantity
        order.event_time = self.now_ms()
        if order.remaining == 0:
            order.state = "filled"
        self.trades.append({
            "kind": "fill", "id": key, "trade": f"t{len(self.trades) + 1:05}", "pair": order.pair,
            "side": order.side, "quantity": str(quantity), "price": str(price), "fee": str(fee),
            "maker": order.type == "limit", "time": order.event_time,
        })  # fmt: skip
