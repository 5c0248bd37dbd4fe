"""What a refusal teaches about a venue's limit, and how soon it is forgotten."""

from __future__ import annotations

from collections import deque

import pytest

from tests.fakes.clock import FakeClock
from trading.market.adapters.feeds.budget import RequestBudget

PACE_S = 0.05  # 1,200 a minute


class Venue:
    """Answers at most so many requests in any minute, counting what came before this desk."""

    def __init__(self, clock: FakeClock, per_minute: int, before: int = 0) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._heard = deque([clock.monotonic()] * before)
        self.refused: list[float] = []

    def answers(self) -> bool:
        now = self._clock.monotonic()
        while self._heard and self._heard[0] <= now - 60:
            self._heard.popleft()
        self._heard.append(now)
        if len(self._heard) <= self._per_minute:
            return True
        self.refused.append(now)
        return False


async def ask_for(minutes: float, budget: RequestBudget, venue: Venue, clock: FakeClock) -> int:
    """Ask as fast as the budget lets for so long; return how many were answered."""
    until, n = clock.monotonic() + minutes * 60, 0
    while clock.monotonic() < until:
        if budget.paused_s > 0:
            await clock.sleep(budget.paused_s)
        await budget.turn()
        budget.sent()
        if venue.answers():
            budget.answered()
            n += 1
        else:
            budget.refused("429", pause_s=None)
    return n


async def test_a_refusal_in_the_first_seconds_does_not_choke_the_hour() -> None:
    clock = FakeClock()
    budget = RequestBudget(clock=clock, interval_s=PACE_S)
    for _ in range(10):
        await budget.turn()
    budget.refused("429", pause_s=10)  # a minute full of what another program asked
    await clock.sleep(10)
    assert budget.per_minute() > 200


@pytest.mark.parametrize("per_minute", [30, 200])
async def test_an_hour_at_a_venues_limit_uses_most_of_it_with_few_refusals(per_minute: int) -> None:
    clock = FakeClock()
    budget, venue = RequestBudget(clock=clock, interval_s=PACE_S), Venue(clock, per_minute)
    await ask_for(20, budget, venue, clock)
    n_learning = len(venue.refused)
    assert n_learning <= 12
    n = await ask_for(60, budget, venue, clock)
    assert n > 0.65 * 60 * per_minute
    assert len(venue.refused) - n_learning <= 6


async def test_a_minute_another_program_had_filled_is_forgotten() -> None:
    clock = FakeClock()
    budget = RequestBudget(clock=clock, interval_s=PACE_S)
    venue = Venue(clock, 200, before=195)
    await ask_for(20, budget, venue, clock)
    assert await ask_for(10, budget, venue, clock) > 10 * 120


async def test_an_old_refusal_of_a_quiet_desk_is_outgrown_within_two_hours() -> None:
    clock = FakeClock()
    budget = RequestBudget(clock=clock, interval_s=PACE_S)
    for _ in range(24):
        await budget.turn()
        await clock.sleep(5)
    budget.refused("429", pause_s=10)
    assert 6 <= budget.per_minute() <= 12
    await clock.sleep(2 * 3600)
    assert budget.per_minute() > 200
    await clock.sleep(1e9)
    assert budget.per_minute() == 60 / PACE_S
