"""`desk verify` finds whatever was changed behind the desk's back, and names the row."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F, Model

from tests.integration.sessions.market import open_session, series
from tests.integration.sessions.running import run_to_end
from trading.desk.models import (
    Bot,
    Decision,
    DeskSession,
    EquityPoint,
    Fill,
    Order,
    OrderEvent,
    Position,
    RoundTrip,
    SavingsCheckpoint,
    SessionFact,
    StopState,
)
from trading.desk.services.journal.verify import VerifyReport, session_verify

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def session() -> DeskSession:
    """Return a finished session that traded, saved and skipped."""
    session = open_session(series(400))
    run_to_end(session.pk)
    assert session_verify(session_id=session.pk).mismatches == 0
    return session


def first(model: type[Model], **where: Any) -> Any:
    """Return the rows of the oldest match, so that it can be changed in place."""
    pk = model._default_manager.filter(**where).order_by("pk").values_list("pk", flat=True)[0]
    return model._default_manager.filter(pk=pk)


def copied(row: Model, **changes: Any) -> None:
    """Store the row once more, changed."""
    row.pk = None
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(force_insert=True)


def swapped(model: type[Model], field: str, place: Callable[[Any], int]) -> None:
    """Let two rows of different bots, at the same place of each, change what they belong to."""
    rows = list(model._default_manager.order_by("pk"))
    one, other = next(
        (a, b) for a in rows for b in rows if a.bot_id < b.bot_id and place(a) == place(b)
    )
    ids = getattr(one, field), getattr(other, field)
    with connection.constraint_checks_disabled():
        for row, value in ((one, -1), (other, ids[0]), (one, ids[1])):
            model._default_manager.filter(pk=row.pk).update(**{field: value})


MUTATIONS: dict[str, tuple[Callable[[], object], str]] = {
    "a doubled fill price": (lambda: first(Fill).update(price=F("price") * 2), "fill"),
    "a fill's fee": (lambda: first(Fill).update(fee=Decimal("0.01")), "fill"),
    "a deleted fill": (lambda: first(Fill).delete(), "fill"),
    "an invented fill": (lambda: copied(Fill.objects.earliest("pk"), trade_id="invented"), "fill"),
    "an invented PnL": (lambda: first(RoundTrip).update(realised_pnl=99_999), "round trip"),
    "an exit reason": (lambda: first(RoundTrip).update(exit_reason=F("exit_reason") + 1), "round"),
    "an accepted checkpoint": (
        lambda: first(SavingsCheckpoint, is_accepted=False).update(
            is_accepted=True, reserved=5, skip_reason=""
        ),
        "savings checkpoint",
    ),
    "a deleted checkpoint": (lambda: first(SavingsCheckpoint).delete(), "savings checkpoint"),
    "another savings token": (
        lambda: first(SavingsCheckpoint).update(token="XYZ"),
        "savings checkpoint",
    ),
    "cash of a million": (lambda: first(Bot).update(cash=1_000_000), "bot"),
    "a reserve": (lambda: first(Bot).update(reserved=F("reserved") + 1), "bot"),
    "a bankroll": (lambda: first(Bot).update(bankroll=5), "bot"),
    "a peak": (lambda: first(Bot).update(peak_equity=5), "bot"),
    "wins": (lambda: first(Bot).update(n_wins=F("n_wins") + 1), "bot"),
    "an outcome column": (lambda: first(Decision).update(outcome=99), "bar"),
    "another bot's round trip": (
        lambda: first(RoundTrip).update(bot=Bot.objects.latest("pk")),
        "round trip",
    ),
    "two swapped round trips": (
        lambda: swapped(RoundTrip, "position_id", lambda trip: trip.position.n),
        "round trip",
    ),
    "two swapped checkpoints": (
        lambda: swapped(SavingsCheckpoint, "round_trip_id", lambda c: c.round_trip.position.n),
        "savings checkpoint",
    ),
    "a checkpoint of another round trip": (
        lambda: first(SavingsCheckpoint).update(
            round_trip=RoundTrip.objects.filter(checkpoint=None).earliest("pk")
        ),
        "savings checkpoint",
    ),
    "a stop's schema": (lambda: first(StopState).update(schema_version=2), "stop"),
    "an order's limit": (lambda: first(Order).update(limit_price=1), "order"),
    "an order's status": (lambda: first(Order).update(status="rejected"), "order"),
    "an order's story": (lambda: first(OrderEvent).update(kind="rejected"), "event"),
    "a deleted event": (lambda: OrderEvent.objects.latest("pk").delete(), "event"),
    "a position's entry": (lambda: first(Position).update(average_entry_price=1), "position"),
    "a stop": (lambda: first(StopState).update(current_stop=1), "stop"),
    "an equity point": (lambda: first(EquityPoint).update(equity=1e6), "equity"),
    "a deleted equity point": (lambda: first(EquityPoint).delete(), "equity"),
    "an invented equity point": (
        lambda: copied(EquityPoint.objects.earliest("pk"), bar_time=1),
        "equity",
    ),
    "a record of no bar": (
        lambda: copied(Decision.objects.earliest("pk"), seq=10**9, open_time=1),
        "bar",
    ),
    "a record of another time": (lambda: first(Decision).update(open_time=1), "bar"),
    "the number of decisions": (lambda: first(DeskSession).update(n_decisions=1), "session"),
    "the last bar": (lambda: first(DeskSession).update(cursor_seq=10**9), "session"),
    "the digest": (lambda: first(DeskSession).update(digest="00"), "session"),
    "the policy of the start": (lambda: SessionFact.objects.all().delete(), "the start"),
}


def test_whatever_is_changed_is_found_and_named(
    session: DeskSession, subtests: pytest.Subtests
) -> None:
    for name, (change, label) in MUTATIONS.items():
        with subtests.test(name), transaction.atomic():
            change()
            report: VerifyReport = session_verify(session_id=session.pk)
            assert report.mismatches >= 1
            assert any(line.startswith(label) for line in report.examples), report.examples
            transaction.set_rollback(True)


def test_each_changed_row_is_named_with_what_is_stored_and_what_was_recomputed(
    session: DeskSession,
) -> None:
    pnl = {trip.pk: trip.realised_pnl for trip in RoundTrip.objects.all()}
    RoundTrip.objects.update(realised_pnl=99_999)
    report = session_verify(session_id=session.pk)
    assert report.mismatches == len(pnl) == len(report.examples) > 3
    stated = {line.rsplit(" ", 1)[1] for line in report.examples}
    assert {Decimal(text) for text in stated} == set(pnl.values())
    assert all("realised_pnl is stored as 99999" in line for line in report.examples)


def test_the_command_counts_rows_by_table_and_ends_with_one_for_a_difference(
    session: DeskSession, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("desk", "verify", "--session", str(session.pk), "--json")
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["rows"]["fills"] == Fill.objects.count() > 0
    assert answer["rows"]["bots"] == Bot.objects.count()
    Bot.objects.update(cash=1)
    with pytest.raises(SystemExit) as ended:
        call_command("desk", "verify", "--session", str(session.pk), "--json")
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (ended.value.code, answer["error"]) == (1, "journal_mismatch")
    assert len(answer["examples"]) == 2 * Bot.objects.count()  # by the rerun and by the ledger


def test_a_session_that_goes_on_is_checked_as_it_stands() -> None:
    bars = series(300)
    session, steps = open_session(bars, is_finished=False), Counter[str]()
    n_times = len(bars["AAA/USDT"])
    run_to_end(
        session.pk,
        hook=lambda point: steps.update([point]),
        should_stop=lambda: steps["stepped"] == n_times,
    )
    report = session_verify(session_id=session.pk)
    assert (report.mismatches, report.is_digest_equal) == (0, True)
    assert report.rows["fills"] == Fill.objects.count() > 0
