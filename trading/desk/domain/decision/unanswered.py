"""Commands the books have no answer for: what was decided and may never have reached the venue."""

from __future__ import annotations

from typing import Final

from trading.desk.domain.decision.output import AmendOrder, CancelOrder, Command, SubmitOrder
from trading.desk.domain.decision.standing import is_in_place, stop_quantity
from trading.desk.domain.decision.state import BotState, DeskState
from trading.desk.domain.execution.orders import Order, OrderPurpose, OrderStatus

UNCONFIRMED: Final = frozenset(
    {OrderStatus.INITIALIZED, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN}
)


def commands_unanswered(state: DeskState) -> list[Command]:
    """Return them in the order of bots and of their orders.

    A stop order that stands neither at its stop's price nor for the whole position was to be
    moved, unless its bar was late: then nothing moves before the next one.
    """
    commands: list[Command] = []
    for bot in state.bots:
        for order in bot.orders.values():
            command = _command(state, bot, order)
            if command is not None:
                commands.append(command)
    return commands


def _command(state: DeskState, bot: BotState, order: Order) -> Command | None:
    if order.status in UNCONFIRMED:
        return SubmitOrder(order)
    if order.status is OrderStatus.CANCELLING:
        return CancelOrder(order)
    stop, position = bot.stop, bot.position
    if order.purpose is not OrderPurpose.STOP or stop is None or position is None:
        return None
    if state.is_late(state.seq) or is_in_place(order, position, stop):
        return None
    return AmendOrder(order, stop.current_stop, stop_quantity(order, position))
