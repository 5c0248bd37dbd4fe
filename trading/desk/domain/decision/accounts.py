"""Book what the venue reports: orders, positions, stops, round trips, savings.

The only place where a bot's cash, position and reserve change, each time with the ledger entry that
says from where to where. A report that was seen before, or
that belongs to no order of ours, changes nothing.
"""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import Final

from trading.base.domain.currencies import currency_of
from trading.base.domain.money import PLACES, ZERO, canonical, exact
from trading.base.domain.reasons import ExitReason
from trading.base.domain.side import Side
from trading.desk.domain.decision.movements import Traded, fill_entry, reservation_entry
from trading.desk.domain.decision.orders import OrderDraft, amend_stop, cancel_order, submit_order
from trading.desk.domain.decision.output import (
    AccountChanged,
    FillBooked,
    OrderChanged,
    PositionChanged,
    RoundTripClosed,
    SavingsDecided,
    StepOutput,
    StopMoved,
)
from trading.desk.domain.decision.state import BotState, DeskState, PairState
from trading.desk.domain.execution.orders import (
    ExecutionReport,
    Order,
    OrderPurpose,
    OrderType,
    ReportKind,
    apply_report,
)
from trading.desk.domain.execution.positions import RoundTripResult, apply_fill
from trading.desk.domain.execution.stops import open_stop
from trading.treasury.domain.equilibrium import record_round_trip, verdict
from trading.treasury.domain.savings import SavingsDecision, decide_savings, savings_token

RECENT_ORDERS: Final = 8
_ACCOUNT: Final = tuple(item.name for item in fields(AccountChanged))[1:]
_STOP_REACHED: Final = frozenset({ReportKind.TRIGGERED, ReportKind.FILLED})


def book_reports(
    state: DeskState, pair: PairState, reports: list[ExecutionReport], out: StepOutput
) -> None:
    """Book the reports in order; whoever calls settles what they closed."""
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
    if after.status.is_final and not after.ended_n:
        newest = max((known.ended_n for known in bot.recent.values()), default=0)
        after = replace(after, ended_n=newest + 1)
    out.effects.append(OrderChanged(after, report))
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
        note_account(bot, out)
    bot.touch()


def note_account(bot: BotState, out: StepOutput) -> None:
    """Say what a bot's account is now; where it stands is asked anew."""
    out.effects.append(
        AccountChanged(bot.spec.index, **{name: getattr(bot, name) for name in _ACCOUNT})
    )
    bot.touch()


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
    fees, held = canonical(report.fee + report.gas_cost), _held(bot)
    change = apply_fill(
        bot.position,
        n=n,
        bot_index=bot.spec.index,
        side=order.side,
        quantity=report.quantity,
        price=report.price,
        fees=fees,
        event_time=report.event_time,
        slippage=report.slippage,
    )
    bot.cash += change.cash_delta
    native = bot.native_balance
    if pair.instrument.chain is not None:
        burnt = bot.policy.execution.gas_per_swap_native
        bot.native_balance = max(native - burnt, ZERO)  # exits are never refused
    gas = canonical(native - bot.native_balance)
    traded = Traded(change.cash_delta, change.position.quantity - held, fees, gas)
    bot.n_positions = n
    out.effects += (
        FillBooked(bot.spec.index, order, n, report),
        PositionChanged(change.position),
        fill_entry(pair.instrument, order, report, traded),
    )
    bot.position = change.position if change.round_trip is None else None
    if change.round_trip is not None:
        _close(state, pair, bot, order, change.round_trip, out)
    elif order.side is Side.BUY:
        protect(state, pair, bot, out)


def _held(bot: BotState) -> Decimal:
    return ZERO if bot.position is None else bot.position.quantity


def protect(state: DeskState, pair: PairState, bot: BotState, out: StepOutput) -> None:
    """Give an open position the stop it should have by now, and bring its order into place.

    One that was opened while stops were switched off gets what it would have had from its entry.
    """
    position, policy = bot.position, bot.policy.stops
    if position is None:
        return
    if bot.stop is None and policy.enabled:
        bot.stop = open_stop(
            entry_price=position.average_entry_price,
            atr=bot.entry_atr,
            entry_time=position.entry_time,
            step_ms=state.step_ms,
            policy=policy,
            instrument=pair.instrument,
        )
        out.effects.append(StopMoved(bot.spec.index, position.n, bot.stop))
    if bot.stop is None:
        return
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
    elif not state.is_late(out.seq):  # moved in the past it would fill in the past
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
    reason = ExitReason.STOP if order.purpose is OrderPurpose.STOP else ExitReason(bot.exit_reason)
    bot.mark(float(bot.cash + bot.reserved))  # flat now
    quote = pair.instrument.pair.quote
    out.effects.append(RoundTripClosed(bot.spec.index, quote, result, reason, None))


def settle(state: DeskState, out: StepOutput, first: int) -> None:
    """Count what was closed together, from place ``first`` on, then decide on its savings.

    All of it counts for the desk's health before any is decided on, by its figures: whichever is
    booked first, the verdict is the same for all.
    """
    trips = out.round_trips[first:] if out.effects else []
    if not trips:
        return
    with exact():
        for record in sorted(_closed_record(state, trip) for trip in trips):
            _, realised, predicted, confidence = record
            state.equilibrium = record_round_trip(
                state.equilibrium,
                predicted=predicted,
                realised=realised,
                confidence=confidence,
                window=state.policy.savings.window,
            )
        for trip in trips:
            if trip.result.realised_pnl > 0:
                bot = state.bots[trip.bot_index]
                savings = _save(state, state.pairs[bot.spec.pair], bot, trip.result, out)
                out.effects[out.effects.index(trip)] = replace(trip, savings=savings)
                bot.mark(float(bot.cash + bot.reserved))
                note_account(bot, out)


def _closed_record(state: DeskState, trip: RoundTripClosed) -> tuple[int, float, float, float]:
    bot, result = state.bots[trip.bot_index], trip.result
    realised = float(result.realised_pnl / (result.quantity * result.entry_price))
    return result.exit_time, realised, bot.entry_forecast, bot.entry_conviction


def _save(
    state: DeskState, pair: PairState, bot: BotState, result: RoundTripResult, out: StepOutput
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
    index, time = bot.spec.index, result.exit_time
    out.effects.append(SavingsDecided(index, result.n, decision, time))
    if decision.reserved:
        bot.cash -= decision.reserved
        bot.reserved += decision.reserved
        out.effects.append(
            reservation_entry(index, pair.instrument, result.n, decision.reserved, time)
        )
    return decision
