"""Keep every order with its life, and every execution."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trading.base.ports.recording import RecordedSession, StepRecord
from trading.desk.domain.decision.output import FillBooked, OrderChanged
from trading.desk.domain.execution.orders import ReportKind
from trading.desk.models import Fill, Order, OrderEvent
from trading.desk.services.sessions.rows import values
from trading.desk.services.sessions.rows.ids import order_id, position_id


class OrderRecorder:
    """Writes orders, their events and their fills; positions are written before."""

    name = "orders"
    takes: frozenset[type] = frozenset({OrderChanged, FillBooked})

    def __init__(self, session: RecordedSession) -> None:
        self._session = session
        self._n_events: dict[str, int] = {}

    def record(self, steps: Sequence[StepRecord], now: datetime) -> None:
        """Write what happened to the orders, in order."""
        for step in steps:
            for effect in step.effects:
                if isinstance(effect, OrderChanged):
                    self._write_change(effect, step.seq)
                else:
                    self._write_fill(effect)

    def _write_change(self, change: OrderChanged, seq: int) -> None:
        order, key = change.order, change.order.client_order_id
        standing = values.order_standing(order, seq)
        if change.report.kind is ReportKind.SUBMITTED:
            row = Order.objects.create(
                session_id=self._session.id,
                bot_id=self._session.bot_ids[order.bot_index],
                client_order_id=key,
                **values.order_values(order),
                **standing,
            )
            self._session.row_ids["order", key], self._n_events[key] = row.pk, 0
        else:
            Order.objects.filter(pk=order_id(self._session, key)).update(**standing)
        row_id = order_id(self._session, key)
        if key not in self._n_events:
            self._n_events[key] = OrderEvent.objects.filter(order_id=row_id).count()
        self._n_events[key] += 1
        OrderEvent.objects.create(
            order_id=row_id, n=self._n_events[key], **values.event_values(change.report)
        )

    def _write_fill(self, fill: FillBooked) -> None:
        Fill.objects.create(
            order_id=order_id(self._session, fill.order.client_order_id),
            position_id=position_id(self._session, fill.bot_index, fill.position_n),
            **values.fill_values(fill),
        )
        self._session.hook("filling")
