"""Evaluate the trials of studies on the Celery workers of several machines."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings

from optimizer.bootstrap.candles import system_clock

if TYPE_CHECKING:
    from optimizer.adapters.workers.wire import Job
    from optimizer.ports.machines import Bell, SweepMachine
    from optimizer.ports.sweeps import TrialPool

_ONE_MACHINE: Final = threading.Lock()


def evaluation_version() -> str:
    """Return what decides the last bit of a result: the kernels' sources and what runs them."""
    libraries = " ".join(f"{name} {version(name)}" for name in ("numpy", "numba"))
    return f"{settings.SOURCES_DIGEST} {libraries}"


def kernels_ready(say: Callable[[str], object] = lambda _line: None) -> bool:
    """Compile every kernel of the optimizer unless that was done on this machine; see there."""
    from optimizer.adapters.workers.kernels import kernels_compiled

    folder = settings.KERNELS_DIR
    return bool(folder) and kernels_compiled(Path(folder), evaluation_version(), say)


def celery_pool(
    job: Job, *, study_id: int, most: int | None, say: Callable[[str], object]
) -> TrialPool:
    """Return the Celery workers of all machines as one pool.

    Args:
        job: what they evaluate.
        study_id: of the study.
        most: chunks in flight at a time; None for as many as there are places.
        say: takes a line for a person when none of them answers.
    """
    from celery import current_app

    from optimizer.adapters.workers.celery_pool import CeleryPool, PoolTools
    from optimizer.adapters.workers.celery_queue import CelerySweepQueue
    from optimizer.adapters.workers.reconnect import reconnecting
    from optimizer.services.sweeps.silence import WatchedPool

    pause = threading.Event().wait
    tools = PoolTools(
        queue=CelerySweepQueue(current_app._get_current_object()),
        bell=sweep_bell(),
        clock=system_clock(),
        pause=pause,
        version=evaluation_version(),
    )
    pool = CeleryPool(job, study_id=study_id, tools=tools, most=most)
    if pool.given is not None and pool.given.why:
        say(pool.given.sentence)
    return WatchedPool(
        pool,
        study_id=study_id,
        clock=tools.clock,
        database=partial(reconnecting, pause=pause),
        say=say,
    )


@cache
def sweep_bell() -> Bell:
    """Return what wakes the orchestrators of studies; one per process."""
    from optimizer.adapters.workers.bell import RedisBell

    prefix = str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"])
    return RedisBell(settings.REDIS_URL, prefix=prefix, pause=threading.Event().wait)


def sweep_machine() -> SweepMachine:
    """Return what evaluates trials for studies of other machines; one per process."""
    with _ONE_MACHINE:  # the threads of a worker come here at the same moment
        return _sweep_machine()


@cache
def _sweep_machine() -> SweepMachine:
    from optimizer.adapters.workers.blobs import MachineData
    from optimizer.adapters.workers.machine import LocalMachine

    data = MachineData(settings.DATA_DIR / "sweeps")
    return LocalMachine(data, version=evaluation_version(), clock=system_clock())


def chunk_answer(*, chunk_id: int) -> str:
    """Evaluate a chunk of somebody's study here and store the answer; see the service."""
    from optimizer.adapters.workers.reconnect import reconnecting
    from optimizer.services.sweeps import answering

    return answering.chunk_answer(
        chunk_id=chunk_id,
        machine=sweep_machine(),
        bell=sweep_bell(),
        database=partial(reconnecting, pause=threading.Event().wait),
    )
