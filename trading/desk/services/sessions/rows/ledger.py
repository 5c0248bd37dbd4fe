"""Keep how money moved: the ledger's entries and their postings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from trading.base.ports.recording import RecordedSession, StepRecord
from trading.desk.domain.decision.movements import opening_entries
from trading.desk.services.sessions.blueprint import state_build
from trading.desk.services.sessions.rows import values
from trading.treasury.domain.ledger import Entry
from trading.treasury.models import LedgerEntry, LedgerPosting


class LedgerRecorder:
    """Writes entries; the database refuses one that does not balance."""

    name = "ledger"
    takes: frozenset[type] = frozenset({Entry})

    def __init__(self, session: RecordedSession) -> None:
        self._id, self._mode = session.id, session.mode
        self._hook = session.hook

    def record(self, steps: Sequence[StepRecord], now: datetime) -> None:
        """Write one entry per movement."""
        entries = [(entry, step.seq) for step in steps for entry in step.effects]
        ledger_write(session_id=self._id, mode=self._mode, entries=entries)
        self._hook("posting")


@transaction.atomic
def ledger_open(*, session_id: int, mode: str, start: Mapping[str, Any]) -> None:
    """Write the capital that the bots of a new session begin with, as its start records it."""
    entries = opening_entries(state_build(start, session_key="opening"))
    ledger_write(session_id=session_id, mode=mode, entries=[(entry, 0) for entry in entries])


def ledger_write(*, session_id: int, mode: str, entries: Sequence[tuple[Entry, int]]) -> None:
    """Write the entries of a session, each with the stream number of its step.

    Postings go first: the entry closes over them, and nothing is added to it afterwards. Call it
    within a transaction.
    """
    rows = [
        LedgerEntry.of_session(session_id, mode=mode, **values.entry_values(entry, seq))
        for entry, seq in entries
    ]
    LedgerPosting.objects.bulk_create(
        LedgerPosting(entry_id=row.pk, n=n, **values.posting_values(posting))
        for row, (entry, _) in zip(rows, entries, strict=True)
        for n, posting in enumerate(entry.postings, start=1)
    )
    LedgerEntry.objects.bulk_create(rows)
