"""What a fill costs at a venue and on a chain."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes.execution import FEES, D
from trading.base.domain.errors import BadInputError, InvariantError
from trading.base.domain.side import Side
from trading.market.domain.costs import SwapCosts, SwapCostSchedule


def entry(loss: object = "0.02", buy: object = 0.2, sell: object = 0.3) -> dict[str, Any]:
    return {
        "derived": {"loss_rate": loss},
        "buy": {"gas_use_estimate_usd": buy},
        "sell": {"gas_use_estimate_usd": sell},
    }


TWO_RUNGS = {"10000": entry("0.05", 0.4, 0.5), "5000": entry("0.02", 0.2, 0.3)}


def test_venue_prices_move_against_the_order() -> None:
    assert FEES.fill_price(D(100), Side.BUY, is_maker=False) == D("100.02")
    assert FEES.fill_price(D(100), Side.SELL, is_maker=False) == D("99.98")
    assert FEES.fill_price(D(100), Side.BUY, is_maker=True) == D(100)


def test_venue_slippage_is_the_part_of_the_notional_lost_to_it() -> None:
    assert FEES.fill_costs(D("100.02"), Side.BUY, is_maker=False).slippage == D("0.02")
    assert FEES.fill_costs(D("99.98"), Side.SELL, is_maker=False).slippage == D("0.02")


def test_venue_fees_are_the_policys_and_smaller_for_makers() -> None:
    assert FEES.fill_costs(D(1000), Side.BUY, is_maker=False).fee == D(1)
    assert FEES.fill_costs(D(1000), Side.BUY, is_maker=True).fee == D("0.8")
    assert FEES.fill_costs(D(1000), Side.BUY, is_maker=True).on_top == D("0.8")


def test_a_venue_round_trip_is_two_fees_and_two_slippages() -> None:
    assert FEES.round_trip_bps(D(1000)) == 24.0


def test_a_round_trip_of_resting_orders_counts_where_resting_is_dearer() -> None:
    assert replace(FEES, maker_fee=D("0.01")).round_trip_bps(D(1000)) == 200.0


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity"])
def test_a_reference_that_is_no_price_is_refused(price: str) -> None:
    with pytest.raises(InvariantError, match="reference price"):
        FEES.fill_price(D(price), Side.BUY, is_maker=False)


@pytest.mark.parametrize(
    ("notional", "rung"),
    [(0.01, 0), (5000, 0), (5000.0000001, 1), (10_000, 1), (10_000.5, 1), (1e9, 1)],
)
def test_the_rung_is_the_smallest_that_holds_the_notional_and_the_last_beyond(
    notional: float, rung: int
) -> None:
    assert SwapCostSchedule.from_entries(TWO_RUNGS).rung(notional) == rung


def test_a_swap_costs_half_the_loss_and_the_sides_gas() -> None:
    schedule = SwapCostSchedule.from_entries(TWO_RUNGS)
    assert schedule.cost(1000, Side.BUY) == pytest.approx(10.2, rel=1e-15)
    assert schedule.cost(6000, Side.SELL) == pytest.approx(150.5, rel=1e-15)


def test_the_decimal_model_agrees_with_the_arrays() -> None:
    schedule = SwapCostSchedule.from_entries(TWO_RUNGS)
    costs = SwapCosts(schedule)
    for notional in ("0.5", "5000", "5000.000000000000000001", "123456.789"):
        for side in Side:
            exact = costs.fill_costs(D(notional), side, is_maker=False).on_top
            if notional != "5000.000000000000000001":  # no float64 holds it
                assert float(exact) == pytest.approx(
                    schedule.cost(float(notional), side), rel=1e-14
                )
    assert costs.fill_costs(D("5000.000000000000000001"), Side.BUY, is_maker=False).gas == D("0.4")


def test_a_swap_round_trip_is_dear_for_small_notionals_and_unknown_for_none() -> None:
    costs = SwapCosts(SwapCostSchedule.from_entries(TWO_RUNGS))
    assert costs.round_trip_bps(D(5000)) == pytest.approx(201.0)
    assert costs.round_trip_bps(D(1)) == pytest.approx(5200.0)
    assert math.isnan(costs.round_trip_bps(D(0)))


def test_the_schedule_is_sorted_float64_and_read_only() -> None:
    schedule = SwapCostSchedule.from_entries(TWO_RUNGS)
    np.testing.assert_array_equal(schedule.notional, [5000.0, 10_000.0])
    for column in (schedule.notional, schedule.loss_rate, schedule.buy_gas, schedule.sell_gas):
        assert column.dtype == np.float64
        assert column.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1.0


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({}, "no entries"),
        ({"x": entry()}, "'x': notional was 'x'"),
        ({"0": entry()}, "notional was '0'; expected a number above 0"),
        ({"5000": None}, "'5000' has no derived.loss_rate"),
        ({"5000": {**entry(), "buy": {}}}, "'5000' has no buy.gas_use_estimate_usd"),
        ({"5000": entry(loss="nan")}, "derived.loss_rate was 'nan'; expected a number 0 to 1"),
        ({"5000": entry(loss=1.5)}, "derived.loss_rate was 1.5"),
        ({"5000": entry(loss=-0.1)}, "derived.loss_rate was -0.1"),
        ({"5000": entry(buy=-1)}, "buy.gas_use_estimate_usd was -1; expected a number 0 or more"),
        ({"5000": entry(sell=True)}, "sell.gas_use_estimate_usd was True"),
        ({"5000": entry(sell=None)}, "sell.gas_use_estimate_usd was None"),
        ({"5000": entry(), "5e3": entry()}, "rung 5000 twice"),
    ],
)
def test_a_malformed_cache_is_refused_by_name(entries: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInputError) as caught:
        SwapCostSchedule.from_entries(entries)
    assert message in str(caught.value)


def test_columns_of_different_length_or_order_are_a_bug() -> None:
    one, two = np.array([1.0]), np.array([2.0, 1.0])
    with pytest.raises(InvariantError):
        SwapCostSchedule(one, two, one, one)
    with pytest.raises(InvariantError, match="grow"):
        SwapCostSchedule(two, two.copy(), two.copy(), two.copy())


@pytest.mark.real_data
def test_the_recorded_cache_gives_the_specifications_worked_example(shared_data: Path) -> None:
    cache = json.loads((shared_data / "optimizer" / "swap_cost_cache.json").read_text())
    schedule = SwapCostSchedule.from_entries(cache["entries"])
    assert len(schedule.notional) == 20
    assert schedule.cost(1000.0, Side.BUY) == pytest.approx(14.76002, abs=5e-6)
    assert schedule.cost(1200.0, Side.SELL) == pytest.approx(17.78983, abs=5.1e-6)
