"""Named points in a session's life at which a test may kill the process."""

from __future__ import annotations

from collections.abc import Callable

Hook = Callable[[str], None]


def no_hook(_point: str) -> None:
    """Do nothing, as everywhere but in tests."""
