"""The desk's own acts on orders: make them, take them back, move them.

Each is remembered in the bot's account and asked of the venue after the commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trading.base.domain.side import Side
from trading.desk.domain.decision.output import (
    AmendOrder,
    CancelOrder,
    OrderChanged,
    StepOutput,
    SubmitOrder,
)
from trading.desk.domain.decision.standing import is_in_place, stop_quantity
from trading.desk.domain.decision.state import BotState, DeskState, PairState
from trading.desk.domain.execution.ids import client_order_id
from trading.desk.domain.execution.orders import (
    ExecutionReport,
    Order,
    OrderPurpose,
    OrderStatus,
    OrderType,
    ReportKind,
    apply_report,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDraft:
    """What an order should be, before it has an id and a status."""

    side: Side
    type: OrderType
    purpose: OrderPurpose
    quantity: Decimal
    reason: str
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    expires_bar_time: int | None = None
    spend: Decimal | None = None
    budget: Decimal | None = None
    child: int = 0


def submit_order(
    state: DeskState, pair: PairState, bot: BotState, draft: OrderDraft, out: StepOutput
) -> Order:
    """Create an order, remember it as submitted and ask for it to be sent after the commit."""
    order = note_order(state, pair, bot, draft, out)
    out.commands.append(SubmitOrder(order))
    return order


def note_order(
    state: DeskState, pair: PairState, bot: BotState, draft: OrderDraft, out: StepOutput
) -> Order:
    """Create an order and remember it as submitted; it is not sent."""
    new = Order(
        client_order_id=_free_id(state, bot, draft, out),
        bot_index=bot.spec.index,
        pair=pair.name,
        side=draft.side,
        type=draft.type,
        purpose=draft.purpose,
        quantity=draft.quantity,
        limit_price=draft.limit_price,
        stop_price=draft.stop_price,
        status=OrderStatus.INITIALIZED,
        filled_quantity=Decimal(0),
        average_price=None,
        trade_ids=(),
        reason=draft.reason,
        bar_time=out.bar_time,
        created_seq=out.seq,
        expires_bar_time=draft.expires_bar_time,
        spend=draft.spend,
        budget=draft.budget,
        sent_time=state.stale_now_ms if state.is_late(out.seq) else 0,
    )
    report = ExecutionReport(new.client_order_id, ReportKind.SUBMITTED, out.bar_time)
    order = apply_report(new, report)
    bot.orders[order.client_order_id] = order
    out.effects.append(OrderChanged(order, report))
    bot.touch()
    return order


def _free_id(state: DeskState, bot: BotState, draft: OrderDraft, out: StepOutput) -> str:
    """Return an id the bot has not used: between two bars a venue may end a stop and need another.

    What a venue outside has once had under an id is not what a second order of that id would be.
    """
    child = draft.child
    while True:
        key = client_order_id(
            state.session_key, bot.spec.index, out.seq, draft.purpose, child=child
        )
        if key not in bot.orders and key not in bot.recent:
            return key
        child += 1


def cancel_order(bot: BotState, order: Order, out: StepOutput) -> None:
    """Ask for a working order to be taken back; twice is once."""
    report = ExecutionReport(order.client_order_id, ReportKind.CANCEL_REQUESTED, out.bar_time)
    after = apply_report(order, report)
    if after is order:
        return
    bot.orders[order.client_order_id] = after
    out.effects.append(OrderChanged(after, report))
    out.commands.append(CancelOrder(after))
    bot.touch()


def amend_stop(bot: BotState, out: StepOutput) -> None:
    """Bring the working stop order to the stop's price and the position's quantity."""
    order, stop, position = bot.working(OrderPurpose.STOP), bot.stop, bot.position
    if order is None or stop is None or position is None:
        return
    if not is_in_place(order, position, stop):
        quantity = stop_quantity(order, position)
        out.commands.append(AmendOrder(order, stop.current_stop, quantity))
