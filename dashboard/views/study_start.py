"""Hand a study to the workers."""

from __future__ import annotations

from typing import Final

from celery import current_app
from kombu.exceptions import OperationalError

STUDY_RUN: Final = "optimizer.tasks.study_run"
_LATER: Final = (
    "The queue cannot be reached, so no worker was called. The study is kept and starts by itself "
    "when the queue is back."
)


def study_enqueue(study_id: int) -> str:
    """Call a worker of the queue ``sweeps``; return what went wrong, in words, or nothing.

    A call that is lost costs a little time: the supervisor calls again for studies without worker.
    """
    try:
        current_app.send_task(STUDY_RUN, (study_id,), retry=False)
    except OperationalError:
        return _LATER
    return ""
