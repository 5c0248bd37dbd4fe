"""Keep what the savings rule said to every profit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trading.base.ports.recording import RecordedSession, StepRecord
from trading.desk.domain.decision.output import SavingsDecided
from trading.desk.models import SavingsCheckpoint
from trading.desk.services.sessions.rows import values
from trading.desk.services.sessions.rows.ids import round_trip_id


class SavingsRecorder:
    """Writes savings checkpoints; round trips are written before."""

    name = "savings"
    takes: frozenset[type] = frozenset({SavingsDecided})

    def __init__(self, session: RecordedSession) -> None:
        self._session = session

    def record(self, steps: Sequence[StepRecord], now: datetime) -> None:
        """Write one row per evaluated profit."""
        for step in steps:
            for decided in step.effects:
                self._write(decided)

    def _write(self, decided: SavingsDecided) -> None:
        index, n = decided.bot_index, decided.position_n
        SavingsCheckpoint.objects.create(
            round_trip_id=round_trip_id(self._session, index, n),
            session_id=self._session.id,
            bot_id=self._session.bot_ids[index],
            **values.checkpoint_values(decided),
        )
        self._session.hook("saving")
