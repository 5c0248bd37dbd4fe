"""Facts are numbered without a limit that a session could reach, and each counts once."""

from __future__ import annotations

import resource
import time

import pytest

from tests.integration.sessions.market import START, open_session, series
from tests.integration.sessions.running import engine_open
from trading.base.domain.errors import InvariantError
from trading.desk.domain.decision.books import books_dump
from trading.desk.domain.decision.facts import FactKind
from trading.desk.domain.decision.journal import unpack_record
from trading.desk.models import Decision, DeskSession, SessionFact
from trading.desk.services.journal.verify import session_verify
from trading.desk.services.sessions.books import books_from_rows
from trading.desk.services.sessions.facts import fact_apply

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 10_000  # written at a time


def reports_written(session: DeskSession, n: int) -> None:
    """Let the session have heard ``n`` reports that said nothing new."""
    row = DeskSession.objects.get(pk=session.pk)
    for first in range(row.facts_n + 1, row.facts_n + 1 + n, ROWS):
        SessionFact.objects.bulk_create(
            SessionFact(
                session=row,
                after_seq=row.cursor_seq,
                n=i,
                kind=FactKind.REPORT,
                payload={"reports": []},
                created_at=START,
            )
            for i in range(first, min(first + ROWS, row.facts_n + 1 + n))
        )
    DeskSession.objects.filter(pk=row.pk).update(facts_n=row.facts_n + n)


@pytest.mark.parametrize("n", [70_000, pytest.param(1_000_000, marks=pytest.mark.proof)])
@pytest.mark.timeout(900)
def test_a_session_of_very_many_facts_opens_goes_on_and_is_verified(n: int) -> None:
    session = open_session(series(340))
    engine_open(session).advance(limit=600)
    reports_written(session, n)
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    engine = engine_open(session)
    took, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{n} facts: opened in {took:.2f} s, {(after - before) / 1024:.0f} MiB more")
    engine.apply_facts([engine.fact_row(FactKind.CLOCK, {"skew_s": 11.0, "limit_s": 10.0})])
    steering = engine.state.epoch
    assert steering > n
    engine.advance(limit=40)
    newest = Decision.objects.filter(bot__session=session).latest("seq")
    assert unpack_record(bytes(newest.record)).epoch == steering
    row = DeskSession.objects.get(pk=session.pk)
    assert books_from_rows(row) == books_dump(engine.state)
    begun = time.monotonic()
    assert session_verify(session_id=session.pk).mismatches == 0
    print(f"verified in {time.monotonic() - begun:.2f} s")


def test_a_fact_counts_once_and_in_its_turn() -> None:
    engine = engine_open(open_session(series(60)))
    fact = engine.fact_row(FactKind.CLOCK, {"skew_s": 11.0, "limit_s": 10.0})
    engine.apply_facts([fact])
    with pytest.raises(InvariantError, match=r"fact 1 came after 1"):
        fact_apply(engine._driver, fact)
    fact.n = 2
    fact.kind = "rumour"
    with pytest.raises(InvariantError, match="kind 'rumour', which nothing applies"):
        fact_apply(engine._driver, fact)
