"""Decide from a venue's words what became of an order: what to believe, what to ask, what to send.

The books know what was ordered; only the venue knows what it has. Between the two lie commands
whose answer was lost, came late, twice or after a later one. So nothing is concluded from silence:

    words about the order                       become
    no answer to a command                      unknown, until it was asked about
    any status but a rejection                  accepted
    an answer (not news) with other terms       updated: quantity and stop price as they are there
    a fill with a trade id not booked yet       filled, in the venue's order
    an end, all fills it counts are booked      cancelled, expired or rejected; before: ask for
                                                fills
    never had it, asked after the last command  may be sent; or, no longer wanted, the end
      could have arrived
    never had it, asked earlier                 nothing
    open, but over in the books                 a dispute, and the order is taken back

Hearing words again, late, or in another order changes nothing twice: fills count by trade id, ends
once, terms only by an answer that no command of ours could overtake. A report is returned only when
it applies, so that none can stop a session when it is read again from the log.

Source: platform specification 1.2 (R4, R5) and 1.5 (UNKNOWN, cancels), laws 1 and 2 of the house.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from trading.base.domain.errors import InvariantError
from trading.base.domain.money import ZERO, exact
from trading.desk.domain.execution.orders import (
    ExecutionReport,
    Order,
    OrderPurpose,
    OrderStatus,
    ReportKind,
    apply_report,
)
from trading.desk.domain.execution.words import (
    UNASKED,
    FillReport,
    NoAnswer,
    NotFound,
    OrderStatusReport,
    VenueState,
    Word,
)

_UNCONFIRMED: Final = frozenset(
    {OrderStatus.INITIALIZED, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN}
)
_ENDS: Final = {
    VenueState.CANCELLED: ReportKind.CANCELLED,
    VenueState.EXPIRED: ReportKind.EXPIRED,
    VenueState.REJECTED: ReportKind.REJECTED,
}


class Need(StrEnum):
    """What has still to be asked about an order."""

    NOTHING = "nothing"
    ANSWER = "answer"  # how the venue has it
    FILLS = "fills"  # trades that its status counts and nobody told


@dataclass(frozen=True, slots=True)
class Settled:
    """What a venue's words made of one order.

    Attributes:
        order: after ``reports``.
        reports: each applies to the order after the one before.
        need: what to ask next.
        may_send: the venue proved that it never had the order, and it is still wanted.
        must_cancel: it works at the venue and should not.
        dispute: what the books and the venue cannot both be right about, for a person; else empty.
    """

    order: Order
    reports: tuple[ExecutionReport, ...]
    need: Need
    may_send: bool = False
    must_cancel: bool = False
    dispute: str = ""


@dataclass(slots=True)
class _Account:
    """The order while it is being told what happened."""

    order: Order
    reports: list[ExecutionReport] = field(default_factory=list)
    dispute: str = ""

    def tell(self, report: ExecutionReport) -> bool:
        """Apply the report; return whether it changed the order. What cannot be is a dispute."""
        try:
            after = apply_report(self.order, report)
        except InvariantError as error:
            self.dispute = self.dispute or str(error)
            return False
        if after is self.order:
            return False
        self.order = after
        self.reports.append(report)
        return True

    def say(self, kind: ReportKind, time: int, reason: str = "") -> bool:
        """Apply a report that is a kind, a time and a reason."""
        report = ExecutionReport(self.order.client_order_id, kind, time, reason=reason)
        return self.tell(report)


def is_unsettled(order: Order) -> bool:
    """Return True when a command about the order waits for the venue's word."""
    return order.status in _UNCONFIRMED or order.status is OrderStatus.CANCELLING


def is_overdue(order: Order, now_ms: int) -> bool:
    """Return True when a limit order works beyond the time it was given."""
    ends = order.expires_bar_time
    return ends is not None and now_ms >= ends and not order.status.is_final


def settle_order(
    order: Order, words: Sequence[Word], *, settles_ms: int, now_ms: int, entry_life_ms: int
) -> Settled:
    """Return what the words about one order make of it.

    Args:
        order: as the books have it.
        words: about this order, in any sequence, repeated or not.
        settles_ms: the host's time from which on no command about it can still be under way to the
            venue; 0 where its answer is among ``words``.
        now_ms: the host's time.
        entry_life_ms: an entry that never reached the venue is given up so long after it was
            ordered; exits and stops are wanted for ever.
    """
    account = _Account(order)
    statuses = [word for word in words if isinstance(word, OrderStatusReport)]
    fills = [word for word in words if isinstance(word, FillReport)]
    answers = [s for s in statuses if s.asked_ms != UNASKED and s.asked_ms >= settles_ms]
    answer = max(answers, key=_newest, default=None)
    end = max((s for s in statuses if s.state.is_over), key=_newest, default=None)
    if any(isinstance(word, NoAnswer) for word in words):
        account.say(ReportKind.UNKNOWN, now_ms, "no answer")
    _take_statuses(account, statuses, answer, end)
    is_whole = _take_fills(account, fills, is_answered=answer is not None or end is not None)
    counted = max((s.filled_quantity for s in statuses), default=ZERO)
    if end is not None and account.order.filled_quantity >= counted:
        _end(account, end)
    if counted > account.order.filled_quantity:
        return _settled(account, Need.FILLS, answer)
    if not statuses and not fills and _is_never_had(words, settles_ms):
        return _never_had(account, now_ms, entry_life_ms)
    if answer is not None and not account.order.status.is_final and is_overdue(order, now_ms):
        account.say(ReportKind.CANCEL_REQUESTED, now_ms, "the limit's time was up")
    return _settled(account, Need.NOTHING if is_whole else Need.ANSWER, answer)


