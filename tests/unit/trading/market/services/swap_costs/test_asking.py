"""Nobody is asked more often than allowed, not even by two processes, nor long when all is dead."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.fakes.clock import FakeClock, ManualClock
from tests.fakes.quotes import MARKET, FakeQuoter
from tests.fakes.swap_costs import MemorySwapCosts
from trading.base.domain.errors import RateLimitedError, VenueError, VenueUnavailableError
from trading.market.services.swap_costs.budget import RequestBudget
from trading.market.services.swap_costs.refresh import (
    RefreshPlan,
    RefreshResult,
    swap_costs_refresh,
)

PLAN = RefreshPlan(market=MARKET)


async def refresh(
    store: MemorySwapCosts, quoter: FakeQuoter, clock: FakeClock, said: list[str] | None = None
) -> RefreshResult:
    lines = [] if said is None else said
    return await swap_costs_refresh(
        store=store, quoter=quoter, clock=clock, plan=PLAN, say=lines.append
    )


def down(count: int = 100) -> list[Exception]:
    return [VenueUnavailableError(f"down {number}") for number in range(count)]


async def test_a_dead_venue_is_given_up_within_the_first_budget_by_one_rung_for_all() -> None:
    clock, quoter, said = FakeClock(), FakeQuoter(faults=down()), []
    began = clock.monotonic()
    with pytest.raises(VenueUnavailableError, match="down"):
        await refresh(MemorySwapCosts(), quoter, clock, said)
    assert len(quoter.asked) == 8  # four rungs once, and four more tries of the first
    assert clock.monotonic() - began == 1.5 + 3.0 + 4.5 + 6.0
    assert "measuring 20 rungs" in said[0]
    assert [line.partition("; ")[2] for line in said[1:]] == [
        "trying again in 1.5 s (try 2 of 5)",
        "trying again in 3.0 s (try 3 of 5)",
        "trying again in 4.5 s (try 4 of 5)",
        "trying again in 6.0 s (try 5 of 5)",
    ]


async def test_a_venue_that_comes_back_is_asked_on_without_more_waiting() -> None:
    clock, quoter = FakeClock(), FakeQuoter(faults=down(6))
    result = await refresh(MemorySwapCosts(), quoter, clock)
    assert (result.n_fetched, result.n_requests) == (20, 46)


async def test_a_pause_the_venue_asks_for_is_waited_for_once_by_all() -> None:
    clock = FakeClock()
    quoter = FakeQuoter(faults=[RateLimitedError("slow", 60.0) for _ in range(4)])
    began = clock.monotonic()
    await refresh(MemorySwapCosts(), quoter, clock)
    assert clock.monotonic() - began < 60 * 7


async def test_a_pause_longer_than_anybody_waits_is_told_at_once() -> None:
    clock = FakeClock()
    quoter = FakeQuoter(faults=[RateLimitedError("come back tomorrow", 86_400.0)])
    began = clock.monotonic()
    with pytest.raises(RateLimitedError, match="tomorrow"):
        await refresh(MemorySwapCosts(), quoter, clock)
    assert clock.monotonic() - began < 60


class HangingQuoter(FakeQuoter):
    """Refuses the first question as unreachable for ever; the others never come back."""

    n_cancelled = 0

    async def quote(self, *, sell: object, buy: object, amount: int) -> object:  # type: ignore[override]
        if amount == 5_000 * MARKET.quote.unit:
            raise VenueUnavailableError("down")
        try:
            return await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            self.n_cancelled += 1
            raise


async def test_the_siblings_of_a_rung_that_used_up_its_tries_are_cancelled() -> None:
    quoter = HangingQuoter()
    with pytest.raises(VenueUnavailableError, match="down"):
        await asyncio.wait_for(refresh(MemorySwapCosts(), quoter, FakeClock()), 5)
    assert quoter.n_cancelled == 3


async def test_a_refused_rung_lets_the_others_of_its_batch_finish() -> None:
    store, quoter = MemorySwapCosts(), FakeQuoter(faults=[VenueError("no route for this size")])
    with pytest.raises(VenueError, match="no route"):
        await refresh(store, quoter, FakeClock())
    assert store.saves == [1, 2, 3]
    assert len(quoter.asked) == 7


@pytest.mark.parametrize("stop_at", [1, 3, 8])
async def test_a_restart_counts_what_the_stopped_process_sent(stop_at: int) -> None:
    clock, store, times = FakeClock(), MemorySwapCosts(), []

    def note(number: int) -> None:
        times.append(clock.monotonic())
        if len(times) == stop_at:
            stopped.cancel()

    quoter = FakeQuoter(on_ask=note)
    stopped = asyncio.ensure_future(refresh(store, quoter, clock))
    with pytest.raises(asyncio.CancelledError):
        await stopped
    assert len(store.requests) == len(times) <= 8
    clock.advance(5)
    quoter.on_ask = lambda number: times.append(clock.monotonic())
    await refresh(store, quoter, clock)
    for i in range(len(times) - 8):
        assert times[i + 8] - times[i] >= 60.0


async def test_a_finished_refresh_is_remembered_too() -> None:
    clock, store, quoter = FakeClock(), MemorySwapCosts(), FakeQuoter()
    short = replace(PLAN, max_notional=20_000, is_forced=True)
    began = clock.monotonic()
    for _ in range(2):
        await swap_costs_refresh(store=store, quoter=quoter, clock=clock, plan=short)
    assert clock.monotonic() - began == 60.0
    assert store.unfinished is None


@pytest.mark.parametrize(
    ("ages_s", "waits_s"),
    [
        ((), 0),
        ((10,) * 7, 0),
        ((10,) * 8, 50),
        ((61,) * 8, 0),
        ((-3_600,) * 8, 60),
        ((1,) * 20, 59),
    ],
)
async def test_times_of_another_process_count_for_a_minute_and_no_longer(
    ages_s: tuple[int, ...], waits_s: int
) -> None:
    clock = FakeClock()
    budget = RequestBudget(clock=clock, per_minute=8)
    budget.remember([clock.now_ms() - 1000 * age for age in ages_s])
    began = clock.monotonic()
    await budget.take()
    assert clock.monotonic() - began == waits_s


async def test_the_time_is_kept_before_the_request_is_sent() -> None:
    clock, kept = ManualClock(), []
    budget = RequestBudget(clock=clock, per_minute=2, on_take=kept.append)
    await budget.take()
    clock.advance(30)
    await budget.take()
    first = clock.now_ms() - 30_000
    assert kept == [[first], [first, clock.now_ms()]]
