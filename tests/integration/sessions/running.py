"""Run sessions in the test's own process, or in children that are killed on purpose."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import connections

from trading.base.adapters.system_clock import SystemClock
from trading.base.ports.recording import RecorderMaker
from trading.desk.bootstrap.recorders import RECORDERS
from trading.desk.models import DeskSession, SessionLease
from trading.desk.services.sessions.engine import SessionEngine
from trading.desk.services.sessions.lease import lease_claim
from trading.desk.services.sessions.runner import RunEnd, RunLimits, SessionRunner


class SilentPublisher:
    """Takes every message and shows it to nobody."""

    async def publish(self, topic: str, message: Mapping[str, Any]) -> bool:
        """Return True, as if somebody had listened."""
        return bool(topic and message)


def runner(
    session_id: int,
    *,
    hook: Callable[[str], None] = lambda _point: None,
    deadline_s: float = 120,
    should_stop: Callable[[], bool] = lambda: False,
    recorders: Sequence[RecorderMaker] = RECORDERS,
) -> SessionRunner:
    """Return a runner with the real clock and nobody listening."""
    return SessionRunner(
        session_id=session_id,
        owner="test",
        clock=SystemClock(),
        publisher=SilentPublisher(),
        recorders=recorders,
        limits=RunLimits(deadline_s=deadline_s, should_stop=should_stop),
        hook=hook,
    )


def run_to_end(session_id: int, **options: Any) -> RunEnd:
    """Run the session until it ends."""
    return asyncio.run(runner(session_id, **options).run())


def in_child(work: Callable[[], object]) -> int:
    """Run ``work`` in a forked child and return the signal that ended it (0: it ended itself)."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - the child must never come back
            os.write(2, f"child failed: {error!r}\n".encode())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def engine_open(session: DeskSession, **options: Any) -> SessionEngine:
    """Return the recovered engine of a session, to be advanced step by step; its lease is ours."""
    let_go(session)
    clock = SystemClock()
    token = lease_claim(session_id=session.pk, owner="test", now=clock.now())
    assert token is not None
    session.refresh_from_db()
    engine = SessionEngine(
        session=session, token=token, clock=clock, recorders=RECORDERS, **options
    )
    engine.recover()
    return engine


def let_go(session: DeskSession) -> None:
    """Give the session's lease back, whoever has it."""
    SessionLease.objects.filter(session=session).update(expires_at=None)
