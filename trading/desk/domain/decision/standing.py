"""A bot's account and position as plain numbers: what every bar is held against.

Nearly every bar of every bot only compares and changes nothing. So what it compares with is
derived from the exact amounts once after each change, not on every bar.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from decimal import Decimal
from typing import Final, NamedTuple

from trading.base.domain.money import exact
from trading.desk.domain.execution.orders import Order, OrderPurpose
from trading.desk.domain.execution.positions import PositionState
from trading.desk.domain.execution.stops import StopState

NEVER: Final = 2**62  # ms UTC; the deadline of a position that has none


class Standing(NamedTuple):
    """Where a bot stands between two changes; prices are quote per base.

    Attributes:
        account_hash: fingerprint of everything but prices that a decision depends on.
        money: cash and reserve, quote. held: base.
        is_idle: neither a position nor an order.
        is_at_rest: a position that no exit is under way for, protected by the stop order it should
            have, in its place.
        high_water: only a higher high can move the stop; infinite without a stop.
        target: ends the position; infinite for none.
        deadline: when the position is given up, ms UTC, ``NEVER`` for never.
    """

    account_hash: int
    money: float
    held: float
    is_idle: bool
    is_at_rest: bool
    high_water: float
    target: float
    deadline: int

    def equity(self, close: float) -> float:
        """Return what the bot is worth at that price, quote, savings included."""
        return self.money + self.held * close

    def is_held(self, high: float, close: float, close_time: int) -> bool:
        """Return True when a bar moves neither the stop nor ends the position; NaN does not."""
        return (
            high <= self.high_water
            and high < self.target
            and close < self.target
            and close_time < self.deadline
        )


def standing_of(
    account_hash: int,
    money: Decimal,
    position: PositionState | None,
    stop: StopState | None,
    orders: Collection[Order],
    *,
    wants_stop: bool = False,
) -> Standing:
    """Return where a bot stands that has ``money`` (quote) and the working ``orders``.

    ``wants_stop``: the policy protects what is open; a position without its stop does not rest.
    """
    is_protected = (stop is None and not wants_stop) or any(
        order.purpose is OrderPurpose.STOP for order in orders
    )
    target = None if stop is None else stop.target
    deadline = None if stop is None else stop.hold_deadline
    return Standing(
        account_hash=account_hash,
        money=float(money),
        held=0.0 if position is None else float(position.quantity),
        is_idle=position is None and not orders,
        is_at_rest=position is not None
        and is_protected
        and all(_rests(order, position, stop) for order in orders),
        high_water=math.inf if stop is None else float(stop.high_water),
        target=math.inf if target is None else float(target),
        deadline=NEVER if deadline is None else deadline,
    )


def stop_quantity(order: Order, position: PositionState) -> Decimal:
    """Return the total (base) a stop order needs so that the rest of it closes the position."""
    with exact():
        return order.filled_quantity + position.quantity


def is_in_place(order: Order, position: PositionState, stop: StopState) -> bool:
    """Return True when the stop order stands at the stop's price for the whole position."""
    return order.stop_price == stop.current_stop and order.quantity == stop_quantity(
        order, position
    )


def _rests(order: Order, position: PositionState, stop: StopState | None) -> bool:
    if order.purpose is OrderPurpose.STOP:
        return stop is None or is_in_place(order, position, stop)
    return order.purpose is not OrderPurpose.EXIT
