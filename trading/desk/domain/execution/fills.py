"""What one order meets on a bar, what it pays there, and the report that says so."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from trading.base.domain.money import PLACES, canonical
from trading.base.domain.side import Side
from trading.desk.domain.execution.ids import short_hash
from trading.desk.domain.execution.orders import ExecutionReport, Order, OrderPurpose, ReportKind
from trading.market.domain.costs import CostModel
from trading.market.domain.instruments import Instrument

_TRADE_ID_BYTES: Final = 15  # 24 characters


@dataclass(frozen=True, slots=True)
class Match:
    """Where an order meets the bar, before slippage."""

    reference: Decimal
    is_maker: bool
    is_at_open: bool


@dataclass(frozen=True, slots=True)
class Market:
    """Where one order is filled: whose rounding rules, at which costs, on which bar."""

    instrument: Instrument
    costs: CostModel
    times: tuple[int, int]  # open and close of the bar, ms UTC

    def floored(self, quantity: Decimal) -> Decimal:
        """Return the quantity on the lot, where there is one."""
        if self.costs.is_pool:
            return canonical(quantity, ROUND_FLOOR)
        return canonical(self.instrument.round_quantity(quantity))


@dataclass(slots=True)
class Ask:
    """What one order wants of the bar, and what it got."""

    order: Order
    market: Market
    match: Match
    price: Decimal  # slippage and rounding included
    wanted: Decimal  # base, before others take their share
    got: Decimal  # base, after

    @property
    def is_closing(self) -> bool:
        """Return True for what only ever reduces a position."""
        return self.order.purpose is not OrderPurpose.ENTRY

    @property
    def turn(self) -> tuple[bool, bool]:
        """Return when its share of the volume is cut: the open first, exits before entries."""
        return not self.match.is_at_open, not self.is_closing

    @property
    def time(self) -> int:
        """Return when it trades, ms UTC."""
        return self.market.times[not self.match.is_at_open]


def worsened(order: Order, match: Match, market: Market) -> Decimal:
    """Return the price of a fill, slippage and the tick counted against the order."""
    if match.is_maker:
        return match.reference
    slipped = market.costs.fill_price(match.reference, order.side, match.is_maker)
    # a limit's own rounding favours the order; a simulated fill must not
    selling = order.side is Side.SELL
    rounded = slipped
    if not market.costs.is_pool:
        rounded = canonical(market.instrument.round_price(slipped, buying=selling))
    # below one tick there is nothing to round to, below the grid of amounts nothing to sell at
    price = rounded if rounded > 0 else max(slipped, PLACES)
    if order.limit_price is None:
        return price
    return max(price, order.limit_price) if selling else min(price, order.limit_price)


def fill_of(ask: Ask) -> ExecutionReport:
    """Return the fill of what the order got; a sale costs at most what it brings."""
    order, match, quantity = ask.order, ask.match, ask.got
    notional = canonical(ask.price * quantity)
    charged = notional
    if order.spend is not None:  # the costs are those of the amount, not of what it bought
        charged = order.spend
        if quantity != ask.wanted:
            charged = canonical(order.spend * quantity / ask.wanted)
    spent = ask.market.costs.fill_costs(charged, order.side, match.is_maker)
    fee, gas = spent.fee, spent.gas
    if order.side is Side.SELL:
        fee = min(fee, notional)
        gas = min(gas, notional - fee)
    return ExecutionReport(
        client_order_id=order.client_order_id,
        kind=ReportKind.FILLED,
        event_time=ask.time,
        trade_id=short_hash(
            f"{order.client_order_id}\x1f{ask.market.times[0]}", n_bytes=_TRADE_ID_BYTES
        ),
        quantity=quantity,
        price=ask.price,
        fee=fee,
        slippage=canonical(abs(ask.price - match.reference) * quantity),
        gas_cost=gas,
        is_maker=match.is_maker,
    )
