"""Turn fills into positions and closed positions into results, to the last digit.

A position is long and held by one bot. Entries are averaged; a partial exit takes its share of the
entry's cost and fees with it, and the exit that empties the position takes whatever is left, so
that rounding is never lost: when the position is flat, the sum of all cash movements equals
``realised_pnl``.

Source: platform specification 1.5 (partial fills), issue 2 ("positions").
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from trading.base.domain.errors import InvariantError
from trading.base.domain.money import (
    ZERO,
    canonical,
    check_not_negative,
    check_positive,
    exact,
    total,
)
from trading.base.domain.side import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionState:
    """What a bot holds and what that position has earned so far; quote currency unless noted.

    Attributes:
        n: 1, 2, 3 … per bot.
        quantity: base held now, 0 when closed.
        average_entry_price: of what is held; of what was last held when closed.
        exit_time: when it became flat, ms UTC.
        entry_cost: paid for what is held, without fees.
        entry_fees: entry fees not yet charged to an exit.
        fees: all fees so far, entry and exit.
        slippage: of all fills so far; already in their prices.
        gross_pnl: of what was sold, before fees.
        realised_pnl: of what was sold, net of exit fees and its share of entry fees.
        bought_quantity: base, all entries. bought_notional: quote. sold_notional: quote.
    """

    bot_index: int
    n: int
    quantity: Decimal
    average_entry_price: Decimal
    entry_time: int
    exit_time: int | None = None
    entry_cost: Decimal
    entry_fees: Decimal
    fees: Decimal
    slippage: Decimal = ZERO
    gross_pnl: Decimal = ZERO
    realised_pnl: Decimal = ZERO
    bought_quantity: Decimal
    bought_notional: Decimal
    sold_notional: Decimal = ZERO

    @property
    def is_open(self) -> bool:
        """Return True while something is held."""
        return self.quantity > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTripResult:
    """One closed position; prices are quantity-weighted over all its fills.

    ``slippage`` is quote and already in the prices; ``costs`` is all that trading it took.
    """

    n: int
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal
    entry_time: int
    exit_time: int
    gross_pnl: Decimal
    fees: Decimal
    slippage: Decimal = ZERO
    realised_pnl: Decimal

    @property
    def costs(self) -> Decimal:
        """Return fees, gas and slippage, quote."""
        return total(self.fees, self.slippage)


class PositionChange(NamedTuple):
    """What one fill did; ``round_trip`` is set when it made the position flat.

    ``position`` is never missing: a closed one has quantity 0. ``cash_delta`` is quote.
    """

    position: PositionState
    round_trip: RoundTripResult | None
    cash_delta: Decimal


def apply_fill(  # noqa: PLR0913 - one fill is eight facts
    position: PositionState | None,
    *,
    n: int,
    bot_index: int,
    side: Side,
    quantity: Decimal,
    price: Decimal,
    fees: Decimal,
    event_time: int,
    slippage: Decimal = ZERO,
) -> PositionChange:
    """Return the position after one fill, its result if it is flat now, and the cash it moved.

    Args:
        position: the bot's open position, None when it has none.
        n: number the position gets when this fill opens it.
        bot_index: whose position it is.
        side: BUY opens or adds, SELL reduces.
        quantity: base.
        price: quote per base, slippage included.
        fees: quote, everything paid on top of the notional.
        event_time: ms UTC.
        slippage: quote, already in the price.

    Raises:
        InvariantError: an amount is not a positive finite number (fees and slippage: not
            negative), more is sold than held, or the position belongs to another bot.
    """
    check_positive("fill quantity", quantity)
    check_positive("fill price", price)
    check_not_negative("fees", fees)
    check_not_negative("slippage", slippage)
    if position is not None and position.bot_index != bot_index:
        raise InvariantError(f"bot {bot_index} filled a position of bot {position.bot_index}")
    with exact():
        notional, fees = canonical(quantity * price), canonical(fees)
        if side is Side.SELL:
            after = _reduced(
                _held(position, bot_index, quantity), quantity, notional, fees, event_time
            )
            after = _slipped(after, slippage)
            result = None if after.is_open else _result(after)
            return PositionChange(after, result, canonical(notional - fees))
        if position is not None and position.is_open:
            after = _increased(position, quantity, notional, fees)
        else:
            after = _opened((bot_index, n), quantity, price, notional, fees, event_time)
        return PositionChange(_slipped(after, slippage), None, canonical(-notional - fees))


def _slipped(position: PositionState, slippage: Decimal) -> PositionState:
    return replace(position, slippage=canonical(position.slippage + slippage))


def _held(position: PositionState | None, bot_index: int, quantity: Decimal) -> PositionState:
    if position is None or quantity > position.quantity:
        held = ZERO if position is None else position.quantity
        raise InvariantError(f"bot {bot_index} sold {quantity}, it held {held}")
    return position


def _opened(
    key: tuple[int, int],
    quantity: Decimal,
    price: Decimal,
    notional: Decimal,
    fees: Decimal,
    event_time: int,
) -> PositionState:
    return PositionState(
        bot_index=key[0],
        n=key[1],
        quantity=canonical(quantity),
        average_entry_price=canonical(price),
        entry_time=event_time,
        entry_cost=notional,
        entry_fees=fees,
        fees=fees,
        bought_quantity=canonical(quantity),
        bought_notional=notional,
    )


def _increased(
    position: PositionState, quantity: Decimal, notional: Decimal, fees: Decimal
) -> PositionState:
    held = canonical(position.quantity + quantity)
    cost = canonical(position.entry_cost + notional)
    return replace(
        position,
        quantity=held,
        average_entry_price=canonical(cost / held),
        entry_cost=cost,
        entry_fees=canonical(position.entry_fees + fees),
        fees=canonical(position.fees + fees),
        bought_quantity=canonical(position.bought_quantity + quantity),
        bought_notional=canonical(position.bought_notional + notional),
    )


def _reduced(
    position: PositionState, quantity: Decimal, notional: Decimal, fees: Decimal, event_time: int
) -> PositionState:
    held = canonical(position.quantity - quantity)
    if held > 0:
        cost = canonical(position.entry_cost * quantity / position.quantity)
        entry_fees = canonical(position.entry_fees * quantity / position.quantity)
    else:
        cost, entry_fees = position.entry_cost, position.entry_fees
    gross = notional - cost
    return replace(
        position,
        quantity=held,
        exit_time=None if held > 0 else event_time,
        entry_cost=canonical(position.entry_cost - cost),
        entry_fees=canonical(position.entry_fees - entry_fees),
        fees=canonical(position.fees + fees),
        gross_pnl=canonical(position.gross_pnl + gross),
        realised_pnl=canonical(position.realised_pnl + gross - entry_fees - fees),
        sold_notional=canonical(position.sold_notional + notional),
    )


def _result(position: PositionState) -> RoundTripResult:
    if position.exit_time is None:
        raise InvariantError(f"position {position.n} of bot {position.bot_index} is not closed")
    return RoundTripResult(
        n=position.n,
        quantity=position.bought_quantity,
        entry_price=canonical(position.bought_notional / position.bought_quantity),
        exit_price=canonical(position.sold_notional / position.bought_quantity),
        entry_time=position.entry_time,
        exit_time=position.exit_time,
        gross_pnl=position.gross_pnl,
        fees=position.fees,
        slippage=position.slippage,
        realised_pnl=position.realised_pnl,
    )
