"""Choose how much an entry buys, so that a stop-out costs what the policy allows and cash suffices.

RISK: the quantity that loses ``risk_per_trade_pct`` of equity at the stop, capped by
``position_pct`` of equity and by cash. ALL_IN: all cash. A market order that goes all in names
the amount to spend instead of the quantity, as a swap does; what that buys is known when it fills.
Every other order keeps half a percent of cash back, because it fills at the next open, which may be
dearer than the price decided on; where that is not enough, the order's budget ends it. The quantity
is floored to the lot; a wider stop never buys more.

Source: platform specification 1.6 (size proportional to risk over stop distance), 1.5 (rounding).
"""

from __future__ import annotations

import math
from decimal import ROUND_FLOOR, Decimal
from typing import Final, NamedTuple

from trading.base.domain.money import BPS, PERCENT, PLACES, ZERO, canonical, exact
from trading.base.domain.side import Side
from trading.desk.domain.policy import EntryOrder, ExecutionPolicy, RiskPolicy, Sizing
from trading.market.domain.bars import to_decimal
from trading.market.domain.costs import CostModel
from trading.market.domain.instruments import Instrument

LEAST_PRICE: Final = PLACES * BPS  # below it a step of the amounts' grid is more than a bp
MOST_QUANTITY: Final = Decimal(10) ** 20  # what a row holds
CASH_KEPT_BACK: Final = Decimal("0.005")  # share of free cash


class EntrySize(NamedTuple):
    """Base quantity and its expected value in quote, slippage included; 0 for none.

    ``spend`` is set when the order names the quote to spend, costs included; the quantity is then
    what it would buy at the price decided on.
    """

    quantity: Decimal
    notional: Decimal
    spend: Decimal | None = None


NO_ENTRY: Final = EntrySize(ZERO, ZERO)


def size_entry(  # noqa: PLR0913 - every input of the size, named at the call
    *,
    equity: Decimal,
    cash: Decimal,
    price: Decimal,
    stop_distance: float,
    risk: RiskPolicy,
    execution: ExecutionPolicy,
    instrument: Instrument,
    costs: CostModel,
) -> EntrySize:
    """Return how much to buy; nothing when an input is missing or nothing is affordable.

    Args:
        equity: the bot's, quote.
        cash: the bot's free cash, quote.
        price: last price, quote per base.
        stop_distance: from the entry to its stop, quote per base; without a positive finite one
            there is no entry, whatever the sizing.
        risk: how much may be lost and held.
        execution: which sizing.
        instrument: whose lot the quantity keeps to.
        costs: what the entry's fill will cost.
    """
    amounts = (equity, cash, price)
    if not all(amount.is_finite() and amount > 0 for amount in amounts):
        return NO_ENTRY
    if not (math.isfinite(stop_distance) and stop_distance > 0):
        return NO_ENTRY
    if price < LEAST_PRICE:
        return NO_ENTRY
    with exact():
        fill_price = costs.fill_price(price, Side.BUY, is_maker=False)
        if execution.sizing is Sizing.ALL_IN and execution.entry_order is EntryOrder.MARKET:
            return _all_in(cash, fill_price, instrument, costs)
        kept = cash * (1 - CASH_KEPT_BACK)
        notional = spendable(kept, costs)
        if execution.entry_order is EntryOrder.LIMIT:  # it may rest, and resting may cost more
            notional = min(notional, spendable(kept, costs, is_maker=True))
        quantity = notional / fill_price
        if execution.sizing is Sizing.RISK:
            quantity = min(quantity, _most(equity, fill_price, stop_distance, risk))
        quantity = canonical(instrument.round_quantity(quantity), ROUND_FLOOR)
        if not 0 < quantity < MOST_QUANTITY:
            return NO_ENTRY
        return EntrySize(quantity, canonical(quantity * fill_price))


def _all_in(
    cash: Decimal, fill_price: Decimal, instrument: Instrument, costs: CostModel
) -> EntrySize:
    quantity = bought(cash, fill_price, instrument, costs)
    notional = canonical(quantity * fill_price)
    return EntrySize(quantity, notional, cash) if 0 < quantity < MOST_QUANTITY else NO_ENTRY


def _most(equity: Decimal, fill_price: Decimal, stop_distance: float, risk: RiskPolicy) -> Decimal:
    """Return the quantity whose loss at the stop and whose notional the policy just allows."""
    at_risk = equity * to_decimal(risk.risk_per_trade_pct) / PERCENT
    cap = equity * to_decimal(risk.position_pct) / PERCENT
    return min(at_risk / to_decimal(stop_distance), cap / fill_price)


def spendable(cash: Decimal, costs: CostModel, *, is_maker: bool = False) -> Decimal:
    """Return a notional that ``cash`` pays for together with the costs of buying it, quote.

    It is the cash less what buying all of it would cost, as the optimizer's evaluator has it.
    """
    with exact():
        notional = cash - costs.fill_costs(cash, Side.BUY, is_maker).on_top
        # a dearer gas on a smaller rung can leave it a few cents short, more than once
        while notional > 0 and (short := _with_costs(notional, costs, is_maker) - cash) > 0:
            notional -= short
        return canonical(max(notional, ZERO), ROUND_FLOOR)


def affordable(
    quantity: Decimal,
    budget: Decimal,
    price: Decimal,
    instrument: Instrument,
    costs: CostModel,
    *,
    is_maker: bool,
) -> Decimal:
    """Return how much of ``quantity`` (base) the budget (quote) pays for, costs included.

    All of it when the money suffices, else what does, floored to the lot; 0 for nothing.
    """
    with exact():
        notional = canonical(price * quantity)
        while notional > 0 and _with_costs(notional, costs, is_maker) > budget:
            most = min(quantity, spendable(budget, costs, is_maker=is_maker) / price)
            less = canonical(instrument.round_quantity(most), ROUND_FLOOR)
            # rounding of notional and fee can leave it a hair too dear: then one lot less
            quantity = less if less < quantity else max(quantity - instrument.lot, ZERO)
            notional = canonical(price * quantity)
        return quantity if notional > 0 else ZERO


def _with_costs(notional: Decimal, costs: CostModel, is_maker: bool) -> Decimal:
    return notional + costs.fill_costs(notional, Side.BUY, is_maker).on_top


def bought(spend: Decimal, price: Decimal, instrument: Instrument, costs: CostModel) -> Decimal:
    """Return the base that ``spend`` quote buys at ``price`` once the costs are paid, 0 for none.

    The costs are those of the whole amount, as the optimizer's evaluator has it.
    """
    with exact():
        left = spend - costs.fill_costs(spend, Side.BUY, is_maker=False).on_top
        if left <= 0:
            return ZERO
        quantity = canonical(left / price, ROUND_FLOOR)
        if costs.is_pool:
            return quantity
        return canonical(instrument.round_quantity(quantity), ROUND_FLOOR)
