"""A refresh asks politely, keeps what it has, goes on where it stopped, and never leaves half."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.quotes import DAI, MARKET, PDAI, POOL, FakeQuoter
from tests.fakes.swap_costs import MemorySwapCosts
from trading.base.domain.errors import (
    BadInputError,
    RateLimitedError,
    VenueError,
    VenueUnavailableError,
)
from trading.market.domain.costs import SwapCostSchedule
from trading.market.services.swap_costs.cache import DAY_S
from trading.market.services.swap_costs.refresh import (
    RefreshPlan,
    RefreshResult,
    swap_costs_ready,
    swap_costs_refresh,
)

PLAN = RefreshPlan(market=MARKET, step=5000, max_notional=30_000)


class Timed(FakeQuoter):
    """Notes on the clock when each question came."""

    def __init__(self, clock: FakeClock, faults: list[Exception] | None = None) -> None:
        self.times: list[float] = []
        super().__init__(
            faults=faults or [], on_ask=lambda number: self.times.append(clock.monotonic())
        )


async def refresh(
    store: MemorySwapCosts, quoter: FakeQuoter, clock: FakeClock, plan: RefreshPlan = PLAN
) -> RefreshResult:
    return await swap_costs_refresh(store=store, quoter=quoter, clock=clock, plan=plan)


async def test_every_rung_costs_what_the_round_trip_through_the_pool_loses() -> None:
    clock, store = FakeClock(), MemorySwapCosts()
    result = await refresh(store, FakeQuoter(), clock)
    assert list(store.cache["entries"]) == ["5000", "10000", "15000", "20000", "25000", "30000"]
    schedule = SwapCostSchedule.from_entries(store.cache["entries"])
    for notional, loss_rate in zip(schedule.notional, schedule.loss_rate, strict=True):
        spent = int(notional) * DAI.unit
        back = POOL.amount_out(PDAI, DAI, POOL.amount_out(DAI, PDAI, spent))
        assert loss_rate == pytest.approx((spent - back) / spent, rel=1e-12)
    assert (result.n_fetched, result.n_kept, result.n_requests) == (6, 0, 12)
    assert result.cache.age_s(clock) == pytest.approx(60.0)  # the first rungs, a minute before


async def test_never_more_than_eight_requests_in_any_minute() -> None:
    clock = FakeClock()
    quoter = Timed(clock, [VenueUnavailableError("busy"), VenueUnavailableError("busy")])
    result = await refresh(MemorySwapCosts(), quoter, clock, replace(PLAN, max_notional=100_000))
    assert result.n_requests == len(quoter.times) == 42
    for i in range(len(quoter.times) - 8):
        assert quoter.times[i + 8] - quoter.times[i] >= 60.0
    assert 60.0 * 5 <= quoter.times[-1] - quoter.times[0] < 60.0 * 5 + 5


async def test_every_finished_rung_is_kept_at_once() -> None:
    store = MemorySwapCosts()
    await refresh(store, FakeQuoter(), FakeClock())
    assert store.saves == [1, 2, 3, 4, 5, 6]
    assert store.unfinished is None


async def test_an_interrupted_refresh_goes_on_and_ends_as_an_uninterrupted_one() -> None:
    whole = MemorySwapCosts()
    await refresh(whole, FakeQuoter(), FakeClock())
    for stop_at in range(1, 13):
        clock, store, quoter = FakeClock(), MemorySwapCosts(), FakeQuoter()

        def stop(number: int, stop_at: int = stop_at) -> None:
            if number >= stop_at:
                raise VenueError("gone for good")

        quoter.on_ask = stop
        with pytest.raises(VenueError, match="gone"):
            await refresh(store, quoter, clock)
        assert store.cache is None
        kept = len(store.unfinished["entries"]) if store.unfinished else 0
        again = FakeQuoter()
        result = await refresh(store, again, clock)
        assert len(again.asked) == 2 * (6 - kept)
        assert (result.n_fetched, result.n_kept) == (6 - kept, kept)
        assert store.unfinished is None
        assert _timeless(store.cache) == _timeless(whole.cache)


def _timeless(cache: dict[str, Any]) -> dict[str, Any]:
    return {
        rung: {name: cell for name, cell in entry.items() if name != "generated_at"}
        for rung, entry in cache["entries"].items()
    }


async def test_a_young_cache_is_not_asked_for_again_and_a_longer_one_only_for_the_rest() -> None:
    clock, store = FakeClock(), MemorySwapCosts()
    await refresh(store, FakeQuoter(), clock)
    idle = FakeQuoter()
    result = await refresh(store, idle, clock)
    assert (idle.asked, result.n_kept) == ([], 6)
    longer = FakeQuoter()
    await refresh(store, longer, clock, replace(PLAN, max_notional=40_000))
    spent = {amount for sell, _, amount in longer.asked if sell == DAI.address}
    assert spent == {35_000 * DAI.unit, 40_000 * DAI.unit}
    assert len(store.cache["entries"]) == 8


@pytest.mark.parametrize(
    "change",
    [
        {"is_forced": True},
        {"max_age_s": DAY_S / 2},
        {"market": replace(MARKET, source="router 0x1"), "is_forced": True},
        {"market": replace(MARKET, chain_id=1), "is_forced": True},
    ],
    ids=["forced", "old", "another source", "another chain"],
)
async def test_rungs_are_measured_again_when_asked_to_old_or_of_another_market(
    change: dict[str, Any],
) -> None:
    clock, store = FakeClock(), MemorySwapCosts()
    await refresh(store, FakeQuoter(), clock)
    clock.advance(DAY_S)
    again = FakeQuoter()
    await refresh(store, again, clock, replace(PLAN, **change))
    assert len(again.asked) == 12


async def test_a_rung_that_cannot_be_measured_keeps_the_others_and_the_old_cache() -> None:
    clock = FakeClock()
    store = MemorySwapCosts()
    await refresh(store, FakeQuoter(), clock)
    before = store.cache
    broken = FakeQuoter(faults=[VenueError("no route for this size")])
    with pytest.raises(VenueError, match="no route"):
        await refresh(store, broken, clock, replace(PLAN, is_forced=True))
    assert store.cache == before
    assert len(store.unfinished["entries"]) == 3  # the batch of four without the refused one


async def test_an_outage_is_retried_five_times_and_then_told() -> None:
    quoter = FakeQuoter(faults=[VenueUnavailableError("down")] * 100)
    plan = replace(PLAN, max_notional=5000)
    with pytest.raises(VenueUnavailableError, match="down"):
        await refresh(MemorySwapCosts(), quoter, FakeClock(), plan)
    assert len(quoter.asked) == 5
    quoter = FakeQuoter(faults=[VenueUnavailableError("down"), RateLimitedError("slow", 0.0)])
    assert (await refresh(MemorySwapCosts(), quoter, FakeClock(), plan)).n_requests == 4


async def test_progress_counts_rungs() -> None:
    told: list[int] = []
    await swap_costs_refresh(
        store=MemorySwapCosts(),
        quoter=FakeQuoter(),
        clock=FakeClock(),
        plan=PLAN,
        progress=told.append,
    )
    assert told == [1, 2, 3, 4, 5, 6]


async def test_what_is_no_cache_is_replaced_only_on_request() -> None:
    store = MemorySwapCosts({"entries": "lost"})
    with pytest.raises(BadInputError, match="--force"):
        await refresh(store, FakeQuoter(), FakeClock())
    assert store.cache == {"entries": "lost"}
    await refresh(store, FakeQuoter(), FakeClock(), replace(PLAN, is_forced=True))
    assert len(store.cache["entries"]) == 6


async def test_a_damaged_unfinished_refresh_is_measured_anew() -> None:
    store = MemorySwapCosts(unfinished={"entries": {"5000": {}}})
    assert (await refresh(store, FakeQuoter(), FakeClock())).n_fetched == 6


@pytest.mark.parametrize("per_minute", [0, 1, -8])
async def test_a_budget_too_small_for_one_rung_is_refused(per_minute: int) -> None:
    plan = replace(PLAN, requests_per_minute=per_minute)
    with pytest.raises(BadInputError, match=f"requests per minute were {per_minute}"):
        await refresh(MemorySwapCosts(), FakeQuoter(), FakeClock(), plan)


async def test_a_missing_cache_is_measured_and_an_existing_one_is_not() -> None:
    clock, store, quoter = FakeClock(), MemorySwapCosts(), FakeQuoter()

    async def measure() -> RefreshResult:
        return await refresh(store, quoter, clock)

    first = await swap_costs_ready(store=store, refresh=measure)
    second = await swap_costs_ready(store=store, refresh=measure)
    assert first.entries == second.entries
    assert len(quoter.asked) == 12


async def test_a_rung_written_by_hand_is_the_same_rung() -> None:
    clock, store = FakeClock(), MemorySwapCosts()
    await refresh(store, FakeQuoter(), clock)
    entries = store.cache["entries"]
    entries["5000.0"] = entries.pop("5000")
    entries["7500.5"] = entries["10000"]
    idle = FakeQuoter()
    result = await refresh(store, idle, clock)
    assert (idle.asked, result.n_kept) == ([], 7)
    assert list(store.cache["entries"])[:3] == ["5000", "7500.5", "10000"]
