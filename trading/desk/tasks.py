"""Celery entry points of the desk: thin, idempotent, ids as arguments.

Beat and every worker load this file; the engine itself is loaded by those who run it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from celery import Task, shared_task
from celery.signals import worker_shutting_down

from trading.base.adapters.worker_drain import drain, is_draining

ENQUEUED_FOR_S = 4  # shorter than the supervision period: a task nobody took is not piled up


@worker_shutting_down.connect
def _drain(**_kwargs: Any) -> None:
    drain()


@shared_task(bind=True, name="trading.desk.tasks.session_run")
def session_run_task(self: Task[Any, Any], session_id: int) -> str:
    """Run one session until its deadline; a second delivery finds the lease taken and ends."""
    from trading.desk import bootstrap as desk
    from trading.desk.services.sessions.runner import RunEnd

    owner = f"{self.request.hostname}:{self.request.id}"
    end = asyncio.run(desk.session_runner(session_id=session_id, owner=owner).run())
    if end is RunEnd.HANDED_OVER and not is_draining():
        session_run_task.delay(session_id)
    elif end is RunEnd.GAVE_WAY:
        sessions_supervise_task.delay()
    return end.value


@shared_task(name="trading.desk.tasks.sessions_supervise")
def sessions_supervise_task() -> int:
    """Enqueue every wanted session that no worker holds; return how many."""
    from trading.base import bootstrap as base
    from trading.desk.services.bots.upkeep import ghosts_keep
    from trading.desk.services.sessions.supervision import sessions_without_worker
    from trading.market import bootstrap as market

    ghosts_keep(swap_cost_entries=market.swap_cost_entries, clock=base.system_clock())
    session_ids = sessions_without_worker(now=base.system_clock().now())
    for session_id in session_ids:
        session_run_task.apply_async((session_id,), expires=ENQUEUED_FOR_S)
    return len(session_ids)
