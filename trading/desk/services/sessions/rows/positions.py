"""Keep what the bots hold, and what protects it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trading.base.ports.recording import RecordedSession, StepRecord
from trading.desk.domain.decision.output import PositionChanged, StopMoved
from trading.desk.models import Position
from trading.desk.models import StopState as StopRow
from trading.desk.services.sessions.rows import values
from trading.desk.services.sessions.rows.ids import position_id


class PositionRecorder:
    """Writes positions and their stops; within a step the last state of each counts."""

    name = "positions"
    takes: frozenset[type] = frozenset({PositionChanged, StopMoved})

    def __init__(self, session: RecordedSession) -> None:
        self._session = session

    def record(self, steps: Sequence[StepRecord], now: datetime) -> None:
        """Write every position and stop as it stands after its step."""
        for step in steps:
            states = [e.position for e in step.effects if isinstance(e, PositionChanged)]
            for state in {(state.bot_index, state.n): state for state in states}.values():
                row, _ = Position.objects.update_or_create(
                    session_id=self._session.id,
                    bot_id=self._session.bot_ids[state.bot_index],
                    n=state.n,
                    defaults=values.position_values(state, step.seq),
                )
                self._session.row_ids["position", state.bot_index, state.n] = row.pk
            moves = [e for e in step.effects if isinstance(e, StopMoved)]
            for move in {(move.bot_index, move.position_n): move for move in moves}.values():
                StopRow.objects.update_or_create(
                    position_id=position_id(self._session, move.bot_index, move.position_n),
                    defaults=values.stop_values(move.stop),
                )
