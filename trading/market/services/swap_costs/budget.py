"""Never ask more often than allowed: so many requests in any minute, retries included."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from trading.base.domain.errors import BadInputError
from trading.base.ports.clock import Clock

MINUTE_S: Final = 60.0
_MS_PER_S: Final = 1000


class _Sent(NamedTuple):
    """When one request was sent: on this process's clock, s, and since the epoch, ms."""

    at_s: float
    at_ms: int


class RequestBudget:
    """Lets requests through, at most ``per_minute`` in any 60 seconds.

    Attributes:
        n_taken: requests let through so far.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        per_minute: int,
        on_take: Callable[[list[int]], None] = lambda _times_ms: None,
    ) -> None:
        """Start with a full budget.

        Args:
            clock: paces the requests.
            per_minute: in any 60 seconds.
            on_take: told before each request when those of the last minute, itself among them,
                were sent, ms since the epoch, so that the next process can ``remember`` them.

        Raises:
            BadInputError: fewer than two a minute; one measurement takes two.
        """
        if per_minute < 2:
            raise BadInputError(f"requests per minute were {per_minute}; expected 2 or more")
        self._clock = clock
        self._per_minute = per_minute
        self._on_take = on_take
        self._sent: deque[_Sent] = deque()
        self._turn = asyncio.Lock()
        self.n_taken = 0

    def remember(self, times_ms: Iterable[int]) -> None:
        """Count what another process sent, ms since the epoch; a time to come counts as now."""
        now_s, now_ms = self._clock.monotonic(), self._clock.now_ms()
        for time_ms in sorted(times_ms):
            age_ms = max(0, now_ms - time_ms)
            if age_ms < MINUTE_S * _MS_PER_S:
                self._sent.append(_Sent(now_s - age_ms / _MS_PER_S, now_ms - age_ms))

    async def take(self) -> None:
        """Wait until one more request may be sent, first come first served."""
        async with self._turn:
            while True:
                now = self._clock.monotonic()
                while self._sent and now - self._sent[0].at_s >= MINUTE_S:
                    self._sent.popleft()
                if len(self._sent) < self._per_minute:
                    break
                await self._clock.sleep(self._sent[0].at_s + MINUTE_S - now)
            self._sent.append(_Sent(now, self._clock.now_ms()))
            self._on_take([sent.at_ms for sent in self._sent])
            self.n_taken += 1
