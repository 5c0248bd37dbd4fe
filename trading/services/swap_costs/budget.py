"""Never ask more often than allowed: so many requests in any minute, retries included."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from trading.domain.errors import BadInputError
from trading.ports.clock import Clock

MINUTE_S: Final = 60.0


class RequestBudget:
    """Lets requests through, at most ``per_minute`` in any 60 seconds.

    Attributes:
        n_taken: requests let through so far.
    """

    def __init__(self, *, clock: Clock, per_minute: int) -> None:
        """Start with a full budget.

        Raises:
            BadInputError: fewer than two a minute; one measurement takes two.
        """
        if per_minute < 2:
            raise BadInputError(f"requests per minute were {per_minute}; expected 2 or more")
        self._clock = clock
        self._per_minute = per_minute
        self._sent: deque[float] = deque()
        self._turn = asyncio.Lock()
        self.n_taken = 0

    async def take(self) -> None:
        """Wait until one more request may be sent, first come first served."""
        async with self._turn:
            while True:
                now = self._clock.monotonic()
                while self._sent and now - self._sent[0] >= MINUTE_S:
                    self._sent.popleft()
                if len(self._sent) < self._per_minute:
                    break
                await self._clock.sleep(self._sent[0] + MINUTE_S - now)
            self._sent.append(now)
            self.n_taken += 1
