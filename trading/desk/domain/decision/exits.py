"""What happens to an open position on a closed bar: the stop ratchets, or the position is let go.

Exits are never held against entry gates. Only the kill switch without flatten keeps a position,
because then the operator said that nothing but cancels may happen.
"""

from __future__ import annotations

from typing import NamedTuple

from trading.base.domain.gates import GateResult
from trading.base.domain.money import exact
from trading.base.domain.reasons import ExitReason, Gate, Outcome
from trading.base.domain.side import Side
from trading.desk.domain.decision.accounts import book_reports, note_account, protect
from trading.desk.domain.decision.orders import OrderDraft, cancel_order, note_order, submit_order
from trading.desk.domain.decision.output import StepOutput, StopMoved
from trading.desk.domain.decision.state import BotState, DeskState, PairState
from trading.desk.domain.execution.fills import Ask, Market, Match, fill_of, worsened
from trading.desk.domain.execution.orders import OrderPurpose, OrderType
from trading.desk.domain.execution.positions import PositionState
from trading.desk.domain.execution.stops import StopState, exit_due, ratchet, switched_on
from trading.desk.domain.risk.checks import exit_gates, first_failure
from trading.market.domain.bars import to_decimal
from trading.signals.domain.strategies.base import SELL


class Price(NamedTuple):
    """What of a bar an open position looks at: trusted high and close, quote per base."""

    high: float
    close: float


def manage_position(
    state: DeskState, pair: PairState, bot: BotState, action: int, price: Price, out: StepOutput
) -> tuple[Outcome, list[GateResult]]:
    """Return what became of the position on this bar and the gates that were read.

    ``action`` is the strategy's signal; SELL closes the position.
    """
    reason = _exit_reason(state, pair, bot, action, price, out)
    strength = float(pair.out[0]) if action == SELL else 0.0
    gates = [GateResult(Gate.TRIGGER, strength, 0.0, reason is not None, Outcome.HOLDING)]
    if reason is None:
        protect(state, pair, bot, out)
        return Outcome.HOLDING, gates
    gates += exit_gates(bot.trading_state, flatten=bot.is_flatten_ordered)
    failure = first_failure(gates)
    if failure is not None:
        protect(state, pair, bot, out)
        return failure.outcome, gates
    order_exit(state, pair, bot, reason, out)
    return Outcome.EXIT_ORDERED, gates


def order_exit(
    state: DeskState, pair: PairState, bot: BotState, reason: ExitReason, out: StepOutput
) -> None:
    """Take back the bot's other orders and sell the whole position at market."""
    position = bot.position
    if position is None or bot.working(OrderPurpose.EXIT) is not None:
        return
    for order in list(bot.orders.values()):
        cancel_order(bot, order, out)
    bot.exit_reason = int(reason)
    note_account(bot, out)
    submit_order(state, pair, bot, _sale(state, position, reason), out)


def close_out(state: DeskState, pair: PairState, bot: BotState, out: StepOutput) -> None:
    """Take back the bot's orders and book its position as sold at the last trusted close.

    The caller settles what that closed.
    """
    for order in list(bot.orders.values()):
        cancel_order(bot, order, out)
    if bot.position is None:
        return
    bot.exit_reason, time = int(ExitReason.END_OF_DATA), pair.last_open_time + state.step_ms
    order = note_order(state, pair, bot, _sale(state, bot.position, ExitReason.END_OF_DATA), out)
    market = Market(pair.instrument, pair.costs_of(bot.spec.index), (time, time))
    match = Match(to_decimal(pair.trusted_close), is_maker=False, is_at_open=True)
    with exact():
        price = worsened(order, match, market)
        fill = fill_of(Ask(order, market, match, price, order.remaining, order.remaining))
    book_reports(state, pair, [fill], out)


def _sale(state: DeskState, position: PositionState, reason: ExitReason) -> OrderDraft:
    return OrderDraft(
        side=Side.SELL,
        type=OrderType.MARKET,
        purpose=OrderPurpose.EXIT,
        quantity=position.quantity,
        reason=reason.name.lower(),
        child=state.epoch,
    )


def _exit_reason(
    state: DeskState, pair: PairState, bot: BotState, action: int, price: Price, out: StepOutput
) -> ExitReason | None:
    position, stop = bot.position, bot.stop
    if position is None:
        return None
    due = None
    if stop is not None:
        # without a new high or new rules a stop cannot move, which is so on most bars
        if price.high > float(stop.high_water) or bot.ratchet_epoch != state.epoch:
            stop = _ratchet(state, pair, bot, price.high, out) or stop
        due = exit_due(stop, high=price.high, close=price.close, close_time=out.bar_time)
    if bot.is_flatten_ordered:
        return ExitReason.KILL
    return due or (ExitReason.SIGNAL if action == SELL else None)


def _ratchet(
    state: DeskState, pair: PairState, bot: BotState, high: float, out: StepOutput
) -> StopState | None:
    before, position = bot.stop, bot.position
    if before is None or position is None:
        return None
    known = before
    if bot.ratchet_epoch != state.epoch:
        known = switched_on(
            before,
            entry_price=position.average_entry_price,
            atr=bot.entry_atr,
            entry_time=position.entry_time,
            step_ms=state.step_ms,
            policy=bot.policy.stops,
            instrument=pair.instrument,
        )
    bot.ratchet_epoch = state.epoch
    bot.stop = ratchet(
        known,
        high=high,
        close_time=out.bar_time,
        instrument=pair.instrument,
        policy=bot.policy.stops,
    )
    if bot.stop is not before:
        out.effects.append(StopMoved(bot.spec.index, position.n, bot.stop))
        bot.touch()
    return bot.stop
