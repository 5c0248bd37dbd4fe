"""Write what the core decided: every recorder in its seat, then the cursor, in one transaction.

The transaction first renews the lease by its fencing token. Quiet bars may share one; a bar that
changed anything has its own. What is written of a step is up to the recorders that ``bootstrap``
registers; one that fails undoes the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from trading.base.domain.errors import InvariantError, RecorderError
from trading.base.ports.recording import RecordedSession, Recorder, RecorderMaker, StepRecord
from trading.desk.domain.decision.output import BotMarked, JournalRow, StepOutput
from trading.desk.domain.decision.state import DeskState
from trading.desk.models import Bot, DeskSession, SessionFact, SessionSnapshot
from trading.desk.services.sessions.hooks import Hook
from trading.desk.services.sessions.lease import lease_renew
from trading.desk.services.sessions.rows.values import session_books, session_values
from trading.desk.services.sessions.snapshots import Learnt, memory_layout, snapshot_pack

SNAPSHOTS_KEPT: Final = 2


@dataclass(slots=True)
class Journal:
    """Writes one session's transactions.

    Attributes:
        hook: called at named points inside and around the transaction (fault injection in tests).
    """

    session_id: int
    token: int
    hook: Hook
    recorders: tuple[Recorder, ...]

    @classmethod
    def open(
        cls, *, session: DeskSession, token: int, hook: Hook, recorders: Sequence[RecorderMaker]
    ) -> Journal:
        """Return the writer of a session whose lease is held with ``token``."""
        recorded = RecordedSession(
            id=session.pk,
            mode=session.mode,
            bot_ids=dict(Bot.objects.filter(session=session).values_list("index", "pk")),
            hook=hook,
        )
        return cls(session.pk, token, hook, tuple(make(recorded) for make in recorders))

    def hold(self, now: datetime) -> None:
        """Renew the lease without writing anything.

        Raises:
            LeaseLostError: another worker owns the session.
        """
        with transaction.atomic():
            lease_renew(session_id=self.session_id, token=self.token, now=now)

    def write(
        self,
        *,
        outputs: Sequence[StepOutput],
        state: DeskState,
        now: datetime,
        facts: Sequence[SessionFact] = (),
        snapshot: Learnt | None = None,
    ) -> None:
        """Commit consecutive steps (or one confirmation or fact) and everything they changed.

        Raises:
            LeaseLostError: another worker owns the session; nothing was written.
            RecorderError: a recorder failed, the message says which; nothing was written.
            InvariantError: a recorder was given what cannot be; nothing was written.
        """
        with transaction.atomic():
            lease_renew(session_id=self.session_id, token=self.token, now=now)
            SessionFact.objects.bulk_create(facts)
            self._record(outputs, state, now)
            values = session_values(state)
            if facts or any(out.has_effects for out in outputs):
                values |= session_books(state)
            DeskSession.objects.filter(pk=self.session_id).update(**values, updated_at=now)
            if snapshot is not None:
                self._write_snapshot(state, snapshot, now)
            self.hook("persisting")
        self.hook("persisted")

    def _record(self, outputs: Sequence[StepOutput], state: DeskState, now: datetime) -> None:
        marks = bot_marks(outputs, state)
        for recorder in self.recorders:
            steps = _taken(recorder.takes, outputs, marks)
            if steps:
                _ask(recorder, steps, now)

    def _write_snapshot(self, state: DeskState, learnt: Learnt, now: datetime) -> None:
        data, checksum = snapshot_pack(state, learnt)
        SessionSnapshot.objects.update_or_create(
            session_id=self.session_id,
            cursor_seq=state.seq,
            defaults={
                "layout": memory_layout(state),
                "checksum": checksum,
                "state": data,
                "created_at": now,
            },
        )
        kept = SessionSnapshot.objects.filter(session_id=self.session_id).values_list(
            "pk", flat=True
        )
        SessionSnapshot.objects.filter(session_id=self.session_id).exclude(
            pk__in=list(kept[:SNAPSHOTS_KEPT])
        ).delete()


def bot_marks(outputs: Sequence[StepOutput], state: DeskState) -> list[BotMarked]:
    """Return what every bot that these steps touched is worth now, by index."""
    newest: dict[int, tuple[int | None, int]] = {}
    for out in outputs:
        if out.effects:
            for index in out.bots:
                newest.setdefault(index, (None, out.open_time))
        for row in out.journal:
            newest[row.bot_index] = (row.outcome, out.open_time)
    bots = [(state.bots[index], newest[index]) for index in sorted(newest)]
    return [
        BotMarked(b.spec.index, b.equity, b.peak_equity, b.day_equity, b.ratchet_epoch, *last)
        for b, last in bots
    ]


def _taken(
    takes: frozenset[type], outputs: Sequence[StepOutput], marks: Sequence[BotMarked]
) -> list[StepRecord]:
    """Return the steps with the effects of these types, without those that have none.

    The marks belong to the last of them.
    """
    found = []
    for out in outputs:
        effects: list[Any] = list(out.journal) if JournalRow in takes else []
        effects += [effect for effect in out.effects if type(effect) in takes]
        if out is outputs[-1] and BotMarked in takes:
            effects += marks
        if effects:
            found.append(StepRecord(out.seq, out.open_time, out.bar_time, effects))
    return found


def _ask(recorder: Recorder, steps: Sequence[StepRecord], now: datetime) -> None:
    try:
        recorder.record(steps, now)
    except InvariantError as error:
        raise InvariantError(f"recorder {recorder.name!r}: {error}") from error
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise RecorderError(f"recorder {recorder.name!r} failed: {reason}") from error
