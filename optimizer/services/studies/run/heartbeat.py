"""Give signs of life while a study does something long in one piece.

A thread with a database connection of its own; used around replaying, luck and reports only, so
that a search that hangs is still noticed by its silence.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import InterfaceError, OperationalError, connection

from optimizer.models import Study
from optimizer.services.studies.control import study_renew
from trading.base.ports.clock import Clock

EVERY_S: Final = 5.0


@contextmanager
def heartbeat(study: Study, clock: Clock, *, every_s: float = EVERY_S) -> Iterator[None]:
    """Write the time to the study's row now and then until the block ends."""
    over = threading.Event()

    def beat() -> None:
        try:
            while not over.wait(every_s):
                try:
                    study_renew(study, now=clock.now())
                except (OperationalError, InterfaceError):
                    connection.close()  # what matters is tried again by whoever needs it
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name="study-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
