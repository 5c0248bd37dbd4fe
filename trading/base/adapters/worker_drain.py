"""Tell tasks in a worker's child processes that the worker is shutting down.

Celery announces the shutdown in the parent only. The byte is mapped when this module is first
imported, which happens in the parent before it forks its pool, so parent and children share it.
It has no lock: a child killed while it held one would leave all the others waiting for ever.
"""

from __future__ import annotations

import mmap

_draining = mmap.mmap(-1, 1)


def drain() -> None:
    """Ask every running task to end at its next opportunity."""
    _draining[0] = 1


def is_draining() -> bool:
    """Return True once the worker has been asked to stop."""
    return _draining[0] == 1
