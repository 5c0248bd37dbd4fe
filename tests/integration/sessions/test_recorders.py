"""Whoever has a seat in a step's transaction sees what happened, and fails with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from tests.integration.sessions.market import open_session, series
from tests.integration.sessions.records import written
from tests.integration.sessions.running import run_to_end
from trading.base.domain.errors import InvariantError
from trading.base.ports.recording import RecordedSession, Recorder, RecorderMaker, StepRecord
from trading.desk.bootstrap.recorders import RECORDERS
from trading.desk.domain.decision.output import FillBooked, JournalRow, RoundTripClosed
from trading.desk.models import Decision, DeskSession, Fill, SessionLease
from trading.desk.services.sessions.runner import RunEnd
from trading.treasury.models import LedgerEntry

pytestmark = pytest.mark.django_db(transaction=True)

BARS = 300


class Witness:
    """Remembers what it was given, and what the database held at that moment."""

    name = "witness"

    def __init__(self, takes: set[type], session: RecordedSession) -> None:
        self.takes = frozenset(takes)
        self.session = session
        self.seen: list[Any] = []
        self.seqs: list[int] = []

    def record(self, steps: Sequence[StepRecord], now: datetime) -> None:
        assert connection.in_atomic_block
        assert now.tzinfo is not None
        cursor = DeskSession.objects.values_list("cursor_seq", flat=True).get(pk=self.session.id)
        for step in steps:
            assert step.effects
            assert step.seq >= cursor  # the cursor follows when all have written
            assert step.bar_time > step.open_time
            self.seqs.append(step.seq)
            self.seen += step.effects


class Failing:
    """Fails on the second fill, after everything before it in the list has written."""

    takes = frozenset({FillBooked})

    def __init__(self, error: Exception) -> None:
        self.name = "the failing one"
        self._error = error
        self._n = 0

    def record(self, steps: Sequence[StepRecord], now: datetime) -> None:
        self._n += 1
        if self._n == 2:
            raise self._error


def witness(takes: set[type], seats: list[Witness]) -> RecorderMaker:
    def make(session: RecordedSession) -> Recorder:
        seats.append(Witness(takes, session))
        return seats[-1]

    return make


def test_a_recorder_gets_the_effects_it_takes_in_order_within_the_transaction() -> None:
    session, seats = open_session(series(BARS)), []
    trading = witness({FillBooked, RoundTripClosed}, seats)
    deciding = witness({JournalRow}, seats)
    assert run_to_end(session.pk, recorders=(*RECORDERS, trading, deciding)) is RunEnd.FINISHED
    trades, decisions = seats
    assert trades.seqs == sorted(trades.seqs)
    fills = [effect for effect in trades.seen if isinstance(effect, FillBooked)]
    assert len(fills) == Fill.objects.filter(order__session=session).count() > 0
    assert len(trades.seen) - len(fills) == session.round_trips.count() > 0
    assert len(decisions.seen) == Decision.objects.filter(bot__session=session).count()
    assert trades.session.mode == "ghost"
    assert set(trades.session.bot_ids.values()) == set(session.bots.values_list("pk", flat=True))


def test_one_more_recorder_changes_nothing_of_what_the_others_write() -> None:
    bars, seats = series(BARS), []
    alone, watched = open_session(bars, "alone"), open_session(bars, "watched")
    run_to_end(alone.pk)
    run_to_end(watched.pk, recorders=(witness({JournalRow, FillBooked}, seats), *RECORDERS))
    assert written(watched.pk) == written(alone.pk)


@pytest.mark.parametrize(
    ("error", "end"),
    [(OSError("the disk is full"), RunEnd.BROKE_OFF), (InvariantError("it does not add up"), None)],
)
def test_one_that_fails_undoes_the_step_and_is_named(error: Exception, end: RunEnd | None) -> None:
    session = open_session(series(BARS))
    recorders = (*RECORDERS, lambda _session: Failing(error))
    if end is None:  # what cannot be needs a person
        with pytest.raises(InvariantError, match="recorder 'the failing one': it does not add up"):
            run_to_end(session.pk, recorders=recorders)
    else:
        assert run_to_end(session.pk, recorders=recorders) is end
    session.refresh_from_db()
    assert "recorder 'the failing one'" in session.status_reason
    assert str(error) in session.status_reason
    fills = Fill.objects.filter(order__session=session).count()
    entries = LedgerEntry.objects.filter(session_id=session.pk, kind="fill").count()
    assert fills == entries == 1
    newest = Decision.objects.filter(bot__session=session).latest("seq").seq
    assert newest == session.cursor_seq < session.feed.last_seq


def test_after_the_failure_the_session_goes_on_as_if_nothing_had_been() -> None:
    bars = series(BARS)
    calm, broken = open_session(bars, "calm"), open_session(bars, "broken")
    run_to_end(calm.pk)
    run_to_end(broken.pk, recorders=(*RECORDERS, lambda _session: Failing(OSError("for a moment"))))
    SessionLease.objects.filter(session=broken).update(expires_at=None)  # it would wait a while
    assert run_to_end(broken.pk) is RunEnd.FINISHED
    assert written(broken.pk) == written(calm.pk)


def test_the_registry_names_every_recorder_once() -> None:
    seat = RecordedSession(id=1, mode="ghost", bot_ids={}, hook=lambda _point: None)
    names = [make(replace(seat)).name for make in RECORDERS]
    assert len(set(names)) == len(names) == 8
