"""Fill working orders against one closed bar: the simulated venue's rule, ghost and replay alike.

What a bar proves, and nothing more, fills an order:

    market       at the open, slippage included
    limit        at the open when it is through the limit: the order takes liquidity, so slippage
                 counts up to the limit; else at the limit, as maker, only when the bar trades
                 strictly through it (a touch may leave us waiting in the queue)
    by amount    a market buy that names the quote to spend: at the open, for what is left after the
                 costs of the whole amount; what the bar's volume does not give is not bought
    stop_market  once the bar reaches the stop: at the stop, or at the open when it is already
                 beyond, slippage included

Simulated prices are rounded to the tick against the order. One order gets at most one fill per bar
and all orders of the pair together at most ``participation_pct`` of its volume; the rest goes on
working. Swaps against a pool keep to neither tick nor lot nor volume (``CostModel.is_pool``). A
stop that is partly filled has been triggered and goes on at market. The orders that close one bot's
position share that position: together they fill no more than the largest of them. An order fills
only on bars that open at or after the close it was decided on.

Source: platform specification 1.5 (paper engine), issue 2 ("simulated matching").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from trading.domain.errors import InvariantError
from trading.domain.execution.costs import CostModel
from trading.domain.execution.orders import (
    ExecutionReport,
    Order,
    OrderPurpose,
    OrderStatus,
    OrderType,
    ReportKind,
    Side,
    short_hash,
)
from trading.domain.execution.sizing import bought
from trading.domain.market.bars import Bar, to_decimal
from trading.domain.market.instruments import Instrument
from trading.domain.money import PERCENT, ZERO, canonical, exact

_MATCHABLE: Final = frozenset(
    {
        OrderStatus.INITIALIZED,
        OrderStatus.SUBMITTED,
        OrderStatus.ACCEPTED,
        OrderStatus.PARTIALLY_FILLED,
    }
)
_TRADE_ID_BYTES: Final = 15  # 24 characters
NO_OWN_COSTS: Final[Mapping[int, CostModel]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Prices:
    """The bar's prices as people write them; converted once for all orders."""

    open: Decimal
    high: Decimal
    low: Decimal


@dataclass(frozen=True, slots=True)
class _Match:
    """Where an order meets the bar, before slippage."""

    reference: Decimal
    is_maker: bool
    is_at_open: bool


@dataclass(frozen=True, slots=True)
class _Market:
    """Where one order is filled: whose rounding rules, at which costs, on which bar."""

    instrument: Instrument
    costs: CostModel
    times: tuple[int, int]  # open and close of the bar, ms UTC


def match_bar(  # noqa: PLR0913 - a bar, who trades on it and at what costs
    orders: Sequence[Order],
    bar: Bar,
    *,
    step_ms: int,
    instrument: Instrument,
    costs: CostModel,
    participation_pct: float,
    own_costs: Mapping[int, CostModel] = NO_OWN_COSTS,
) -> list[ExecutionReport]:
    """Return the fills and expiries one closed bar brings the working orders of its pair.

    Exits come before entries and, within each, what fills at the open before what fills later;
    then by client order id. The order of ``orders`` changes nothing.

    Args:
        orders: of one pair; those that are final, unknown or being cancelled are left alone.
        bar: closed bar of that pair; nothing beyond it is looked at.
        step_ms: length of the bar in ms.
        instrument: whose tick and lot simulated fills keep to.
        costs: slippage, fee and gas of each fill.
        participation_pct: share of the bar's volume the orders may take together, 0 for no limit.
        own_costs: by bot index, where a bot's fills cost something else.

    Raises:
        InvariantError: a limit order has no limit price or a stop order no stop price.
    """
    if not orders:
        return []
    prices = _Prices(to_decimal(bar.open), to_decimal(bar.high), to_decimal(bar.low))
    times = bar.open_time, bar.open_time + step_ms
    reports: list[ExecutionReport] = []
    with exact():
        volume = _VolumeBudget(bar.volume, participation_pct, orders)
        for order in sorted(orders, key=_priority):
            if order.status in _MATCHABLE and order.bar_time <= bar.open_time:
                market = _Market(instrument, own_costs.get(order.bot_index, costs), times)
                reports += _match_order(order, prices, market, volume)
    return reports


def _match_order(
    order: Order, prices: _Prices, market: _Market, volume: _VolumeBudget
) -> list[ExecutionReport]:
    """Return what the bar brings one order that it may meet: a fill, its end, both or nothing."""
    open_time, close_time = market.times
    if _is_past(order, open_time):
        return [_expiry(order, open_time)]
    if order.spend is not None:
        return _by_amount(order, order.spend, prices.open, market, volume)
    reports = []
    match = _meet(order, prices)
    quantity = volume.take(order, market) if match is not None else ZERO
    if match is not None and quantity > 0:
        reports.append(_fill(order, match, quantity, market))
    if quantity < order.remaining and _is_past(order, close_time):
        reports.append(_expiry(order, close_time))
    return reports


def _priority(order: Order) -> tuple[bool, bool, str]:
    return (
        order.purpose is OrderPurpose.ENTRY,
        order.type is not OrderType.MARKET,
        order.client_order_id,
    )


def _is_past(order: Order, time: int) -> bool:
    return order.expires_bar_time is not None and time >= order.expires_bar_time


