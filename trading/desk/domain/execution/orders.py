"""Follow one order from its making to its end: the only order state machine of the desk.

Ghost, replay and live feed it the same reports; only who writes the report differs. A venue may
say things twice, late or in the wrong order, so reports are sorted by what they can still change:

    report             applies in                                     gives
    submitted          initialized                                    submitted
    accepted           initialized submitted unknown                  accepted; with fills
                                                                      partially_filled
    rejected           initialized submitted unknown, without fills   rejected
    unknown            initialized submitted                          unknown: ask the venue by id
    triggered          all that are not final                         the same, at market from now
    cancel_requested   all that are not final                         cancelling
    updated            all that are not final                         the same, with another stop
                                                                      price or quantity
    cancelled expired  all that are not final                         cancelled, expired
    filled             all, final ones included                       filled when complete; else
                                                                      partially_filled, or the
                                                                      same when it is cancelling
                                                                      or final

Everything outside the table is a repetition or comes too late and returns the same object, so the
caller sees with ``is`` that nothing happened. A fill counts whenever it arrives, because money
moved: a fill after a cancel is applied. The same trade id never counts twice.

Source: platform specification 1.5 (specification, states and acceptance checks).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from trading.base.domain.errors import InvariantError
from trading.base.domain.money import ZERO, canonical, check_positive, exact
from trading.base.domain.side import Side


class OrderType(StrEnum):
    """How the order meets the market."""

    MARKET = "market"
    LIMIT = "limit"
    STOP_MARKET = "stop_market"


class OrderPurpose(StrEnum):
    """What the order is for; exits and stops only ever reduce a position."""

    ENTRY = "entry"
    EXIT = "exit"
    STOP = "stop"


class OrderStatus(StrEnum):
    """Where the order is in its life."""

    INITIALIZED = "initialized"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    PARTIALLY_FILLED = "partially_filled"
    CANCELLING = "cancelling"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        """Return True when the venue holds nothing of the order any more."""
        return self in _FINAL


_FINAL: Final = frozenset(
    {OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.EXPIRED}
)


class ReportKind(StrEnum):
    """What a venue, or the desk itself, says happened to an order."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UPDATED = "updated"
    TRIGGERED = "triggered"
    UNKNOWN = "unknown"
    CANCEL_REQUESTED = "cancel_requested"


@dataclass(frozen=True, slots=True)
class Order:
    """One order; quantities in base, prices in quote per base.

    Attributes:
        client_order_id: made before sending, see ``execution.ids``.
        average_price: quantity-weighted over all fills, None before the first.
        trade_ids: every fill applied, oldest first.
        bar_time: close time of the bar that ordered it, ms UTC.
        created_seq: stream sequence of that bar.
        expires_bar_time: close time of the last bar a limit order may be filled on, ms UTC, None
            for no end.
        spend: quote a market buy spends, costs included, None when ``quantity`` was ordered. Until
            it fills, ``quantity`` is what was expected; the venue reports the true one just before
            the fill.
        budget: quote that is left for a buy's fills, costs included, None for no limit. Each fill
            takes its own away.
        is_triggered: a stop that the market reached: a market order to its last unit.
        ended_n: counts the bot's orders by when they were over, 0 while it works.
        sent_time: when it could reach the venue, ms UTC, where its bar was seen late; else 0.
    """

    client_order_id: str
    bot_index: int
    pair: str
    side: Side
    type: OrderType
    purpose: OrderPurpose
    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    status: OrderStatus
    filled_quantity: Decimal
    average_price: Decimal | None
    trade_ids: tuple[str, ...]
    reason: str
    bar_time: int
    created_seq: int
    expires_bar_time: int | None
    spend: Decimal | None = None
    budget: Decimal | None = None
    is_triggered: bool = False
    sent_time: int = 0
    ended_n: int = 0

    @property
    def live_from(self) -> int:
        """Return when the market can first meet it, ms UTC."""
        return max(self.bar_time, self.sent_time)

    @property
    def is_market(self) -> bool:
        """Return True when the order takes the next open, whatever it is."""
        return self.type is OrderType.MARKET or self.is_triggered

    @property
    def remaining(self) -> Decimal:
        """Return the base quantity not filled yet."""
        return self.quantity - self.filled_quantity


@dataclass(frozen=True, slots=True)
class ExecutionReport:
    """One message about one order.

    Attributes:
        event_time: when it happened, ms UTC.
        trade_id: the venue's id of a fill; empty for every other kind.
        quantity: base; of this fill, or of an update the new total (0 leaves it).
        price: quote per base, slippage included; fills only.
        fee: quote. gas_cost: quote. slippage: quote, already in the price.
        stop_price: of an update, the new stop price (None leaves it).
    """

    client_order_id: str
    kind: ReportKind
    event_time: int
    trade_id: str = ""
    quantity: Decimal = ZERO
    price: Decimal | None = None
    fee: Decimal = ZERO
    slippage: Decimal = ZERO
    gas_cost: Decimal = ZERO
    is_maker: bool = False
    stop_price: Decimal | None = None
    reason: str = ""


