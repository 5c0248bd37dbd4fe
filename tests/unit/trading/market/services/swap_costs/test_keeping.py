"""A refresh throws nothing away unasked: rungs it does not measure stay, each with its own age."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.quotes import MARKET, FakeQuoter
from tests.fakes.swap_costs import MemorySwapCosts
from trading.base.domain.errors import BadInputError, VenueError
from trading.market.services.swap_costs.cache import DAY_S, cache_check
from trading.market.services.swap_costs.refresh import (
    RefreshPlan,
    RefreshResult,
    swap_costs_refresh,
)

WHOLE = RefreshPlan(market=MARKET)
SHORT = replace(WHOLE, max_notional=10_000)
FINER = replace(MARKET, asset=replace(MARKET.asset, decimals=9))
OTHERS = {
    "source": replace(SHORT, market=replace(MARKET, source="router 0x1")),
    "chain id": replace(SHORT, market=replace(MARKET, chain_id=1)),
    "asset decimals": replace(
        SHORT, market=replace(MARKET, asset=replace(MARKET.asset, decimals=9))
    ),
}


async def refresh(
    store: MemorySwapCosts, clock: FakeClock, plan: RefreshPlan, said: list[str] | None = None
) -> RefreshResult:
    lines = [] if said is None else said
    return await swap_costs_refresh(
        store=store, quoter=FakeQuoter(), clock=clock, plan=plan, say=lines.append
    )


async def measured(clock: FakeClock, age_days: float) -> MemorySwapCosts:
    """Return a store whose cache of 20 rungs was measured so long ago."""
    store = MemorySwapCosts()
    await refresh(store, clock, WHOLE)
    clock.advance(age_days * DAY_S)
    return store


@pytest.mark.parametrize("is_forced", [False, True])
async def test_rungs_beyond_the_wanted_ones_stay_with_their_age(is_forced: bool) -> None:
    clock = FakeClock()
    store = await measured(clock, 410)
    before = store.cache["entries"]
    result = await refresh(store, clock, replace(SHORT, is_forced=is_forced))
    after = store.cache["entries"]
    assert list(after) == list(before)
    assert {rung for rung in after if after[rung] != before[rung]} == {"5000", "10000"}
    assert (result.n_fetched, result.n_kept) == (2, 18)
    assert result.cache.schedule.rung(50_000) == 9  # and not the rung of 10 000
    said = result.cache.warning(clock)
    assert "410 days old in 18 of 20 rungs (15,000 to 100,000)" in said


async def test_the_warning_ends_when_all_are_young_and_names_the_reach_that_takes() -> None:
    clock = FakeClock()
    store = await measured(clock, 0)
    longer = await refresh(store, clock, replace(WHOLE, max_notional=150_000))
    assert longer.cache.warning(clock) == ""
    clock.advance(8 * DAY_S)
    assert "swap_costs refresh --max-notional 150000" in longer.cache.warning(clock)
    one = await refresh(store, clock, replace(WHOLE, step=7_000, max_notional=7_000))
    assert len(one.cache.entries) == 31
    again = await refresh(store, clock, replace(WHOLE, max_notional=150_000))
    assert again.cache.warning(clock) == ""


async def test_kept_rungs_survive_a_refresh_that_was_interrupted() -> None:
    clock = FakeClock()
    store = await measured(clock, 410)
    broken = FakeQuoter(faults=[VenueError("no route")])
    with pytest.raises(VenueError, match="no route"):
        await swap_costs_refresh(store=store, quoter=broken, clock=clock, plan=SHORT)
    assert len((await refresh(store, clock, SHORT)).cache.entries) == 20


@pytest.mark.parametrize("different", OTHERS)
async def test_a_cache_of_another_market_is_replaced_only_on_request(different: str) -> None:
    clock = FakeClock()
    store = await measured(clock, 1)
    before, other = store.cache, OTHERS[different]
    with pytest.raises(BadInputError, match="give --force") as refused:
        await refresh(store, clock, other)
    said = str(refused.value)
    assert f"another market: {different} " in said
    assert "throw away all 20 rungs" in said
    assert store.cache == before
    await refresh(store, clock, replace(other, is_forced=True))
    assert list(store.cache["entries"]) == ["5000", "10000"]


async def test_an_unfinished_refresh_of_another_market_is_said_to_be_dropped() -> None:
    clock, store, said = FakeClock(), MemorySwapCosts(), []
    await refresh(store, clock, SHORT)
    store.unfinished, store.cache = store.cache, None
    await refresh(store, clock, OTHERS["source"], said)
    assert "another market (source aggregator, not router 0x1); it is dropped" in said[0]
    assert list(store.cache["entries"]) == ["5000", "10000"]


async def test_what_the_candles_call_the_market_is_kept_and_is_no_difference() -> None:
    clock, store = FakeClock(), MemorySwapCosts()
    named = replace(SHORT, market=replace(MARKET, pair="HEX/DAI"))
    assert (await refresh(store, clock, named)).cache.pair == "HEX/DAI"
    assert (await refresh(store, clock, SHORT)).cache.pair == "HEX/DAI"
    assert (await refresh(store, clock, replace(SHORT, is_forced=True))).n_fetched == 2
    store.cache["metadata"] = {"pair": 5}
    with pytest.raises(BadInputError, match="pairs were"):
        cache_check(store.cache, "here")


async def test_progress_counts_what_is_there_of_the_wanted_rungs() -> None:
    clock, told = FakeClock(), []
    store = await measured(clock, 1)
    plan = replace(WHOLE, max_notional=110_000)
    await swap_costs_refresh(
        store=store, quoter=FakeQuoter(), clock=clock, plan=plan, progress=told.append
    )
    assert told == [21, 22]


@pytest.mark.parametrize(
    ("plan", "line"),
    [
        (WHOLE, "measuring 20 rungs, about 5 min at 8 requests a minute"),
        (replace(SHORT, step=10_000), "measuring 1 rung, less than a minute"),
    ],
)
async def test_what_is_to_come_is_said_once_before(plan: RefreshPlan, line: str) -> None:
    clock, store, said = FakeClock(), MemorySwapCosts(), []
    await refresh(store, clock, plan, said)
    assert len(said) == 1
    assert line in said[0]
    idle: list[Any] = []
    await refresh(store, clock, plan, idle)
    assert idle == []
