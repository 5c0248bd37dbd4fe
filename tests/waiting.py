"""Wait for what happens in another process."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_for(
    happened: Callable[[], bool], what: str, within_s: float = 60.0, *, every_s: float = 0.05
) -> None:
    """Return once it happened; fail with its name when it does not in time."""
    until = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < until, f"{what} did not happen within {within_s:.0f} s"
        time.sleep(every_s)
