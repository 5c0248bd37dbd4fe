"""What runs by the clock, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScheduleEntry:
    """One periodic task; ``every_s`` whole seconds, ``expires_s`` drops one that is late."""

    name: str
    task: str
    every_s: int
    queue: str
    description: str
    expires_s: int
