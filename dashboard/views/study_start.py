"""Hand a study to the workers."""

from __future__ import annotations

from typing import Final

from kombu.exceptions import OperationalError

from optimizer.tasks import ENQUEUED_FOR_S, study_run_task

_LATER: Final = (
    "The queue cannot be reached, so no worker was called. The study is kept and starts by itself "
    "when the queue is back."
)


def study_enqueue(study_id: int) -> str:
    """Call a worker of the queue ``sweeps``; return what went wrong, in words, or nothing.

    A call that is lost costs a little time: the supervisor calls again for studies without worker.
    """
    try:
        study_run_task.apply_async((study_id,), expires=ENQUEUED_FOR_S, retry=False)
    except OperationalError:
        return _LATER
    return ""
