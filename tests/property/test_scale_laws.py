"""A run does not know in which unit prices, or money as a whole, are counted."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from optimizer.domain.evaluator.evaluator import Evaluator, FillModel, Plan, Run
from optimizer.domain.systems import SYSTEMS
from tests.oracles.paths import RUNGS, STEP_MS, draw, path
from trading.market.domain.bars import VOLUME, BarArrays
from trading.market.domain.costs import SwapCostSchedule

PATHS: dict[str, dict[str, Any]] = {
    "plain": {},
    "coarse ticks": {"tick": 0.0004},
    "wick": {"wick": True},
}
TENS = (1e-12, 1e-9, 1e-1, 1e9)
TWOS = (2.0**-40, 2.0**30)
IN_QUOTE = ("total_cost_quote", "final_balance", "initial_balance")
SLOPE = "regime_slope_min"  # the one parameter the reference states in quote


def scaled(bars: BarArrays, factor: float) -> BarArrays:
    values = bars.values * factor
    values[VOLUME] = bars.values[VOLUME]
    return BarArrays(bars.open_time, values, bars.flags)


def costs(money: float = 1.0) -> SwapCostSchedule:
    notional, loss, buy, sell = (np.array(column) for column in zip(*RUNGS, strict=True))
    return SwapCostSchedule(notional * money, loss, buy * money, sell * money)


def run(
    name: str,
    params: dict[str, float],
    bars: BarArrays,
    fill: FillModel,
    factor: float,
    money: float,
) -> Run:
    evaluator = Evaluator(scaled(bars, factor), step_ms=STEP_MS, costs=costs(money))
    if SLOPE in params:
        params = params | {SLOPE: params[SLOPE] * factor}
    [found] = evaluator.evaluate(name, params, Plan(trade_sizes=(1000.0 * money,), fill=fill))
    return found


def figures(found: Run, money: float = 1.0) -> dict[str, float]:
    return {
        key: value / money if key in IN_QUOTE else value
        for key, value in found.metrics._asdict().items()
    }


def fills(found: Run) -> list[tuple[int, int]]:
    return [(trade.entry_index, trade.exit_index) for trade in found.trades()]


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_prices_in_another_unit_make_the_same_trades(name: str, kind: str) -> None:
    rng, n_trades = np.random.default_rng(len(name) + len(kind)), 0
    for seed, fill in product((1, 2), FillModel):
        bars, params = path(seed, **PATHS[kind]), draw(SYSTEMS[name].strategy, rng)
        if seed == 2:
            params |= {"max_equity_drawdown_pct": 0.1, "risk_cap_pct": 0.05}
        known = run(name, params, bars, fill, 1.0, 1.0)
        n_trades += len(fills(known))
        for factor in TENS:
            found = run(name, params, bars, fill, factor, 1.0)
            assert fills(found) == fills(known), (factor, params)
            assert figures(found) == pytest.approx(figures(known), rel=1e-7, abs=1e-9), factor
        for factor in TWOS:
            assert figures(run(name, params, bars, fill, factor, 1.0)) == figures(known), factor
    assert n_trades


@pytest.mark.parametrize("name", SYSTEMS)
def test_money_in_another_currency_makes_the_same_run(name: str) -> None:
    rng = np.random.default_rng(len(name))
    for seed, fill in product(range(2), FillModel):
        bars, params = path(seed), draw(SYSTEMS[name].strategy, rng)
        known = run(name, params, bars, fill, 1.0, 1.0)
        for money in (2.0**-30, 2.0**20):
            found = run(name, params, bars, fill, money, money)
            assert fills(found) == fills(known)
            assert figures(found, money) == figures(known)
