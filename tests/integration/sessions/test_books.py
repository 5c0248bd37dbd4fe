"""The rows of a session are its books: after every commit they say what the core's state says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.sessions.market import open_session, series
from tests.integration.sessions.running import engine_open, let_go, run_to_end
from trading.base.adapters.system_clock import SystemClock
from trading.desk.domain.decision.books import books_dump, books_load
from trading.desk.domain.decision.facts import FactKind
from trading.desk.domain.execution.orders import ExecutionReport, OrderPurpose, ReportKind
from trading.desk.models import DeskSession, SessionFact, SessionSnapshot
from trading.desk.services.config.overrides import override_set
from trading.desk.services.execution.reports import reports_dump
from trading.desk.services.journal.verify import session_verify
from trading.desk.services.sessions.blueprint import state_build
from trading.desk.services.sessions.books import books_from_rows
from trading.desk.services.sessions.engine import SessionEngine
from trading.desk.services.sessions.runner import RunEnd

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = 420
SAVING = {
    "policy.savings.min_closes": 1,
    "policy.savings.score_min": 0.0,
    "policy.savings.fee_policy": "transfer_cost",
}


def told(engine: SessionEngine, kind: FactKind, **payload: Any) -> None:
    engine.apply_facts([engine.fact_row(kind, payload)])


def triggered(engine: SessionEngine) -> list[dict[str, Any]]:
    """Return a venue's word that a working stop was reached."""
    orders = [order for bot in engine.state.bots for order in bot.orders.values()]
    stop = next(order for order in orders if order.purpose is OrderPurpose.STOP)
    return reports_dump(
        [ExecutionReport(stop.client_order_id, ReportKind.TRIGGERED, engine.state.time)]
    )


def thin(n: int, seed: int) -> dict[str, Any]:
    """Return bars of so little volume that orders are filled in parts."""
    bars = series(n, seed=seed)
    for pair in bars.values():
        pair.values[4] *= 0.004
    return bars


def test_after_every_step_of_a_busy_run_the_rows_are_the_books() -> None:
    override_set(changes=SAVING, reason="to save", author="test", clock=SystemClock())
    session = open_session(thin(STEPS, seed=7))
    engine = engine_open(session)
    bots = {str(bot.spec.index): [1, False] for bot in engine.state.bots}
    orders: dict[int, Any] = {
        360: lambda: told(engine, FactKind.CATCH_UP, through_seq=730, now_ms=engine.state.time),
        375: lambda: told(engine, FactKind.CLOCK, skew_s=11.5, limit_s=10.0),
        376: lambda: told(engine, FactKind.CLOCK, skew_s=0.0, limit_s=10.0),
        390: lambda: told(engine, FactKind.TRADING_STATE, states=bots | {"0": [3, True]}),
        391: lambda: told(engine, FactKind.ABSENT, pairs=["BBB/USDT"]),
        392: lambda: told(engine, FactKind.REPORT, reports=triggered(engine)),
        395: lambda: told(engine, FactKind.REARM, orders=[], bots=[0, 1]),
        400: lambda: told(engine, FactKind.TRADING_STATE, states={}),
    }
    seen: set[str] = set()
    n = 0
    while engine.advance(limit=1):
        n += 1
        orders.get(n, lambda: None)()
        row = DeskSession.objects.get(pk=session.pk)
        assert books_from_rows(row) == books_dump(engine.state), f"after step {n}"
        for bot in engine.state.bots:
            seen |= {order.status.value for order in (*bot.orders.values(), *bot.recent.values())}
            seen |= {"held"} if bot.position and bot.stop else set()
            seen |= {"saved"} if bot.reserved else set()
    assert n == STEPS
    assert seen >= {"accepted", "partially_filled", "filled", "cancelled", "held", "saved"}
    engine.end()
    row = DeskSession.objects.get(pk=session.pk)
    assert books_from_rows(row) == books_dump(engine.state)
    assert session_verify(session_id=session.pk).mismatches == 0


def test_books_that_are_dumped_and_loaded_are_the_same() -> None:
    session = open_session(thin(400, seed=3))
    engine = engine_open(session)
    engine.advance(limit=700)
    books = books_dump(engine.state)
    start = SessionFact.objects.get(session=session, n=0).payload
    state = state_build(start, session_key=engine.state.session_key)
    books_load(state, books)
    assert books_dump(state) == books
    for bot, other in zip(state.bots, engine.state.bots, strict=True):
        assert (bot.orders, bot.recent) == (other.orders, other.recent)
        assert (bot.position, bot.stop) == (other.position, other.stop)
        assert bot.stand(state.epoch) == other.stand(engine.state.epoch)


@pytest.mark.parametrize("left", ["whole", "torn", "of another layout", "none"])
def test_a_snapshot_is_a_cache_that_may_be_missing_torn_or_of_another_layout(left: str) -> None:
    bars = series(400, seed=5)
    calm = open_session(bars, name="calm")
    run_to_end(calm.pk)
    session = open_session(bars, name="cut")
    engine = engine_open(session)
    while engine.state.seq < 740:
        engine.advance(limit=1)
    engine.snapshot()
    rows = SessionSnapshot.objects.filter(session=session)
    assert rows.count() > 0
    {
        "whole": lambda: None,
        "torn": lambda: rows.update(state=b"torn"),
        "of another layout": lambda: rows.update(layout="older"),
        "none": rows.delete,
    }[left]()
    let_go(session)
    assert run_to_end(session.pk) is RunEnd.FINISHED
    session.refresh_from_db()
    calm.refresh_from_db()
    assert (session.digest, session.n_decisions) == (calm.digest, calm.n_decisions)
    assert session_verify(session_id=session.pk).mismatches == 0