def _newest(status: OrderStatusReport) -> tuple[int, bool, object]:
    return status.asked_ms, status.state.is_over, status.filled_quantity


def _take_statuses(
    account: _Account,
    statuses: Sequence[OrderStatusReport],
    answer: OrderStatusReport | None,
    end: OrderStatusReport | None,
) -> None:
    """Believe that it was taken, its terms and its trigger."""
    had = [s for s in statuses if s.state is not VenueState.REJECTED]
    if had:
        account.say(ReportKind.ACCEPTED, min(s.event_time for s in had))
    if end is not None:
        # what is over has no terms any more; a whole fill was all there was to fill
        if end.state is VenueState.FILLED and end.filled_quantity != account.order.quantity:
            _update(account, end, quantity_only=True)
    elif answer is not None:
        _update(account, answer)
    triggered = [s.event_time for s in had if s.is_triggered]
    if triggered:
        account.say(ReportKind.TRIGGERED, min(triggered))


def _update(account: _Account, status: OrderStatusReport, *, quantity_only: bool = False) -> None:
    quantity = status.filled_quantity if quantity_only else status.quantity
    if quantity < account.order.filled_quantity:
        return  # older than what is booked
    account.tell(
        ExecutionReport(
            account.order.client_order_id,
            ReportKind.UPDATED,
            status.event_time,
            quantity=quantity,
            stop_price=None if quantity_only else status.stop_price,
        )
    )


def _take_fills(account: _Account, fills: Sequence[FillReport], *, is_answered: bool) -> bool:
    """Book the fills; return False when they make more than was ordered and nobody was asked."""
    for fill in sorted(fills, key=lambda fill: (fill.event_time, fill.trade_id)):
        order = account.order
        if fill.trade_id in order.trade_ids:
            continue
        with exact():
            is_too_much = order.filled_quantity + fill.quantity > order.quantity
        if is_too_much and not is_answered:
            return False  # its quantity may have been raised by a command without an answer
        account.tell(_report_of(fill))
    return True


def _report_of(fill: FillReport) -> ExecutionReport:
    return ExecutionReport(
        client_order_id=fill.client_order_id,
        kind=ReportKind.FILLED,
        event_time=fill.event_time,
        trade_id=fill.trade_id,
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        slippage=fill.slippage,
        gas_cost=fill.gas_cost,
        is_maker=fill.is_maker,
    )


def _end(account: _Account, end: OrderStatusReport) -> None:
    kind = _ENDS.get(end.state)
    if kind is None:  # filled: its fills ended it
        return
    if not account.say(kind, end.event_time, end.reason) and kind is ReportKind.REJECTED:
        # refused after it was to be taken back: over all the same
        account.say(ReportKind.EXPIRED, end.event_time, end.reason)


def _is_never_had(words: Sequence[Word], settles_ms: int) -> bool:
    return any(isinstance(word, NotFound) and word.asked_ms >= settles_ms for word in words)


def _never_had(account: _Account, now_ms: int, entry_life_ms: int) -> Settled:
    """Let the order be sent, end it where nobody wants it any more, or dispute it."""
    order = account.order
    if order.status.is_final:
        return _settled(account, Need.NOTHING, None)
    if order.filled_quantity > 0 or not is_unsettled(order):
        account.dispute = account.dispute or (
            f"the venue has no order {order.client_order_id}, which was {order.status} with "
            f"{order.filled_quantity} filled"
        )
        return _settled(account, Need.ANSWER, None)
    if order.status is OrderStatus.CANCELLING:
        account.say(ReportKind.CANCELLED, now_ms, "the venue never had it")
        return _settled(account, Need.NOTHING, None)
    is_entry = order.purpose is OrderPurpose.ENTRY
    if is_entry and now_ms > order.live_from + entry_life_ms:
        account.say(ReportKind.REJECTED, now_ms, "it never reached the venue; its time is over")
        return _settled(account, Need.NOTHING, None)
    return _settled(account, Need.NOTHING, None, may_send=True)


def _settled(
    account: _Account, need: Need, answer: OrderStatusReport | None, *, may_send: bool = False
) -> Settled:
    order, works = account.order, answer is not None and not answer.state.is_over
    must_cancel = False
    if works and order.status.is_final:
        must_cancel = True
        account.dispute = account.dispute or (
            f"the venue works on order {order.client_order_id}, which is {order.status}"
        )
    elif works and order.status is OrderStatus.CANCELLING:
        must_cancel = True
    elif need is Need.NOTHING and is_unsettled(order) and not may_send:
        need = Need.ANSWER
    return Settled(order, tuple(account.reports), need, may_send, must_cancel, account.dispute)
