"""A deploy ends no session: books stay to the last digit, stops stand, and both versions are named.

The other version runs in a child of its own, over the rows the first one left at a moment with an
open position, its working stop and a half-filled order.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from tests.integration.sessions import deploying
from tests.integration.sessions.market import open_session, series
from tests.integration.sessions.running import engine_open, in_child, let_go, run_to_end
from trading.desk.domain.decision.books import books_dump
from trading.desk.domain.decision.facts import FactKind
from trading.desk.domain.execution.orders import OrderPurpose, OrderStatus
from trading.desk.models import Decision, DeskSession, Order, SessionFact, SessionSnapshot
from trading.desk.services.journal.verify import session_verify
from trading.desk.services.sessions.books import books_from_rows
from trading.desk.services.sessions.code_version import code_version
from trading.desk.services.sessions.runner import RunEnd

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]

BARS, ATTEMPTS = 460, 8
SEEDS = {"sampled": range(2), "all": range(20)}
NOT_BOOKS = {"epoch", "facts_n"}  # the CODE fact itself


def busy(seed: int) -> tuple[DeskSession, dict[str, Any]]:
    """Return a session that holds a position with its stop and has a half-filled order."""
    for attempt in range(ATTEMPTS):
        bars = series(BARS, seed=seed + 1 + 100 * attempt)
        for pair in bars.values():
            pair.values[4] *= 0.004  # thin: orders are filled in parts
        session = open_session(bars, name=f"seed {seed}, {attempt}")
        books = run_until_busy(session)
        if books is not None:
            return session, books
    raise AssertionError("no bars left a half-filled order beside a guarded position")


def run_until_busy(session: DeskSession) -> dict[str, Any] | None:
    """Run the session until it is, and return its books then; None when it never was."""
    engine = engine_open(session)
    while engine.advance(limit=1):
        bots = engine.state.bots
        is_guarded = any(bot.position and bot.working(OrderPurpose.STOP) for bot in bots)
        orders = [order for bot in bots for order in bot.orders.values()]
        is_half = any(order.status is OrderStatus.PARTIALLY_FILLED for order in orders)
        if is_guarded and is_half:
            engine.snapshot()
            return books_dump(engine.state)
    return None


def retire_a_setting(session: DeskSession) -> None:
    """Let the recorded policy be that of a version with one setting more and one less."""
    start = SessionFact.objects.get(session=session, n=0)
    policy = start.payload["policy"]
    policy["risk"]["retired_limit"] = 5
    del policy["risk"]["max_open_positions"]
    start.save()


def stops(session: DeskSession) -> list[tuple[Any, ...]]:
    rows = Order.objects.filter(session=session, ended_n=0, purpose="stop").order_by("pk")
    return list(rows.values_list("client_order_id", "status", "quantity", "stop_price"))


def goes_on(session: DeskSession, books: dict[str, Any], standing: list[tuple[Any, ...]]) -> None:
    """Be the other version: take the session over, compare, run it to its end, verify it."""
    deploying.install()
    engine = engine_open(session)
    fact = SessionFact.objects.get(session=session, kind=FactKind.CODE)
    assert fact.payload["version"] == deploying.VERSION
    assert fact.payload["books"] == books
    now = books_dump(engine.state)
    assert {k: v for k, v in now["desk"].items() if k not in NOT_BOOKS} == {
        k: v for k, v in books["desk"].items() if k not in NOT_BOOKS
    }
    assert now["bots"] == books["bots"]
    assert stops(session) == standing
    assert not SessionSnapshot.objects.filter(session=session).exists()  # of no use to this code
    let_go(session)
    assert run_to_end(session.pk) is RunEnd.FINISHED
    report = session_verify(session_id=session.pk)
    assert (report.mismatches, report.is_digest_equal, report.is_same_code) == (0, True, True)
    older, newer = report.versions
    n_older = Decision.objects.filter(bot__session=session, seq__lte=fact.after_seq).count()
    assert (older.version, older.is_recomputed) == (code_version(), False)
    assert (older.from_bar, older.to_bar) == (1, fact.after_seq)
    assert older.rows["decisions"] == n_older > 0
    assert (newer.version, newer.is_recomputed) == (deploying.VERSION, True)
    assert newer.rows["decisions"] == report.checked > 0
    json.dumps(report.as_json())


def falls(session: DeskSession) -> None:
    """Be the other version and find what was changed of its own rows, and what was deleted."""
    deploying.install()
    newest = Decision.objects.filter(bot__session=session).order_by("-seq")[0]
    oldest = Decision.objects.filter(bot__session=session).order_by("seq")[0]
    Decision.objects.filter(pk=newest.pk).update(outcome=99)
    Order.objects.filter(session=session, created_seq__gt=700).update(reason="other")
    assert session_verify(session_id=session.pk).mismatches >= 2
    oldest.delete()
    said = session_verify(session_id=session.pk).examples
    assert any("records are stored; there were" in line for line in said)


@pytest.mark.parametrize("seeds", ["sampled", pytest.param("all", marks=pytest.mark.proof)])
@pytest.mark.timeout(900)
def test_no_deploy_ends_a_session(seeds: str) -> None:
    for seed in SEEDS[seeds]:
        session, books = busy(seed)
        retire_a_setting(session)
        session.refresh_from_db()
        assert books_from_rows(session) == books
        assert in_child(partial(goes_on, session, books, stops(session))) == 0, f"seed {seed}"
        report = session_verify(session_id=session.pk)  # the first version again: not its rows
        assert (report.is_same_code, report.checked, report.mismatches) == (False, 0, 0)
        assert [span.is_recomputed for span in report.versions] == [False, False]
    assert in_child(partial(falls, session)) == 0


def test_a_session_that_another_version_finished_is_left_as_it_is() -> None:
    session = open_session(series(300))
    run_to_end(session.pk)

    def again() -> None:
        deploying.install()
        assert run_to_end(session.pk) is RunEnd.FINISHED
        assert not SessionFact.objects.filter(session=session, kind=FactKind.CODE).exists()

    assert in_child(again) == 0
    assert session_verify(session_id=session.pk).mismatches == 0
