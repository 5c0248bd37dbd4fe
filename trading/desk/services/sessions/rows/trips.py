"""Keep every closed position as a result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trading.base.ports.recording import RecordedSession, StepRecord
from trading.desk.domain.decision.output import RoundTripClosed
from trading.desk.models import RoundTrip
from trading.desk.services.sessions.rows import values
from trading.desk.services.sessions.rows.ids import position_id


class RoundTripRecorder:
    """Writes round trips; positions are written before."""

    name = "round trips"
    takes: frozenset[type] = frozenset({RoundTripClosed})

    def __init__(self, session: RecordedSession) -> None:
        self._session = session

    def record(self, steps: Sequence[StepRecord], now: datetime) -> None:
        """Write one row per closed position."""
        for step in steps:
            for trip in step.effects:
                self._write(trip, step.seq)

    def _write(self, trip: RoundTripClosed, seq: int) -> None:
        index, n = trip.bot_index, trip.result.n
        row = RoundTrip.objects.create(
            position_id=position_id(self._session, index, n),
            session_id=self._session.id,
            bot_id=self._session.bot_ids[index],
            **values.trip_values(trip, seq),
        )
        self._session.row_ids["round trip", index, n] = row.pk
        self._session.hook("closing")
