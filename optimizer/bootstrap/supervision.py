"""Run studies on workers and keep them running."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from django.conf import settings

from optimizer.bootstrap.candles import system_clock
from optimizer.bootstrap.studies import study_run
from optimizer.services.sweeps import supervision
from optimizer.services.sweeps.supervision import Take

_STUDY_PLACE: Final = threading.Lock()  # of this worker


def study_take(*, study_id: int, should_stop: Callable[[], bool]) -> Take:
    """Run a study on this worker unless it runs elsewhere; see the service."""
    return supervision.study_take(
        study_id=study_id,
        run=lambda number: study_run(study_id=number, should_stop=should_stop),
        is_home=lambda run_dir: (settings.DATA_DIR / run_dir).is_dir(),
        place=_STUDY_PLACE,
        clock=system_clock(),
    )


def studies_supervise() -> list[int]:
    """Clear up behind studies that have ended; return those that no process works on."""
    from optimizer.adapters.process_name import may_live

    now = system_clock().now()
    supervision.sweeps_forget(now=now)
    return supervision.studies_without_worker(now=now, is_alive=may_live)
