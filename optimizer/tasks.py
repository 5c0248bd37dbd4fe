"""Celery entry points of the optimizer: thin, idempotent, ids as arguments.

Beat and every worker load this file; what evaluates is loaded by those who do.
"""

from __future__ import annotations

from celery import shared_task


@shared_task(name="optimizer.tasks.batch_evaluate")
def batch_evaluate_task(chunk_id: int) -> str:
    """Evaluate the trials of one chunk; a second delivery finds them answered and ends."""
    from optimizer import bootstrap

    return bootstrap.chunk_answer(chunk_id=chunk_id)
