"""A clock that stands still until a test, or a sleeper, moves it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime


class FakeClock:
    """Fulfils ``Clock``; ``sleep`` moves the time on and lets other tasks run."""

    def __init__(self, now_ms: int = 1_750_000_000_000) -> None:
        self._ms = float(now_ms)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._ms / 1000, UTC)

    def now_ms(self) -> int:
        return int(self._ms)

    def monotonic(self) -> float:
        return self._ms / 1000

    async def sleep(self, seconds: float) -> None:
        self._ms += seconds * 1000
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        self._ms += seconds * 1000


class ManualClock(FakeClock):
    """Only ``advance`` moves it; sleepers wait for that."""

    async def sleep(self, seconds: float) -> None:
        until = self.monotonic() + seconds
        while self.monotonic() < until:
            await asyncio.sleep(0)