class _VolumeBudget:
    """What is left of the bar's volume, and of each bot's position for its closing orders."""

    def __init__(self, volume: float, participation_pct: float, orders: Sequence[Order]) -> None:
        share = to_decimal(volume) * to_decimal(participation_pct) / PERCENT
        self._left: Decimal | None = share if participation_pct > 0 else None
        self._to_close: dict[int, Decimal] = {}
        for order in orders:
            if order.purpose is not OrderPurpose.ENTRY and order.status in _MATCHABLE:
                known = self._to_close.get(order.bot_index, ZERO)
                self._to_close[order.bot_index] = max(known, order.remaining)

    def take(self, order: Order, market: _Market, wanted: Decimal | None = None) -> Decimal:
        """Return the base quantity the order gets of what it wants and count it as gone."""
        quantity = order.remaining if wanted is None else wanted
        is_closing = order.purpose is not OrderPurpose.ENTRY
        if is_closing:
            quantity = min(quantity, self._to_close[order.bot_index])
        left = None if market.costs.is_pool else self._left
        if left is not None and quantity > left:
            quantity = canonical(market.instrument.round_quantity(left))
        if is_closing:
            self._to_close[order.bot_index] -= quantity
        if left is not None:
            self._left = left - quantity
        return quantity


def _meet(order: Order, prices: _Prices) -> _Match | None:
    if order.type is OrderType.MARKET:
        return _Match(prices.open, is_maker=False, is_at_open=True)
    if order.type is OrderType.LIMIT:
        return _meet_limit(order, prices)
    if order.filled_quantity > 0:  # triggered on an earlier bar
        return _Match(prices.open, is_maker=False, is_at_open=True)
    stop = order.stop_price
    if stop is None:
        raise InvariantError(f"stop order {order.client_order_id} has no stop price")
    if order.side is Side.SELL:
        reached, price = prices.low <= stop, min(prices.open, stop)
    else:
        reached, price = prices.high >= stop, max(prices.open, stop)
    return _Match(price, is_maker=False, is_at_open=False) if reached else None


def _meet_limit(order: Order, prices: _Prices) -> _Match | None:
    limit = order.limit_price
    if limit is None:
        raise InvariantError(f"limit order {order.client_order_id} has no limit price")
    is_buy = order.side is Side.BUY
    if prices.open < limit if is_buy else prices.open > limit:
        return _Match(prices.open, is_maker=False, is_at_open=False)
    if prices.low < limit if is_buy else prices.high > limit:
        return _Match(limit, is_maker=True, is_at_open=False)
    return None


def _fill(
    order: Order,
    match: _Match,
    quantity: Decimal,
    market: _Market,
    charged: Decimal | None = None,  # quote the costs are reckoned on, the notional unless given
) -> ExecutionReport:
    open_time, close_time = market.times
    price = _worsened(order, match, market)
    notional = canonical(price * quantity)
    spent = market.costs.fill_costs(charged or notional, order.side, match.is_maker)
    return ExecutionReport(
        client_order_id=order.client_order_id,
        kind=ReportKind.FILLED,
        event_time=open_time if match.is_at_open else close_time,
        trade_id=short_hash(f"{order.client_order_id}\x1f{open_time}", n_bytes=_TRADE_ID_BYTES),
        quantity=quantity,
        price=price,
        fee=spent.fee,
        slippage=canonical(abs(price - match.reference) * quantity),
        gas_cost=spent.gas,
        is_maker=match.is_maker,
    )


def _by_amount(
    order: Order, spend: Decimal, open_: Decimal, market: _Market, volume: _VolumeBudget
) -> list[ExecutionReport]:
    """Return the true quantity, its fill, and the end of an order that names what to spend."""
    match = _Match(open_, is_maker=False, is_at_open=True)
    price = _worsened(order, match, market)
    wanted = bought(spend, price, market.instrument, market.costs)
    quantity = volume.take(order, market, wanted)
    if quantity <= 0:
        return [_end(order, market.times[0], "the amount buys nothing at this price and volume")]
    update = ExecutionReport(
        order.client_order_id, ReportKind.UPDATED, market.times[0], quantity=quantity
    )
    charged = spend if quantity == wanted else canonical(spend * quantity / wanted)
    return [update, _fill(order, match, quantity, market, charged)]


def _worsened(order: Order, match: _Match, market: _Market) -> Decimal:
    if match.is_maker:
        return match.reference
    slipped = market.costs.fill_price(match.reference, order.side, match.is_maker)
    # a limit's own rounding favours the order; a simulated fill must not
    selling = order.side is Side.SELL
    rounded = slipped
    if not market.costs.is_pool:
        rounded = canonical(market.instrument.round_price(slipped, buying=selling))
    price = rounded if rounded > 0 else slipped  # below one tick there is nothing to round to
    if order.limit_price is None:
        return price
    return max(price, order.limit_price) if selling else min(price, order.limit_price)


def _expiry(order: Order, time: int) -> ExecutionReport:
    return _end(order, time, "the limit's time was up")


def _end(order: Order, time: int, reason: str) -> ExecutionReport:
    return ExecutionReport(order.client_order_id, ReportKind.EXPIRED, time, reason=reason)
