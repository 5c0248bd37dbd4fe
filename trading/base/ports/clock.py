"""Time as a dependency: services never read the wall clock themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time for rows and monotonic time for budgets."""

    def now(self) -> datetime:
        """Return the current time, timezone-aware UTC."""
        ...

    def now_ms(self) -> int:
        """Return the current time as integer milliseconds since the epoch, UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Suspend the caller."""
        ...