_FRESH: Final = frozenset({OrderStatus.INITIALIZED, OrderStatus.SUBMITTED})
_UNCONFIRMED: Final = _FRESH | {OrderStatus.UNKNOWN}
_LIVE: Final = frozenset(OrderStatus) - _FINAL
_APPLIES_IN: Final[dict[ReportKind, frozenset[OrderStatus]]] = {
    ReportKind.SUBMITTED: frozenset({OrderStatus.INITIALIZED}),
    ReportKind.ACCEPTED: _UNCONFIRMED,
    ReportKind.REJECTED: _UNCONFIRMED,
    ReportKind.UNKNOWN: _FRESH,
    ReportKind.CANCEL_REQUESTED: _LIVE - {OrderStatus.CANCELLING},
    ReportKind.UPDATED: _LIVE,
    ReportKind.TRIGGERED: _LIVE,
    ReportKind.CANCELLED: _LIVE,
    ReportKind.EXPIRED: _LIVE,
    ReportKind.FILLED: frozenset(OrderStatus),
}
_GIVES: Final[dict[ReportKind, OrderStatus]] = {
    ReportKind.SUBMITTED: OrderStatus.SUBMITTED,
    ReportKind.ACCEPTED: OrderStatus.ACCEPTED,
    ReportKind.REJECTED: OrderStatus.REJECTED,
    ReportKind.UNKNOWN: OrderStatus.UNKNOWN,
    ReportKind.CANCEL_REQUESTED: OrderStatus.CANCELLING,
    ReportKind.CANCELLED: OrderStatus.CANCELLED,
    ReportKind.EXPIRED: OrderStatus.EXPIRED,
}
# a fill tells nothing new about these: the cancel is still under way, the end stays the end
_KEPT_BY_PARTIAL: Final = _FINAL | {OrderStatus.CANCELLING}


def apply_report(order: Order, report: ExecutionReport) -> Order:
    """Return the order after ``report``; the same object when the report changes nothing.

    Raises:
        InvariantError: the report is about another order, a fill is not a positive amount at a
            positive price with a trade id, fills add up to more than was ordered, or an update
            cuts the quantity below what is filled.
    """
    if report.client_order_id != order.client_order_id:
        raise InvariantError(
            f"a report about {report.client_order_id} reached order {order.client_order_id}"
        )
    if order.status not in _APPLIES_IN[report.kind]:
        return order
    if report.kind is ReportKind.FILLED:
        return _apply_fill(order, report)
    if report.kind is ReportKind.UPDATED:
        return _apply_update(order, report)
    if report.kind is ReportKind.TRIGGERED:
        return order if order.is_triggered else replace(order, is_triggered=True)
    return _apply_status(order, _GIVES[report.kind])


def _apply_status(order: Order, status: OrderStatus) -> Order:
    if order.filled_quantity > 0:
        if status is OrderStatus.REJECTED:
            return order  # it was taken, or it could not have traded
        if status is OrderStatus.ACCEPTED:
            status = OrderStatus.PARTIALLY_FILLED
    return order if status is order.status else replace(order, status=status)


def _apply_fill(order: Order, report: ExecutionReport) -> Order:
    if report.trade_id in order.trade_ids:
        return order
    if not report.trade_id or report.price is None:
        raise InvariantError(f"a fill of {order.client_order_id} has no trade id or no price")
    check_positive("fill quantity", report.quantity)
    check_positive("fill price", report.price)
    with exact():
        filled = canonical(order.filled_quantity + report.quantity)
        if filled > order.quantity:
            raise InvariantError(
                f"fills of {order.client_order_id} make {filled}, ordered were {order.quantity}"
            )
        paid = (order.average_price or ZERO) * order.filled_quantity
        average = canonical((paid + report.price * report.quantity) / filled)
        budget = order.budget
        if budget is not None:
            spent = canonical(report.price * report.quantity)
            budget = canonical(budget - spent - report.fee - report.gas_cost)
    status = order.status
    if filled == order.quantity:
        status = OrderStatus.FILLED
    elif status not in _KEPT_BY_PARTIAL:
        status = OrderStatus.PARTIALLY_FILLED
    return replace(
        order,
        status=status,
        filled_quantity=filled,
        average_price=average,
        trade_ids=(*order.trade_ids, report.trade_id),
        budget=budget,
    )


def _apply_update(order: Order, report: ExecutionReport) -> Order:
    stop_price = order.stop_price if report.stop_price is None else report.stop_price
    quantity = report.quantity or order.quantity
    if stop_price == order.stop_price and quantity == order.quantity:
        return order
    check_positive("order quantity", quantity)
    if stop_price is not None:
        check_positive("stop price", stop_price)
    if quantity < order.filled_quantity:
        raise InvariantError(
            f"{order.client_order_id} was cut to {quantity}, filled are {order.filled_quantity}"
        )
    status = OrderStatus.FILLED if quantity == order.filled_quantity else order.status
    return replace(order, stop_price=stop_price, quantity=quantity, status=status)
