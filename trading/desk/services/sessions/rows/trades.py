"""Write orders, fills, positions, stops, round trips and checkpoints of one step.

Row ids are remembered in memory between transactions; a failed transaction ends the session's
run, and the next run starts from the database again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from trading.desk.domain.decision.output import FillBooked, RoundTripClosed, StepOutput
from trading.desk.domain.execution.orders import ExecutionReport, Order, ReportKind
from trading.desk.domain.execution.positions import PositionState
from trading.desk.domain.execution.stops import StopState
from trading.desk.models import Fill, OrderEvent, Position, RoundTrip, SavingsCheckpoint
from trading.desk.models import Order as OrderRow
from trading.desk.models import StopState as StopRow
from trading.desk.services.sessions.hooks import Hook
from trading.desk.services.sessions.rows import values


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
        standing = values.order_standing(order, out.seq)
        if report.kind is ReportKind.SUBMITTED:
            row = OrderRow.objects.create(
                session_id=self.session_id,
                bot_id=self.bot_pks[order.bot_index],
                client_order_id=key,
                **values.order_values(order),
                **standing,
            )
            self.order_pks[key], self.event_counts[key] = row.pk, 0
        else:
            OrderRow.objects.filter(pk=self._order_pk(key)).update(**standing)
        self.event_counts[key] += 1
        OrderEvent.objects.create(
            order_id=self.order_pks[key],
            n=self.event_counts[key],
            **values.event_values(report),
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
        row, _ = Position.objects.update_or_create(
            session_id=self.session_id,
            bot_id=self.bot_pks[bot_index],
            n=n,
            defaults=values.position_values(key, position, out),
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
        Fill.objects.create(
            order_id=self._order_pk(fill.order.client_order_id),
            position_id=self._position_pk((fill.bot_index, fill.position_n)),
            **values.fill_values(fill),
        )
        self.hook("filling")

    def _write_stop(self, key: tuple[int, int], stop: StopState) -> None:
        StopRow.objects.update_or_create(
            position_id=self._position_pk(key),
            defaults=values.stop_values(stop),
        )

    def _write_round_trip(self, trip: RoundTripClosed, out: StepOutput) -> None:
        row = RoundTrip.objects.create(
            position_id=self._position_pk((trip.bot_index, trip.result.n)),
            session_id=self.session_id,
            bot_id=self.bot_pks[trip.bot_index],
            **values.trip_values(trip, out.seq),
        )
        self.hook("closing")
        checkpoint = values.checkpoint_values(trip)
        if checkpoint is None:
            return
        SavingsCheckpoint.objects.create(
            round_trip=row,
            session_id=self.session_id,
            bot_id=self.bot_pks[trip.bot_index],
            **checkpoint,
        )
        self.hook("saving")
