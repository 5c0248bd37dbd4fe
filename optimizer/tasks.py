"""Celery entry points of the optimizer: thin, idempotent, ids as arguments.

Beat and every worker load this file; what searches and evaluates is loaded by those who do.

A study and its trials share the queue ``sweeps``. They cannot wait for each other: a worker runs
one study at a time in a place of its own, says so when asked for another, and the supervising task
asks again.
"""

from __future__ import annotations

import threading
from typing import Any

from celery import Task, shared_task

from trading.base.adapters.worker_drain import is_draining

ENQUEUED_FOR_S = 14  # shorter than the supervision period: a study nobody took is not piled up

# A call for a study goes from worker to worker until it finds the study's machine.
ASKED_AT_MOST = 20
PASSED_ON_AFTER_S = 0.5


@shared_task(name="optimizer.tasks.batch_evaluate")
def batch_evaluate_task(chunk_id: int) -> str:
    """Evaluate the trials of one chunk; a second delivery finds them answered and ends."""
    from optimizer import bootstrap

    return bootstrap.chunk_answer(chunk_id=chunk_id)


@shared_task(bind=True, name="optimizer.tasks.study_run", acks_late=False)
def study_run_task(self: Task[Any, Any], study_id: int) -> str:
    """Run a study until it ends or the worker drains; a second delivery finds it claimed."""
    from optimizer import bootstrap

    take = bootstrap.study_take(study_id=study_id, should_stop=is_draining)
    n_asked = self.request.retries + 1
    if take.is_elsewhere and n_asked < ASKED_AT_MOST:
        threading.Event().wait(PASSED_ON_AFTER_S)
        study_run_task.apply_async((study_id,), expires=ENQUEUED_FOR_S, retries=n_asked)
    return take.said


@shared_task(name="optimizer.tasks.studies_supervise")
def studies_supervise_task() -> int:
    """Call a worker for every running study that nobody works on; return how many."""
    from optimizer import bootstrap

    study_ids = bootstrap.studies_supervise()
    for study_id in study_ids:
        study_run_task.apply_async((study_id,), expires=ENQUEUED_FOR_S)
    return len(study_ids)
