"""One order at a time closes a bot's position at a venue, and it closes no more than is held.

The core takes a stop order back and sells at market in the same step. A venue may fill the stop
before it takes it back; then the sale would sell what is gone. So an order that closes waits until
the one before it is over with all its fills booked, and is cut to what is left.

Source: platform specification 1.5 (cancel, wait for the terminal state, new child for the rest).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from trading.desk.domain.execution.orders import ExecutionReport, Order, OrderPurpose, ReportKind


class ClosingQueue:
    """Orders that close and have not reached the venue: by client order id, oldest first."""

    def __init__(self) -> None:
        self._waiting: dict[str, None] = {}

    def __contains__(self, client_order_id: str) -> bool:
        """Return True when the order waits, and so has not reached the venue."""
        return client_order_id in self._waiting

    def drop(self, client_order_id: str) -> None:
        """Forget an order: it is sent, or over."""
        self._waiting.pop(client_order_id, None)

    def must_wait(self, order: Order, orders: Sequence[Order]) -> bool:
        """Return whether another one may be at the venue or goes first; then the order waits.

        A sale that waits goes before a stop: nobody takes back a stop that was placed after it.
        """
        if order.purpose is OrderPurpose.ENTRY:
            return False
        blocked = any(
            other.bot_index == order.bot_index
            and other.purpose is not OrderPurpose.ENTRY
            and not other.status.is_final
            and other.client_order_id != order.client_order_id
            and (other.client_order_id not in self._waiting or _goes_first(other, order))
            for other in orders
        )
        if blocked:
            self._waiting.setdefault(order.client_order_id)
        return blocked

    def free(self, orders: Sequence[Order]) -> Order | None:
        """Take out and return the oldest order that need not wait any more; None for none."""
        by_id = {order.client_order_id: order for order in orders}
        for key in list(self._waiting):
            order = by_id.get(key)
            if order is None or order.status.is_final:
                self.drop(key)
            elif not self.must_wait(order, orders):
                self.drop(key)
                return order
        return None


def _goes_first(other: Order, order: Order) -> bool:
    return other.purpose is OrderPurpose.EXIT and order.purpose is OrderPurpose.STOP


def cut_to_held(order: Order, held: Decimal, now_ms: int) -> ExecutionReport | None:
    """Return what the desk says of a closing order before it is sent; None when it may go as it is.

    ``held`` is what the bot holds, base.
    """
    if order.purpose is OrderPurpose.ENTRY or held >= order.remaining:
        return None
    key = order.client_order_id
    if held <= 0:
        return ExecutionReport(key, ReportKind.REJECTED, now_ms, reason="nothing is left to close")
    return ExecutionReport(key, ReportKind.UPDATED, now_ms, quantity=held)
