"""Run sessions in the test's own process, or in children that are killed on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trading.base.adapters.system_clock import SystemClock
from trading.base.ports.recording import RecorderMaker
from trading.desk.bootstrap.recorders import RECORDERS
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
