"""Ask for rungs a minute's budget at a time, and give up soon when nobody answers.

While the venue does not answer, one rung tries again for all of its batch: four rungs that each
try five times would need three minutes of the budget to learn what one learns in twenty seconds.

Source: reference specification of the optimizer, section 1, fetcher (five tries, sleeps of
min(8, 1.5 k) seconds).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from trading.base.domain.errors import RateLimitedError, VenueError, VenueUnavailableError
from trading.base.ports.clock import Clock
from trading.market.ports.quotes import SwapQuote, SwapQuoter, Token
from trading.market.services.swap_costs.budget import RequestBudget
from trading.market.services.swap_costs.market import SwapMarket
from trading.market.services.swap_costs.rungs import rung_entry

TRIES: Final = 5
WAIT_STEP_S: Final = 1.5
WAIT_MAX_S: Final = 8.0
LIMIT_WAIT_MAX_S: Final = 600.0  # who asks for a longer pause is asked another day
REQUESTS_PER_RUNG: Final = 2

Say = Callable[[str], object]
Keep = Callable[[str, dict[str, Any]], None]

_RETRIED: Final = (VenueUnavailableError, RateLimitedError)


class RungAsker:
    """Measures rungs of one market, each with two requests."""

    def __init__(
        self, market: SwapMarket, quoter: SwapQuoter, clock: Clock, budget: RequestBudget, say: Say
    ) -> None:
        """Ask ``quoter`` within ``budget``; ``say`` takes a line for a person before a retry."""
        self._market = market
        self._quoter = quoter
        self._clock = clock
        self._budget = budget
        self._say = say
        self._retrying = asyncio.Lock()
        self._lost: VenueError | None = None
        self._refused: list[VenueError] = []

    async def measure(self, rungs: Sequence[int], per_batch: int, keep: Keep) -> None:
        """Measure ``rungs`` in order; ``keep`` takes each as soon as it is there.

        Raises:
            VenueError: nobody answers any more, which ends it at once; or one rung was refused,
                which ends it after the others of its batch.
        """
        for start in range(0, len(rungs), per_batch):
            try:
                async with asyncio.TaskGroup() as batch:  # one that fails cancels the others
                    for rung in rungs[start : start + per_batch]:
                        batch.create_task(self._rung(rung, keep))
            except ExceptionGroup as failed:
                raise failed.exceptions[0] from None
            if self._refused:
                raise self._refused[0]

    async def _rung(self, notional: int, keep: Keep) -> None:
        market = self._market
        try:
            buy = await self._ask(market.quote, market.asset, notional * market.quote.unit)
            sell = await self._ask(market.asset, market.quote, buy.amount_out)
            entry = rung_entry(market, notional, buy, sell, self._clock.now())
        except VenueError as error:
            if error is self._lost:
                raise
            self._refused.append(error)
        else:
            keep(str(notional), entry)

    async def _ask(self, sell: Token, buy: Token, amount: int) -> SwapQuote:
        try:
            return await self._send(sell, buy, amount)
        except _RETRIED as error:
            failed = error
        pause_s = _pause_s(failed, 1)
        again_at = self._clock.monotonic() + pause_s
        async with self._retrying:
            for number in range(2, TRIES + 1):
                if self._lost is not None or pause_s > LIMIT_WAIT_MAX_S:
                    break
                await self._wait(again_at, failed, number)
                try:
                    return await self._send(sell, buy, amount)
                except _RETRIED as error:
                    failed = error
                pause_s = _pause_s(failed, number)
                again_at = self._clock.monotonic() + pause_s
            self._lost = self._lost or failed
            raise self._lost

    async def _send(self, sell: Token, buy: Token, amount: int) -> SwapQuote:
        await self._budget.take()
        return await self._quoter.quote(sell=sell, buy=buy, amount=amount)

    async def _wait(self, again_at: float, failed: VenueError, number: int) -> None:
        # another rung may have waited long enough for this one too
        pause_s = again_at - self._clock.monotonic()
        if pause_s > 0:
            self._say(f"{failed}; trying again in {pause_s:.1f} s (try {number} of {TRIES})")
            await self._clock.sleep(pause_s)


def _pause_s(error: VenueError, number: int) -> float:
    """Return how long to wait after the ``number``-th try."""
    if isinstance(error, RateLimitedError):
        return error.retry_after_s
    return min(WAIT_MAX_S, WAIT_STEP_S * number)
