"""Tell tasks in a worker's child processes that the worker is shutting down.

Celery announces the shutdown in the parent only. The event is created when this module is first
imported, which happens in the parent before it forks its pool, so parent and children share it.
"""

from __future__ import annotations

import multiprocessing

_draining = multiprocessing.get_context("fork").Event()


def drain() -> None:
    """Ask every running task to end at its next opportunity."""
    _draining.set()


def is_draining() -> bool:
    """Return True once the worker has been asked to stop."""
    return _draining.is_set()
