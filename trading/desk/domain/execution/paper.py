"""The simulated venue: holds working orders and answers every bar with execution reports.

Used by ghost and replay alike, so that both fill the same way. It remembers nothing but the
working orders; after a restart they are submitted again under the same client ids and it goes on
as if nothing had happened. Acceptances, cancels and amendments are confirmed at once, fills come
with bars. A quarantined bar fills nothing beyond its body: an unconfirmed wick moves no money.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

from trading.base.domain.side import Side
from trading.desk.domain.execution.matching import NO_OWN_COSTS, match_bar
from trading.desk.domain.execution.orders import (
    ExecutionReport,
    Order,
    OrderType,
    ReportKind,
    apply_report,
)
from trading.market.domain.bars import QUARANTINED, Bar
from trading.market.domain.costs import CostModel
from trading.market.domain.instruments import Instrument


class PaperVenue:
    """One venue for all pairs of one session."""

    def __init__(
        self, instruments: dict[str, Instrument], step_ms: int, working: Sequence[Order]
    ) -> None:
        self._instruments = instruments
        self._step_ms = step_ms
        self._book: dict[str, dict[str, Order]] = {name: {} for name in instruments}
        for order in working:
            self._book[order.pair][order.client_order_id] = order
        self._pending: list[ExecutionReport] = []
        self._reach: dict[str, float] = {}  # see _reach_of; forgotten when a book changes

    def learn(self, instruments: Mapping[str, Instrument]) -> None:
        """Keep to these rounding rules from now on, by pair."""
        self._instruments.update(instruments)

    def submit(self, order: Order, now: int) -> None:
        """Take an order; one that is already in the book is left as it is."""
        book = self._book[order.pair]
        if order.client_order_id not in book:
            book[order.client_order_id] = order
            self._reach.pop(order.pair, None)
            self._confirm(order, ExecutionReport(order.client_order_id, ReportKind.ACCEPTED, now))

    def cancel(self, order: Order, now: int) -> None:
        """Take an order back; what is not in the book any more is confirmed as cancelled."""
        self._confirm(order, ExecutionReport(order.client_order_id, ReportKind.CANCELLED, now))
        self._book[order.pair].pop(order.client_order_id, None)
        self._reach.pop(order.pair, None)

    def amend(self, order: Order, now: int, *, stop_price: Decimal, quantity: Decimal) -> None:
        """Move a working order's stop price and total quantity."""
        self._confirm(
            order,
            ExecutionReport(
                order.client_order_id,
                ReportKind.UPDATED,
                now,
                quantity=quantity,
                stop_price=stop_price,
            ),
        )

    def drain(self) -> list[ExecutionReport]:
        """Return and forget the confirmations of all pairs, in the order of the commands."""
        told, self._pending = self._pending, []
        return told

    def on_bar(
        self,
        pair: str,
        bar: Bar,
        *,
        costs: CostModel,
        participation_pct: float,
        own_costs: Mapping[int, CostModel] = NO_OWN_COSTS,
    ) -> list[ExecutionReport]:
        """Return what this bar does to the pair's working orders."""
        book = self._book.get(pair)
        if not book:
            return []
        reach = self._reach.get(pair)
        if reach is None:
            reach = self._reach[pair] = _reach_of(book)
        if bar.low > reach:
            return []
        fills = match_bar(
            tuple(book.values()),
            body_only(bar) if bar.flags & QUARANTINED else bar,
            step_ms=self._step_ms,
            instrument=self._instruments[pair],
            costs=costs,
            participation_pct=participation_pct,
            own_costs=own_costs,
        )
        for report in fills:
            self._keep(pair, report)
        return fills

    def _confirm(self, order: Order, report: ExecutionReport) -> None:
        self._pending.append(report)
        self._keep(order.pair, report)

    def _keep(self, pair: str, report: ExecutionReport) -> None:
        book = self._book[pair]
        self._reach.pop(pair, None)
        order = book.get(report.client_order_id)
        if order is None:
            return
        after = apply_report(order, report)
        if after.status.is_final:
            del book[report.client_order_id]
        else:
            book[report.client_order_id] = after


def _reach_of(book: dict[str, Order]) -> float:
    """Return the low above which a bar cannot concern the book, infinite when every bar may.

    Most books hold protective stops only, and most bars stay above them. One that was triggered
    is at market: every bar concerns it.
    """
    reach = -math.inf
    for order in book.values():
        is_stop = order.type is OrderType.STOP_MARKET and order.side is Side.SELL
        if not is_stop or order.is_triggered or order.stop_price is None:
            return math.inf
        reach = max(reach, float(order.stop_price))
    return reach


def body_only(bar: Bar) -> Bar:
    """Return the bar without its wicks."""
    return bar._replace(high=max(bar.open, bar.close), low=min(bar.open, bar.close))
