"""A session keeps its lease as long as it works, however long recovering takes."""

from __future__ import annotations

import asyncio

import pytest

from tests.fakes.clock import FakeClock
from tests.integration.sessions.market import open_session, series
from tests.integration.sessions.running import SilentPublisher, run_to_end
from trading.desk.bootstrap.recorders import RECORDERS
from trading.desk.models import DeskSession, SessionLease, SessionSnapshot
from trading.desk.services.sessions.runner import RunEnd, RunLimits, SessionRunner

pytestmark = pytest.mark.django_db(transaction=True)

BARS = 100


class SlowClock(FakeClock):
    """A second passes whenever somebody looks."""

    def monotonic(self) -> float:
        self.advance(1)
        return super().monotonic()


def test_a_long_recovery_does_not_lose_the_lease() -> None:
    session = open_session(series(BARS))
    run_to_end(session.pk)
    SessionSnapshot.objects.filter(session=session).delete()  # every bar is run again
    DeskSession.objects.filter(pk=session.pk).update(status=DeskSession.Status.WAITING)
    clock = SlowClock()
    seen: list[float] = []

    def look(point: str) -> None:
        if point == "recovered":
            lease = SessionLease.objects.get(session=session)
            assert lease.expires_at is not None
            seen.append((lease.expires_at - clock.now()).total_seconds())

    runner = SessionRunner(
        session_id=session.pk,
        owner="test",
        clock=clock,
        publisher=SilentPublisher(),
        recorders=RECORDERS,
        limits=RunLimits(deadline_s=1e9, should_stop=lambda: False),
        hook=look,
    )
    begun = clock.now()
    assert asyncio.run(runner.run()) is RunEnd.FINISHED
    assert (clock.now() - begun).total_seconds() > BARS
    assert len(seen) == 1
    assert seen[0] > 0
