"""Book what the venue reports: orders, positions, stops, round trips, savings.

The only place where a bot's cash, position and reserve change. A report that was seen before, or
that belongs to no order of ours, changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trading.domain.desk.output import (
    AmendOrder,
    CancelOrder,
    FillBooked,
    RoundTripClosed,
    StepOutput,
    SubmitOrder,
)
from trading.domain.desk.standing import is_in_place, stop_quantity
from trading.domain.desk.state import BotState, DeskState, PairState
from trading.domain.execution.orders import (
    ExecutionReport,
    Order,
    OrderPurpose,
    OrderStatus,
    OrderType,
    ReportKind,
    Side,
    apply_report,
    client_order_id,
)
from trading.domain.execution.positions import RoundTripResult, apply_fill
from trading.domain.execution.stops import open_stop
from trading.domain.market.currencies import currency_of
from trading.domain.money import PLACES, ZERO, exact
from trading.domain.reasons import ExitReason
from trading.domain.treasury.equilibrium import record_round_trip, verdict
from trading.domain.treasury.savings import SavingsDecision, decide_savings, savings_token

RECENT_ORDERS: Final = 8
_STOP_REACHED: Final = frozenset({ReportKind.TRIGGERED, ReportKind.FILLED})


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
    new = Order(
        client_order_id=client_order_id(
            state.session_key, bot.spec.index, out.seq, draft.purpose, child=draft.child
        ),
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
    )
    report = ExecutionReport(new.client_order_id, ReportKind.SUBMITTED, out.bar_time)
    order = apply_report(new, report)
    bot.orders[order.client_order_id] = order
    out.order_events.append((order, report))
    out.commands.append(SubmitOrder(order))
    _changed(bot, out)
    return order


def cancel_order(bot: BotState, order: Order, out: StepOutput) -> None:
    """Ask for a working order to be taken back; twice is once."""
    report = ExecutionReport(order.client_order_id, ReportKind.CANCEL_REQUESTED, out.bar_time)
    after = apply_report(order, report)
    if after is order:
        return
    bot.orders[order.client_order_id] = after
    out.order_events.append((after, report))
    out.commands.append(CancelOrder(after))
    _changed(bot, out)


def amend_stop(bot: BotState, out: StepOutput) -> None:
    """Bring the working stop order to the stop's price and the position's quantity."""
    order, stop, position = bot.working(OrderPurpose.STOP), bot.stop, bot.position
    if order is None or stop is None or position is None:
        return
    if not is_in_place(order, position, stop):
        quantity = stop_quantity(order, position)
        out.commands.append(AmendOrder(order, stop.current_stop, quantity))


def apply_reports(
    state: DeskState, pair: PairState, reports: list[ExecutionReport], out: StepOutput
) -> None:
    """Book the reports in order."""
    with exact():
        for report in reports:
            for slot in pair.slots:
                bot, key = slot.bot, report.client_order_id
                order = bot.orders.get(key) or bot.recent.get(key)
                if order is not None:
                    _apply(state, pair, bot, order, report, out)
                    break


def _apply(
    state: DeskState,
    pair: PairState,
    bot: BotState,
    order: Order,
    report: ExecutionReport,
    out: StepOutput,
) -> None:
    after = apply_report(order, report)
    if after is order:
        return
    out.order_events.append((after, report))
    if after.status.is_final:
        bot.orders.pop(after.client_order_id, None)
        bot.recent[after.client_order_id] = after
        while len(bot.recent) > RECENT_ORDERS:
            del bot.recent[next(iter(bot.recent))]
    else:
        bot.orders[after.client_order_id] = after
    if after.purpose is OrderPurpose.STOP and report.kind in _STOP_REACHED:
        entry = bot.working(OrderPurpose.ENTRY)
        if entry is not None:  # what is being sold is not bought on
            cancel_order(bot, entry, out)
    if report.kind is ReportKind.FILLED:
        _book_fill(state, pair, bot, after, report, out)
    _changed(bot, out)


def _book_fill(
    state: DeskState,
    pair: PairState,
    bot: BotState,
    order: Order,
    report: ExecutionReport,
    out: StepOutput,
) -> None:
    assert report.price is not None  # noqa: S101 - a fill without a price is refused by apply_report
    n = bot.position.n if bot.position is not None else bot.n_positions + 1
    change = apply_fill(
        bot.position,
        n=n,
        bot_index=bot.spec.index,
        side=order.side,
        quantity=report.quantity,
        price=report.price,
        fees=report.fee + report.gas_cost,
        event_time=report.event_time,
        slippage=report.slippage,
    )
    bot.cash += change.cash_delta
    if pair.instrument.chain is not None:
        burnt = bot.policy.execution.gas_per_swap_native
        bot.native_balance = max(bot.native_balance - burnt, ZERO)  # exits are never refused
    bot.n_positions = n
    out.fills.append(FillBooked(bot.spec.index, order, n, report))
    out.positions[bot.spec.index, n] = change.position
    bot.position = change.position if change.round_trip is None else None
    if change.round_trip is not None:
        _close(state, pair, bot, order, change.round_trip, out)
    elif order.side is Side.BUY:
        _protect(state, pair, bot, out)


def _protect(state: DeskState, pair: PairState, bot: BotState, out: StepOutput) -> None:
    position, policy = bot.position, bot.policy.stops
    if position is None or not policy.enabled:
        return
    if bot.stop is None:
        bot.stop = open_stop(
            entry_price=position.average_entry_price,
            atr=bot.entry_atr,
            entry_time=position.entry_time,
            step_ms=state.step_ms,
            policy=policy,
            instrument=pair.instrument,
        )
        out.stops[bot.spec.index, position.n] = bot.stop
    if bot.working(OrderPurpose.STOP) is None:
        draft = OrderDraft(
            side=Side.SELL,
            type=OrderType.STOP_MARKET,
            purpose=OrderPurpose.STOP,
            quantity=position.quantity,
            stop_price=bot.stop.current_stop,
            reason="protect",
        )
        submit_order(state, pair, bot, draft, out)
    else:
        amend_stop(bot, out)


def _close(
    state: DeskState,
    pair: PairState,
    bot: BotState,
    order: Order,
    result: RoundTripResult,
    out: StepOutput,
) -> None:
    profit = result.realised_pnl
    is_win = profit > 0
    bot.stop = None
    bot.realised_pnl += profit
    bot.n_round_trips += 1
    bot.n_wins += is_win
    bot.loss_streak = 0 if is_win else bot.loss_streak + 1
    if bot.loss_streak >= bot.policy.risk.loss_streak:
        bot.loss_streak, bot.streak_bar = 0, pair.n_bars
    bot.exit_bar = pair.n_bars
    for leftover in list(bot.orders.values()):
        cancel_order(bot, leftover, out)
    entry_value = result.quantity * result.entry_price
    state.equilibrium = record_round_trip(
        state.equilibrium,
        predicted=bot.entry_forecast,
        realised=float(profit / entry_value),
        confidence=bot.entry_conviction,
        window=state.policy.savings.window,
    )
    reason = ExitReason.STOP if order.purpose is OrderPurpose.STOP else ExitReason(bot.exit_reason)
    savings = _save(state, pair, bot, result) if is_win else None
    bot.mark(float(bot.cash + bot.reserved))  # flat now
    quote = pair.instrument.pair.quote
    out.round_trips.append(RoundTripClosed(bot.spec.index, quote, result, reason, savings))


def _save(
    state: DeskState, pair: PairState, bot: BotState, result: RoundTripResult
) -> SavingsDecision:
    policy, market = bot.policy.savings, pair.instrument.pair
    decision = decide_savings(
        profit=result.realised_pnl,
        exit_notional=max(result.quantity * result.exit_price, PLACES),
        actual_fees=result.costs,
        verdict=verdict(state.equilibrium, policy),
        policy=policy,
        currency=currency_of(market.quote, bot.spec.bankroll),
        token=savings_token(market, policy),
    )
    bot.cash -= decision.reserved
    bot.reserved += decision.reserved
    return decision


def _changed(bot: BotState, out: StepOutput) -> None:
    out.bots.add(bot.spec.index)
    bot.touch()
