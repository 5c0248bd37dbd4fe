"""A session in one process: same decisions as replay, every row explained, no other start path."""

from __future__ import annotations

import pytest

from tests.integration.sessions.market import open_session, series
from tests.integration.sessions.records import written
from tests.integration.sessions.running import run_to_end
from trading.base.domain.reasons import ExitReason
from trading.desk.models import (
    Decision,
    DeskSession,
    Fill,
    Order,
    Position,
    RoundTrip,
    SavingsCheckpoint,
    SessionLease,
)
from trading.desk.services.journal.replay import replay_run
from trading.desk.services.journal.verify import session_verify
from trading.desk.services.sessions.runner import RunEnd

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_ghost_session_decides_exactly_what_a_replay_of_the_same_bars_decides() -> None:
    bars = series()
    session = open_session(bars)
    assert run_to_end(session.pk) is RunEnd.FINISHED
    session.refresh_from_db()
    start = session.facts.get(n=0).payload
    report = replay_run(blueprint=start, series=bars)
    assert report.digest == session.digest
    assert report.round_trips == RoundTrip.objects.count() > 0
    assert report.decisions == Decision.objects.count() == session.n_decisions
    assert report.fills == Fill.objects.count()
    assert report.orders == Order.objects.count()
    wins = sum(trip.realised_pnl > 0 for trip in RoundTrip.objects.all())
    assert SavingsCheckpoint.objects.count() == wins > 0


def test_every_decision_can_be_recomputed_bit_for_bit() -> None:
    session = open_session(series())
    run_to_end(session.pk)
    report = session_verify(session_id=session.pk)
    assert (report.mismatches, report.is_digest_equal) == (0, True)
    assert report.checked == Decision.objects.count() > 0


def test_a_changed_record_is_found() -> None:
    session = open_session(series(300))
    run_to_end(session.pk)
    row = Decision.objects.order_by("?")[0]
    record = bytearray(row.record)
    record[-1] ^= 1
    Decision.objects.filter(pk=row.pk).update(record=bytes(record))
    assert session_verify(session_id=session.pk).mismatches == 1


def test_a_deleted_record_is_found() -> None:
    session = open_session(series(300))
    run_to_end(session.pk)
    Decision.objects.order_by("?")[0].delete()
    assert session_verify(session_id=session.pk).mismatches == 1


def test_the_rows_of_an_account_add_up() -> None:
    session = open_session(series())
    run_to_end(session.pk)
    for bot in session.bots.all():
        trips = list(bot.round_trips.all())
        open_cost = sum(
            fill.notional + fill.fee + fill.gas_cost
            if fill.side == "buy"
            else -fill.notional + fill.fee
            for position in bot.positions.filter(is_open=True)
            for fill in position.fills.all()
        )
        assert bot.realised_pnl == sum(trip.realised_pnl for trip in trips)
        assert bot.reserved == sum(row.reserved for row in bot.checkpoints.all())
        assert bot.cash == bot.bankroll + bot.realised_pnl - bot.reserved - open_cost
        assert bot.n_round_trips == len(trips)


def test_sessions_of_the_same_bars_make_the_same_money_whatever_their_numbers() -> None:
    bars = series()
    for pair in bars.values():
        pair.values[4] *= 0.01  # thin: orders share volume
    sessions = [open_session(bars, name) for name in ("one", "two")]
    for session in sessions:
        run_to_end(session.pk)
    one, two = (written(session.pk) for session in sessions)
    assert one == two
    assert one["round trips"]


def test_a_session_that_ends_has_nothing_open_and_says_why() -> None:
    session = open_session(series(400, seed=2))
    run_to_end(session.pk)
    assert not Position.objects.filter(is_open=True).exists()
    assert not Order.objects.filter(status__in=("accepted", "partially_filled")).exists()
    assert session.facts.filter(kind="end").count() == 1
    ended = RoundTrip.objects.filter(exit_reason=ExitReason.END_OF_DATA)
    assert ended.count() == Order.objects.filter(reason="end_of_data").count() > 0


def test_an_open_position_is_always_protected_by_a_working_stop() -> None:
    session = open_session(series(400, seed=2), is_finished=False)
    run_to_end(session.pk, deadline_s=20)
    assert Position.objects.filter(is_open=True).exists()
    for position in Position.objects.filter(is_open=True):
        exits = Order.objects.filter(
            bot=position.bot, side="sell", status__in=("accepted", "partially_filled")
        )
        assert exits.count() == 1
        assert position.stop.current_stop > 0


def test_a_second_worker_finds_the_lease_taken() -> None:
    session = open_session(series(50))
    SessionLease.objects.filter(session=session).update(
        owner="other", token=7, expires_at="2999-01-01T00:00:00Z"
    )
    assert run_to_end(session.pk) is RunEnd.BUSY
    session.refresh_from_db()
    assert (session.status, session.cursor_seq) == (DeskSession.Status.PENDING, 0)


def test_a_finished_session_run_again_changes_nothing() -> None:
    session = open_session(series(300))
    run_to_end(session.pk)
    before = (Decision.objects.count(), Order.objects.count(), Fill.objects.count())
    assert run_to_end(session.pk) is RunEnd.FINISHED
    assert (Decision.objects.count(), Order.objects.count(), Fill.objects.count()) == before
