"""Do a piece of database work again when its connection was lost in the middle of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from django.db import InterfaceError, OperationalError, connection

T = TypeVar("T")

PAUSES_S: Final = (0.0, 0.05, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)  # half a minute in all


def reconnecting(work: Callable[[], T], *, pause: Callable[[float], object]) -> T:
    """Return what ``work`` returns, begun again on a fresh connection where one was lost.

    Args:
        work: harmless when done twice: it may have been committed before the loss was noticed.
        pause: waits that many seconds.

    Raises:
        OperationalError, InterfaceError: the database stayed away for half a minute, or the
            caller is inside a transaction of its own, which is lost as a whole.
    """
    for wait_s in PAUSES_S:
        try:
            return work()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block:
                raise
            connection.close()
            pause(wait_s)
    return work()
