"""More sessions than workers: each gets its turn, and none gives way to nobody."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.sessions.market import open_session, series
from tests.integration.sessions.running import SilentPublisher
from trading.base.adapters.system_clock import SystemClock
from trading.desk.bootstrap.recorders import RECORDERS
from trading.desk.models import DeskSession
from trading.desk.services.sessions.lease import lease_claim
from trading.desk.services.sessions.runner import RunEnd, RunLimits, SessionRunner
from trading.desk.services.sessions.supervision import sessions_without_worker

pytestmark = pytest.mark.django_db(transaction=True)


def run(session_id: int, *, deadline_s: float, turn_s: float) -> RunEnd:
    limits = RunLimits(deadline_s=deadline_s, should_stop=lambda: False, turn_s=turn_s)
    runner = SessionRunner(
        session_id=session_id, owner="test", clock=SystemClock(),
        publisher=SilentPublisher(), recorders=RECORDERS, limits=limits,
    )  # fmt: skip
    return asyncio.run(runner.run())


def two_sessions() -> tuple[DeskSession, DeskSession]:
    return (
        open_session(series(30), "one", is_finished=False),
        open_session(series(30), "two", is_finished=False),
    )


def waiting() -> list[int]:
    return sessions_without_worker(now=SystemClock().now())


def test_a_session_that_had_its_turn_makes_room_for_one_that_waits() -> None:
    first, second = two_sessions()
    assert run(first.pk, deadline_s=60.0, turn_s=0.3) is RunEnd.GAVE_WAY
    assert waiting() == [second.pk, first.pk]
    assert run(second.pk, deadline_s=60.0, turn_s=0.3) is RunEnd.GAVE_WAY
    assert waiting() == [first.pk, second.pk]
    cursors = DeskSession.objects.order_by("pk").values_list("cursor_seq", flat=True)
    assert list(cursors) == [60, 60]


def test_it_stays_while_every_other_session_has_a_worker_or_is_not_wanted() -> None:
    first, second = two_sessions()
    clock = SystemClock()
    lease_claim(session_id=second.pk, owner="another worker", now=clock.now())
    open_session(series(30), "three", is_finished=False)
    DeskSession.objects.filter(feed__name="three").update(is_wanted=False)
    began = clock.monotonic()
    assert run(first.pk, deadline_s=3.0, turn_s=0.3) is RunEnd.HANDED_OVER
    assert clock.monotonic() - began >= 3.0
