"""Keep every decision of every bot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trading.base.ports.recording import RecordedSession, StepRecord
from trading.desk.domain.decision.output import JournalRow
from trading.desk.models import Decision


class DecisionRecorder:
    """Writes the journal."""

    name = "decisions"
    takes: frozenset[type] = frozenset({JournalRow})

    def __init__(self, session: RecordedSession) -> None:
        self._bot_ids = session.bot_ids

    def record(self, steps: Sequence[StepRecord], now: datetime) -> None:
        """Write one row per decision."""
        rows = [
            Decision(
                bot_id=self._bot_ids[row.bot_index],
                open_time=step.open_time,
                seq=step.seq,
                outcome=row.outcome,
                record=row.record,
            )
            for step in steps
            for row in step.effects
        ]
        Decision.objects.bulk_create(rows, batch_size=500)
