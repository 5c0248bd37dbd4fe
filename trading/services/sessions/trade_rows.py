"""Write orders, fills, positions, stops, round trips and checkpoints of one step.

Row ids are remembered in memory between transactions; a failed transaction ends the session's
run, and the next run starts from the database again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from trading.domain.desk.output import FillBooked, RoundTripClosed, StepOutput
from trading.domain.execution.orders import ExecutionReport, Order, ReportKind
from trading.domain.execution.positions import PositionState
from trading.domain.execution.stops import StopState
from trading.models import Fill, OrderEvent, Position, RoundTrip, SavingsCheckpoint
from trading.models import Order as OrderRow
from trading.models import StopState as StopRow
from trading.services.sessions.hooks import Hook

STOP_FIELDS: Final = (
    "initial_stop", "current_stop", "target", "high_water", "water_mark_time",
    "is_breakeven_armed", "is_trailing_armed", "trail_distance", "breakeven_price",
    "trail_activation_price", "hold_deadline", "revision",
)  # fmt: skip
CHECKPOINT_FIELDS: Final = (
    "token", "quote", "profit", "candidate", "reserved", "estimated_fees", "required_min", "ratio",
    "fee_guard", "fee_policy", "is_healthy", "break_even_pct",
)  # fmt: skip


@dataclass(slots=True)
class TradeRows:
    """The trade rows of one session.

    Attributes:
        hook: called at named points (fault injection in tests).
        bot_pks: row ids by the bot's index.
    """

    session_id: int
    hook: Hook
    bot_pks: dict[int, int]
    order_pks: dict[str, int] = field(default_factory=dict)
    event_counts: dict[str, int] = field(default_factory=dict)
    position_pks: dict[tuple[int, int], int] = field(default_factory=dict)

    def write(self, out: StepOutput) -> None:
        """Write everything one step did besides deciding; call it within the transaction."""
        for key, position in out.positions.items():
            self._write_position(key, position, out)
        for order, report in out.order_events:
            self._write_order(order, report, out)
        for fill in out.fills:
            self._write_fill(fill)
        for key, stop in out.stops.items():
            self._write_stop(key, stop)
        for trip in out.round_trips:
            self._write_round_trip(trip, out)

    def _write_order(self, order: Order, report: ExecutionReport, out: StepOutput) -> None:
        key = order.client_order_id
        changing = {
            "status": order.status.value,
            "quantity": order.quantity,
            "stop_price": order.stop_price,
            "filled_quantity": order.filled_quantity,
            "average_price": order.average_price,
            "updated_seq": out.seq,
        }
        if report.kind is ReportKind.SUBMITTED:
            row = OrderRow.objects.create(
                session_id=self.session_id,
                bot_id=self.bot_pks[order.bot_index],
                client_order_id=key,
                side=order.side.value,
                type=order.type.value,
                purpose=order.purpose.value,
                limit_price=order.limit_price,
                spend=order.spend,
                reason=order.reason,
                bar_time=order.bar_time,
                created_seq=order.created_seq,
                **changing,
            )
            self.order_pks[key], self.event_counts[key] = row.pk, 0
        else:
            OrderRow.objects.filter(pk=self._order_pk(key)).update(**changing)
        self.event_counts[key] += 1
        OrderEvent.objects.create(
            order_id=self.order_pks[key],
            n=self.event_counts[key],
            kind=report.kind.value,
            payload=report_payload(report),
            event_time=report.event_time,
        )

    def _order_pk(self, key: str) -> int:
        if key not in self.order_pks:
            row = OrderRow.objects.get(client_order_id=key)
            self.order_pks[key], self.event_counts[key] = row.pk, row.events.count()
        return self.order_pks[key]

    def _write_position(
        self, key: tuple[int, int], position: PositionState, out: StepOutput
    ) -> None:
        bot_index, n = key
        is_open = position.quantity > 0
        closed = [t for t in out.round_trips if (t.bot_index, t.result.n) == key]
        values = {
            "is_open": is_open,
            "quantity": position.quantity,
            "average_entry_price": position.average_entry_price,
            "entry_time": position.entry_time,
            "exit_time": closed[0].result.exit_time if closed else None,
            "realised_pnl": position.realised_pnl,
            "fees": position.fees,
            "updated_seq": out.seq,
        }
        row, _ = Position.objects.update_or_create(
            session_id=self.session_id, bot_id=self.bot_pks[bot_index], n=n, defaults=values
        )
        self.position_pks[key] = row.pk

    def _position_pk(self, key: tuple[int, int]) -> int:
        if key not in self.position_pks:
            bot_index, n = key
            self.position_pks[key] = Position.objects.values_list("pk", flat=True).get(
                bot_id=self.bot_pks[bot_index], n=n
            )
        return self.position_pks[key]

    def _write_fill(self, fill: FillBooked) -> None:
        report = fill.report
        price = report.price or Decimal(0)
        Fill.objects.create(
            order_id=self._order_pk(fill.order.client_order_id),
            position_id=self._position_pk((fill.bot_index, fill.position_n)),
            trade_id=report.trade_id,
            side=fill.order.side.value,
            quantity=report.quantity,
            price=price,
            notional=report.quantity * price,
            fee=report.fee,
            slippage=report.slippage,
            gas_cost=report.gas_cost,
            is_maker=report.is_maker,
            event_time=report.event_time,
        )
        self.hook("filling")

    def _write_stop(self, key: tuple[int, int], stop: StopState) -> None:
        StopRow.objects.update_or_create(
            position_id=self._position_pk(key),
            defaults={name: getattr(stop, name) for name in STOP_FIELDS},
        )

    def _write_round_trip(self, trip: RoundTripClosed, out: StepOutput) -> None:
        result = trip.result
        row = RoundTrip.objects.create(
            position_id=self._position_pk((trip.bot_index, result.n)),
            session_id=self.session_id,
            bot_id=self.bot_pks[trip.bot_index],
            quantity=result.quantity,
            entry_price=result.entry_price,
            exit_price=result.exit_price,
            entry_time=result.entry_time,
            exit_time=result.exit_time,
            gross_pnl=result.gross_pnl,
            fees=result.fees,
            realised_pnl=result.realised_pnl,
            exit_reason=int(trip.exit_reason),
            exit_seq=out.seq,
        )
        self.hook("closing")
        if trip.savings is None:
            return
        decision = trip.savings
        SavingsCheckpoint.objects.create(
            round_trip=row,
            session_id=self.session_id,
            bot_id=self.bot_pks[trip.bot_index],
            is_accepted=decision.is_accepted,
            skip_reason=decision.skip_reason.value if decision.skip_reason else "",
            equilibrium_score=decision.score,
            event_time=result.exit_time,
            **{name: getattr(decision, name) for name in CHECKPOINT_FIELDS},
        )
        self.hook("saving")


def report_payload(report: ExecutionReport) -> dict[str, Any]:
    """Return what a report says beyond its kind, ready for JSON; empty fields are left out."""
    values = {
        "trade_id": report.trade_id,
        "quantity": str(report.quantity) if report.quantity else "",
        "price": str(report.price) if report.price is not None else "",
        "stop_price": str(report.stop_price) if report.stop_price is not None else "",
        "reason": report.reason,
    }
    return {name: value for name, value in values.items() if value}
