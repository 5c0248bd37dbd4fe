"""Hand a study to the workers."""

from __future__ import annotations

from typing import Final

from kombu.exceptions import OperationalError

from optimizer import bootstrap
from optimizer.tasks import ENQUEUED_FOR_S, study_run_task

# A person waits for the page, so the queue is asked once. The desk's own connections try for
# seconds; this one is made for the call.
_AT_ONCE: Final = {"max_retries": 0, "socket_connect_timeout": 0.5, "socket_timeout": 0.5}
_LATER: Final = (
    "The queue cannot be reached, so no worker was called. The study is kept and starts by itself "
    "when the queue is back."
)


def study_enqueue(study_id: int, *, n_done: int) -> str:
    """Call a worker of the queue ``sweeps`` and tell browsers; return what went wrong, in words.

    A call that is lost costs a little time: the supervisor calls again for studies without worker.

    Args:
        study_id: of a study in status running.
        n_done: trials stored so far.
    """
    app = study_run_task.app
    try:
        with app.connection_for_write(transport_options=_AT_ONCE) as connection:
            study_run_task.apply_async(
                (study_id,), expires=ENQUEUED_FOR_S, retry=False, connection=connection
            )
    except OperationalError:
        return _LATER  # news goes the same way, and would be waited for as well
    bootstrap.study_news().tell(study_id, n_done=n_done, is_change=True)
    return ""
