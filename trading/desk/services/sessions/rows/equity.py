"""Keep the equity of the session, currency by currency."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trading.base.ports.recording import RecordedSession, StepRecord
from trading.desk.domain.decision.output import EquityMarked
from trading.desk.models import EquityPoint
from trading.desk.services.sessions.rows import values


class EquityRecorder:
    """Writes the points of the equity chart."""

    name = "equity"
    takes: frozenset[type] = frozenset({EquityMarked})

    def __init__(self, session: RecordedSession) -> None:
        self._session_id = session.id

    def record(self, steps: Sequence[StepRecord], now: datetime) -> None:
        """Write one row per mark."""
        EquityPoint.objects.bulk_create(
            EquityPoint(session_id=self._session_id, **values.equity_values(mark))
            for step in steps
            for mark in step.effects
        )
