"""Keep the bots as they stand: their money, their record, and what they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trading.base.ports.recording import RecordedSession, StepRecord
from trading.desk.domain.decision.output import AccountChanged, BotMarked
from trading.desk.models import Bot
from trading.desk.services.sessions.rows import values


class AccountRecorder:
    """Writes the bots' own rows, each at most once a transaction."""

    name = "accounts"
    takes: frozenset[type] = frozenset({AccountChanged, BotMarked})

    def __init__(self, session: RecordedSession) -> None:
        self._bot_ids = session.bot_ids

    def record(self, steps: Sequence[StepRecord], now: datetime) -> None:
        """Write what every bot touched by these steps has in the end."""
        columns: dict[int, values.Values] = {}
        for step in steps:
            for effect in step.effects:
                of_bot = columns.setdefault(effect.bot_index, {})
                if isinstance(effect, AccountChanged):
                    of_bot |= values.bot_account(effect)
                else:
                    of_bot |= values.bot_marks(effect) | values.bot_last(effect)
        for index in sorted(columns):
            Bot.objects.filter(pk=self._bot_ids[index]).update(**columns[index])
