"""A cache is used when it can be, said to be old when it is, and refused with path and key."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.swap_costs import MemorySwapCosts
from trading.base.domain.errors import BadInputError, VenueUnavailableError
from trading.market.ports.quotes import SwapQuote, Token
from trading.market.services.swap_costs.cache import (
    DAY_S,
    cache_check,
    swap_cost_entries_get,
    swap_costs_get,
    swap_costs_read,
)
from trading.market.services.swap_costs.market import PDAI_DAI, SwapMarket, rungs_of
from trading.market.services.swap_costs.rungs import rung_entry


def good(clock: FakeClock, *ages_s: float) -> dict[str, Any]:
    """Return a cache whose rungs were measured so long ago."""
    return {
        "metadata": {"chain_id": 369},
        "entries": {
            str(5000 * (i + 1)): {
                "buy": {"gas_use_estimate_usd": 0.2},
                "sell": {"gas_use_estimate_usd": 0.3},
                "derived": {"loss_rate": "0.03"},
                "generated_at": (clock.now() - timedelta(seconds=age)).isoformat(),
            }
            for i, age in enumerate(ages_s)
        },
    }


def test_the_age_is_that_of_the_oldest_rung() -> None:
    clock = FakeClock()
    cache = cache_check(good(clock, 10.0, 99.0, 5.0), "here")
    assert cache.age_s(clock) == 99.0
    assert cache.schedule.notional.tolist() == [5000.0, 10000.0, 15000.0]


def test_only_an_old_cache_warns_and_says_what_to_do() -> None:
    clock = FakeClock()
    assert cache_check(good(clock, 7 * DAY_S), "here").warning(clock) == ""
    warning = cache_check(good(clock, 7 * DAY_S + 1), "here").warning(clock)
    assert "'here' are 7 days old" in warning
    assert "swap_costs refresh" in warning


def test_a_time_that_is_yet_to_come_is_said() -> None:
    clock = FakeClock()
    assert cache_check(good(clock, 5.0, -0.9 * DAY_S), "here").warning(clock) == ""
    assert "yet to come" in cache_check(good(clock, 5.0, -1.1 * DAY_S), "here").warning(clock)


def test_a_cache_without_times_says_so() -> None:
    clock = FakeClock()
    raw = good(clock, 1.0, 2.0)
    del raw["entries"]["5000"]["generated_at"]
    cache = cache_check(raw, "here")
    assert cache.age_s(clock) is None
    assert "do not say when" in cache.warning(clock)


def _without(*path: str) -> Callable[[dict[str, Any]], Any]:
    def change(raw: dict[str, Any]) -> Any:
        part = raw
        for name in path[:-1]:
            part = part[name]
        del part[path[-1]]
        return raw

    return change


def _with(value: Any, *path: str) -> Callable[[dict[str, Any]], Any]:
    def change(raw: dict[str, Any]) -> Any:
        part = raw
        for name in path[:-1]:
            part = part[name]
        part[path[-1]] = value
        return raw

    return change


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        (lambda raw: [1, 2], "entries"),
        (_without("entries"), "entries"),
        (_with([], "entries"), "entries"),
        (_with({}, "entries"), "no entries"),
        (_with("x", "metadata"), "metadata"),
        (_with(None, "entries", "5000"), "'5000' has no derived.loss_rate"),
        (_without("entries", "5000", "derived"), "derived.loss_rate"),
        (_with("1.5", "entries", "5000", "derived", "loss_rate"), "derived.loss_rate was '1.5'"),
        (_with("nan", "entries", "5000", "derived", "loss_rate"), "derived.loss_rate was 'nan'"),
        (_with(-1, "entries", "5000", "buy", "gas_use_estimate_usd"), "buy.gas_use_estimate_usd"),
        (_with({}, "entries", "five"), "'five'"),
        (_with("soon", "entries", "5000", "generated_at"), "generated_at was 'soon'"),
        (_with(5, "entries", "5000", "generated_at"), "generated_at was 5"),
    ],
)
def test_a_spoilt_cache_is_refused_with_path_and_key(
    spoil: Callable[[dict[str, Any]], Any], key: str
) -> None:
    raw = spoil(good(FakeClock(), 1.0))
    with pytest.raises(BadInputError) as refused:
        cache_check(raw, "/data/swap_cost_cache.json")
    assert "/data/swap_cost_cache.json" in str(refused.value)
    assert key in str(refused.value)


def test_the_desk_gets_no_rungs_where_there_is_no_cache() -> None:
    clock = FakeClock()
    assert swap_costs_get(store=MemorySwapCosts()) is None
    assert swap_cost_entries_get(store=MemorySwapCosts(), clock=clock) is None
    store = MemorySwapCosts(good(clock, 1.0))
    assert swap_cost_entries_get(store=store, clock=clock) == store.cache["entries"]


@pytest.mark.parametrize(
    ("step", "top", "rungs"),
    [(5000, 100_000, 20), (5000, 12_000, 3), (7, 7, 1), (5000, 1, 1)],
)
def test_rungs_reach_the_largest_notional(step: int, top: int, rungs: int) -> None:
    found = rungs_of(step=step, max_notional=top)
    assert len(found) == rungs
    assert found[0] == step
    assert found[-1] - step < top <= found[-1]


@pytest.mark.parametrize(
    ("step", "top", "says"),
    [(0, 5, "step was 0"), (-5, 5, "step was -5"), (5, 0, "max notional was 0"), (1, 1001, "1001")],
)
def test_an_impossible_ladder_is_refused(step: int, top: int, says: str) -> None:
    with pytest.raises(BadInputError, match=says):
        rungs_of(step=step, max_notional=top)


def test_a_market_is_the_same_in_any_spelling_but_not_from_another_source() -> None:
    metadata = PDAI_DAI.metadata()
    lower = {**metadata, "asset_address": metadata["asset_address"].lower()}
    assert PDAI_DAI.is_measured_by(lower)
    del lower["source"]
    assert PDAI_DAI.is_measured_by(lower)
    assert not PDAI_DAI.is_measured_by({**metadata, "source": "router 0x1"})
    assert not PDAI_DAI.is_measured_by({**metadata, "quote_decimals": 6})
    assert not PDAI_DAI.is_measured_by({})


@pytest.mark.parametrize(
    ("asset", "quote", "chain_id", "says"),
    [
        (Token("0x12", 18), PDAI_DAI.quote, 369, "asset was '0x12'"),
        (PDAI_DAI.asset, Token(PDAI_DAI.quote.address, 40), 369, "quote decimals were 40"),
        (PDAI_DAI.asset, PDAI_DAI.asset, 369, "expected two"),
        (PDAI_DAI.asset, PDAI_DAI.quote, 0, "chain id was 0"),
    ],
)
def test_an_impossible_market_is_refused(
    asset: Token, quote: Token, chain_id: int, says: str
) -> None:
    with pytest.raises(BadInputError, match=says):
        SwapMarket(asset, quote, chain_id)


def test_a_way_back_that_pays_more_than_was_spent_is_no_measurement() -> None:
    buy = SwapQuote(10**18, 1, 0.1)
    with pytest.raises(VenueUnavailableError, match="rung 5: selling at once returned 6"):
        rung_entry(PDAI_DAI, 5, buy, SwapQuote(6 * 10**18, 1, 0.1), FakeClock().now())


@pytest.mark.real_data
def test_the_rungs_of_the_original_come_out_digit_for_digit(shared_data: Path) -> None:
    raw = json.loads((shared_data / "optimizer" / "swap_cost_cache.json").read_text())
    assert PDAI_DAI.is_measured_by(raw["metadata"])
    for rung, entry in cache_check(raw, "original").entries.items():
        legs = [
            SwapQuote(
                int(leg["dest_amount_raw"]), leg["gas_use_estimate"], leg["gas_use_estimate_usd"]
            )
            for leg in (entry["buy"], entry["sell"])
        ]
        built = rung_entry(PDAI_DAI, int(rung), legs[0], legs[1], FakeClock().now())
        expected = copy.deepcopy(entry)
        for cells in (built, expected):
            del cells["generated_at"]
            cells["derived"] = {name: Decimal(text) for name, text in cells["derived"].items()}
            cells["token_amount"] = Decimal(cells["token_amount"])
        assert built == expected


def test_a_file_that_must_be_there_is_named_when_it_is_not() -> None:
    clock = FakeClock()
    with pytest.raises(BadInputError, match="'memory'; there is no such file"):
        swap_costs_read(store=MemorySwapCosts(), clock=clock)
    cache = swap_costs_read(store=MemorySwapCosts(good(clock, 1.0)), clock=clock)
    assert cache.schedule.loss_rate.tolist() == [0.03]


def test_only_an_old_cache_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    swap_costs_read(store=MemorySwapCosts(good(clock, 1.0)), clock=clock)
    assert caplog.records == []
    swap_costs_read(store=MemorySwapCosts(good(clock, 8 * DAY_S)), clock=clock)
    swap_cost_entries_get(store=MemorySwapCosts(good(clock, 9 * DAY_S)), clock=clock)
    first, second = caplog.messages
    assert "8 days old" in first
    assert "9 days old" in second
    assert {record.levelname for record in caplog.records} == {"WARNING"}
