"""Fill working orders against one closed bar: the simulated venue's rule, ghost and replay alike.

What a bar proves, and nothing more, fills an order:

    market       at the open, slippage included
    limit        at the open when it is through the limit: the order takes liquidity, so slippage
                 counts up to the limit; else at the limit, as maker, only when the bar trades
                 strictly through it (a touch may leave us waiting in the queue)
    by amount    a market buy that names the quote to spend: at the open, for what is left after the
                 costs of the whole amount; what the bar's volume does not give is not bought
    stop_market  once the bar reaches the stop: at the stop, or at the open when it is already
                 beyond, slippage included; from then on it is a market order to its last unit

One rule shares the bar, symmetric in orders: no id, name or place in a list decides.

1. What trades at the open goes before what trades later within the bar, and at one moment what
   closes a position goes before entries.
2. All orders together get at most ``participation_pct`` of the bar's volume. Orders of one turn for
   which that is not enough share what is left by the quantity they want, rounded down to the lot;
   nothing is left for later turns then, and the lots that rounding leaves over stay unfilled.
3. The orders that close one bot's position share that position: together they fill no more than
   the largest of them wants, by the same proportion.
4. A buy costs no more than its ``budget``; what that does not pay for is not bought. A sale costs
   no more than it brings.

Simulated prices are rounded to the tick against the order. One order gets at most one fill per bar;
the rest goes on working. Swaps against a pool keep to neither tick nor lot nor volume
(``CostModel.is_pool``). An order fills only on bars that open at or after the close it was decided
on.

Source: platform specification 1.5 (paper engine), issue 2 ("simulated matching"), ADR 15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from trading.base.domain.errors import InvariantError
from trading.base.domain.money import PERCENT, ZERO, canonical, exact
from trading.base.domain.side import Side
from trading.desk.domain.execution.fills import Ask, Market, Match, fill_of, worsened
from trading.desk.domain.execution.orders import (
    ExecutionReport,
    Order,
    OrderPurpose,
    OrderStatus,
    OrderType,
    ReportKind,
)
from trading.desk.domain.execution.sizing import LEAST_PRICE, affordable, bought
from trading.market.domain.bars import Bar, to_decimal
from trading.market.domain.costs import CostModel
from trading.market.domain.instruments import Instrument

_MATCHABLE: Final = frozenset(
    {
        OrderStatus.INITIALIZED,
        OrderStatus.SUBMITTED,
        OrderStatus.ACCEPTED,
        OrderStatus.PARTIALLY_FILLED,
    }
)
NO_OWN_COSTS: Final[Mapping[int, CostModel]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Prices:
    """The bar's prices as people write them; converted once for all orders."""

    open: Decimal
    high: Decimal
    low: Decimal


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
    """Return the fills and ends one closed bar brings the working orders of its pair.

    The order of ``orders`` and their ids change nothing but how the answer is listed.

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
    listed = [
        order
        for order in sorted(orders, key=lambda order: order.client_order_id)
        if order.status in _MATCHABLE and order.live_from <= bar.open_time
    ]
    reports = [_expiry(order, times[0]) for order in listed if _is_past(order, times[0])]
    met: dict[str, Ask] = {}
    with exact():
        working = [order for order in listed if not _is_past(order, times[0])]
        for order in working:
            market = Market(instrument, own_costs.get(order.bot_index, costs), times)
            match = _meet(order, prices)
            if match is not None:
                met[order.client_order_id] = _ask(order, match, market)
        _share(list(met.values()), working, _volume(bar, participation_pct))
        for ask in sorted(met.values(), key=lambda ask: ask.turn):
            reports += _outcome(ask)
    over = [order for order in working if _is_past(order, times[1])]
    filled = {key for key, ask in met.items() if ask.got == ask.order.remaining}
    return reports + [_expiry(o, times[1]) for o in over if o.client_order_id not in filled]


def _is_past(order: Order, time: int) -> bool:
    return order.expires_bar_time is not None and time >= order.expires_bar_time


def _volume(bar: Bar, participation_pct: float) -> Decimal | None:
    if participation_pct <= 0:
        return None
    return to_decimal(bar.volume) * to_decimal(participation_pct) / PERCENT


def _ask(order: Order, match: Match, market: Market) -> Ask:
    price = worsened(order, match, market)
    instrument, costs = market.instrument, market.costs
    if order.side is Side.BUY and price < LEAST_PRICE:
        wanted = ZERO
    elif order.spend is not None:
        wanted = bought(order.spend, price, instrument, costs)
    elif order.budget is not None:
        wanted = affordable(
            order.remaining, order.budget, price, instrument, costs, is_maker=match.is_maker
        )
    else:
        wanted = order.remaining
    return Ask(order, market, match, price, wanted, wanted)


def _share(asks: list[Ask], working: Sequence[Order], volume: Decimal | None) -> None:
    """Give every order its part of ``volume`` (base, None for no limit), turn by turn."""
    to_close: dict[int, Decimal] = {}
    for order in working:
        if order.purpose is not OrderPurpose.ENTRY:
            known = to_close.get(order.bot_index, ZERO)
            to_close[order.bot_index] = max(known, order.remaining)
    for turn in sorted({ask.turn for ask in asks}):
        now = [ask for ask in asks if ask.turn == turn]
        for bot_index, most in to_close.items():
            _cut([a for a in now if a.is_closing and a.order.bot_index == bot_index], most)
        if volume is not None:
            on_venue = [ask for ask in now if not ask.market.costs.is_pool]
            volume = _cut(on_venue, volume)
        for ask in now:
            if ask.is_closing:
                to_close[ask.order.bot_index] -= ask.got
            elif canonical(ask.price * ask.got) <= 0:  # dust that nothing would be paid for
                ask.got = ZERO


def _cut(asks: list[Ask], most: Decimal) -> Decimal:
    """Leave the orders together no more than ``most``; return what is left of it for others."""
    whole = sum((ask.got for ask in asks), ZERO)
    if whole <= most:
        return most - whole
    for ask in asks:
        ask.got = ask.market.floored(most * ask.got / whole)
    return ZERO


def _meet(order: Order, prices: _Prices) -> Match | None:
    if order.is_market:
        return Match(prices.open, is_maker=False, is_at_open=True)
    if order.type is OrderType.LIMIT:
        return _meet_limit(order, prices)
    stop = order.stop_price
    if stop is None:
        raise InvariantError(f"stop order {order.client_order_id} has no stop price")
    if order.side is Side.SELL:
        is_beyond, is_reached = prices.open <= stop, prices.low <= stop
    else:
        is_beyond, is_reached = prices.open >= stop, prices.high >= stop
    if not is_reached:
        return None
    return Match(prices.open if is_beyond else stop, is_maker=False, is_at_open=is_beyond)


def _meet_limit(order: Order, prices: _Prices) -> Match | None:
    limit = order.limit_price
    if limit is None:
        raise InvariantError(f"limit order {order.client_order_id} has no limit price")
    is_buy = order.side is Side.BUY
    if prices.open < limit if is_buy else prices.open > limit:
        return Match(prices.open, is_maker=False, is_at_open=True)
    if prices.low < limit if is_buy else prices.high > limit:
        return Match(limit, is_maker=True, is_at_open=False)
    return None


def _outcome(ask: Ask) -> list[ExecutionReport]:
    """Return what the bar did to one order it met: trigger, true quantity, fill, end."""
    order, reports = ask.order, []
    key = order.client_order_id
    if order.side is Side.BUY and ask.price < LEAST_PRICE:
        return [_end(order, ask.time, f"{ask.price} is too small a price to reckon with")]
    if order.spend is not None:
        if ask.got <= 0:
            return [_end(order, ask.time, "the amount buys nothing at this price and volume")]
        reports.append(ExecutionReport(key, ReportKind.UPDATED, ask.time, quantity=ask.got))
        return [*reports, fill_of(ask)]
    is_stop = order.type is OrderType.STOP_MARKET and not order.is_triggered
    if is_stop and ask.got < order.remaining:
        reports.append(ExecutionReport(key, ReportKind.TRIGGERED, ask.time))
    if ask.got > 0:
        reports.append(fill_of(ask))
    if order.budget is not None and ask.got == ask.wanted < order.remaining:
        reports.append(_end(order, ask.time, "there is no cash for the rest at this price"))
    return reports


def _expiry(order: Order, time: int) -> ExecutionReport:
    return _end(order, time, "the limit's time was up")


def _end(order: Order, time: int, reason: str) -> ExecutionReport:
    return ExecutionReport(order.client_order_id, ReportKind.EXPIRED, time, reason=reason)
