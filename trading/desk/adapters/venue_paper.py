"""The paper venue behind the port: what bars do to it is told like any venue's words.

The machine (``desk.domain.execution.paper``) stays what replay and ghost sessions drive directly;
this adapter lets the same loop that talks to real venues talk to it. Nothing is stored: after a
restart the same commands and bars are run again and give the same words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from trading.base.domain.money import ZERO, canonical, exact
from trading.base.domain.side import Side
from trading.base.ports.clock import Clock
from trading.desk.domain.execution.matching import NO_OWN_COSTS
from trading.desk.domain.execution.orders import (
    ExecutionReport,
    Order,
    OrderStatus,
    ReportKind,
    apply_report,
)
from trading.desk.domain.execution.paper import PaperVenue
from trading.desk.domain.execution.words import (
    UNASKED,
    Answer,
    BalanceReport,
    FillReport,
    MassStatus,
    NotFound,
    OrderStatusReport,
    VenueState,
    Word,
)
from trading.market.domain.bars import Bar
from trading.market.domain.costs import CostModel
from trading.market.domain.instruments import Pair

_STATES: Final = {
    OrderStatus.FILLED: VenueState.FILLED,
    OrderStatus.CANCELLED: VenueState.CANCELLED,
    OrderStatus.EXPIRED: VenueState.EXPIRED,
    OrderStatus.REJECTED: VenueState.REJECTED,
}


class PaperAccount:
    """Fulfils ``Venue`` with one paper machine and the balances its fills move."""

    window_ms = 0

    def __init__(self, machine: PaperVenue, clock: Clock, balances: Mapping[str, Decimal]) -> None:
        """Begin with nothing ordered and ``balances`` by currency."""
        self._machine = machine
        self._clock = clock
        self._balances = dict(balances)
        self._orders: dict[str, Order] = {}
        self._times: dict[str, int] = {}  # of the last change, ms UTC
        self._fills: list[FillReport] = []
        self._news: list[Word] = []
        self._reasons: dict[str, str] = {}

    def on_bar(
        self,
        pair: str,
        bar: Bar,
        *,
        costs: CostModel,
        participation_pct: float,
        own_costs: Mapping[int, CostModel] = NO_OWN_COSTS,
    ) -> None:
        """Let a closed bar trade; what it does is told by ``news``."""
        reports = self._machine.on_bar(
            pair, bar, costs=costs, participation_pct=participation_pct, own_costs=own_costs
        )
        for report in reports:
            self._keep(report)
        for key in dict.fromkeys(report.client_order_id for report in reports):
            self._news.append(self._status(self._orders[key], UNASKED))

    def submit(self, order: Order, *, until_ms: int) -> Answer:
        """Place the order; one that was placed stays as it is."""
        key = order.client_order_id
        if key not in self._orders:
            self._orders[key], self._times[key] = order, order.bar_time
            self._machine.submit(order, order.bar_time)
        return self._answered(order)

    def cancel(self, order: Order, *, until_ms: int) -> Answer:
        """Take the order back at once."""
        known = self._orders.get(order.client_order_id)
        if known is not None and not known.status.is_final:
            self._machine.cancel(known, self._times[order.client_order_id])
        return self._answered(order)

    def amend(
        self, order: Order, *, stop_price: Decimal, quantity: Decimal, until_ms: int
    ) -> Answer:
        """Move the stop price and total quantity at once."""
        known = self._orders.get(order.client_order_id)
        if known is not None and not known.status.is_final:
            now = self._times[order.client_order_id]
            self._machine.amend(known, now, stop_price=stop_price, quantity=quantity)
        return self._answered(order)

    def order_by_client_id(self, order: Order) -> OrderStatusReport | NotFound:
        """Return how the machine has the order."""
        known, now = self._orders.get(order.client_order_id), self._clock.now_ms()
        if known is None:
            return NotFound(order.client_order_id, now)
        return self._status(known, now)

    def open_orders(self) -> Sequence[OrderStatusReport]:
        """Return what can still trade."""
        now = self._clock.now_ms()
        working = sorted(k for k, order in self._orders.items() if not order.status.is_final)
        return [self._status(self._orders[key], now) for key in working]

    def trades_since(self, since_ms: int) -> Sequence[FillReport]:
        """Return the fills at or after that time."""
        found = [fill for fill in self._fills if fill.event_time >= since_ms]
        return sorted(found, key=lambda fill: (fill.event_time, fill.trade_id))

    def balances(self) -> Sequence[BalanceReport]:
        """Return the balances; the paper machine locks nothing."""
        return [BalanceReport(name, self._balances[name], ZERO) for name in sorted(self._balances)]

    def mass_status(self, since_ms: int) -> MassStatus:
        """Return everything as it is now."""
        fills, balances = tuple(self.trades_since(since_ms)), tuple(self.balances())
        return MassStatus(tuple(self.open_orders()), fills, balances, self._clock.now_ms())

    def news(self) -> Sequence[Word]:
        """Return what bars did since the last call."""
        news, self._news = self._news, []
        return news

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _answered(self, order: Order) -> OrderStatusReport | NotFound:
        for report in self._machine.drain():
            self._keep(report)
        return self.order_by_client_id(order)

    def _keep(self, report: ExecutionReport) -> None:
        key = report.client_order_id
        before = self._orders[key]
        after = apply_report(before, report)
        if after is before:
            return
        self._orders[key], self._times[key] = after, report.event_time
        self._reasons[key] = report.reason
        if report.kind is ReportKind.FILLED:
            self._pay(before, report)

    def _pay(self, order: Order, report: ExecutionReport) -> None:
        assert report.price is not None  # noqa: S101 - apply_report refuses a fill without one
        fill = FillReport(
            client_order_id=order.client_order_id,
            trade_id=report.trade_id,
            pair=order.pair,
            side=order.side,
            quantity=report.quantity,
            price=report.price,
            fee=report.fee,
            is_maker=report.is_maker,
            event_time=report.event_time,
            slippage=report.slippage,
            gas_cost=report.gas_cost,
        )
        self._fills.append(fill)
        self._news.append(fill)
        market, sign = Pair.parse(order.pair), 1 if order.side is Side.BUY else -1
        with exact():
            paid = canonical(fill.quantity * fill.price)
            base = self._balances.get(market.base, ZERO) + sign * fill.quantity
            quote = self._balances.get(market.quote, ZERO) - sign * paid - fill.fee - fill.gas_cost
        self._balances[market.base], self._balances[market.quote] = base, quote

    def _status(self, order: Order, asked_ms: int) -> OrderStatusReport:
        key = order.client_order_id
        return OrderStatusReport(
            client_order_id=key,
            state=_STATES.get(order.status, VenueState.OPEN),
            quantity=order.quantity,
            filled_quantity=order.filled_quantity,
            stop_price=order.stop_price,
            is_triggered=order.is_triggered,
            event_time=self._times[key],
            reason=self._reasons.get(key, ""),
            asked_ms=asked_ms,
        )
