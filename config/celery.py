"""The Celery application; start a worker with ``celery -A config worker -Q desk``."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from celery import Celery, bootsteps
from celery.signals import worker_init, worker_process_init

from config.surroundings import celery_variables_forget, settings_module_use
from guardian.adapters.parent_bond import bind_to_parent
from trading.base.adapters.worker_drain import drain

settings_module_use(os.environ, Path(__file__).resolve().parents[1])
celery_variables_forget(os.environ)
# Before anything imports NumPy: on the small matrices of a search its threads wait for one another
# and take five times the processor time of one.
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

app = Celery("guardian")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


class Draining(bootsteps.StartStopStep):
    """Tell running tasks that their worker ends, whatever ends it.

    Celery announces an end by signal or by remote control. A worker that breaks, as with a broker
    that goes away while messages are given back to it, closes without a word and waits for its
    tasks; one that waits for chunks which this worker should have evaluated would never end.
    """

    def close(self, _worker: Any) -> None:
        """Ask every task to end, before the pool is waited for."""
        drain()


app.steps["worker"].add(Draining)


@worker_init.connect
def load_engine(sender: Any, **_kwargs: Any) -> None:
    """Load the engine before the desk's pool is forked, so that its processes share the pages."""
    if sender.hostname.startswith("desk@"):
        import_module("trading.desk.bootstrap")
        import_module("trading.desk.services.sessions.runner")


@worker_process_init.connect
def bind_pool_process(**_kwargs: Any) -> None:
    """End pool processes with their worker, so that a killed worker leaves no session running."""
    bind_to_parent()
