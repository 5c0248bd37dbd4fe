"""A replay of an installed bot on the desk makes the evaluator's trades, to the last digit."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from optimizer.domain.systems import SYSTEMS
from tests.oracles.desk_parity import desk_run, parity
from tests.oracles.paths import draw, path, schedule
from trading.desk.domain.config import InstalledBot
from trading.desk.domain.policy import Policy
from trading.market.domain.bars import QUARANTINED, BarArrays
from trading.market.domain.costs import SwapCostSchedule
from trading.treasury.domain.policy import SavingsPolicy

NEAR = 1e-9
FREE = SwapCostSchedule(np.array([1e9]), np.array([0.0]), np.array([0.0]), np.array([0.0]))
STORED_REASONS = {"BAR_QUARANTINED", "BELOW_MIN_NOTIONAL"}


def flagged(bars: BarArrays, seed: int) -> BarArrays:
    """Return the bars with one in fifty quarantined."""
    odd = np.random.default_rng(seed).random(len(bars)) < 0.02
    odd[-1] = False  # what is open then is booked at the lower end of an outlier
    return replace(bars, flags=np.where(odd, QUARANTINED, 0).astype(np.uint8))


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_desk_makes_the_evaluators_trades_over_holes_and_outliers(name: str) -> None:
    rng = np.random.default_rng(len(name) + 7)
    closed, refused = 0, Counter[str]()
    for seed in range(4):
        bars = flagged(path(seed + 900, 800, wick=seed % 2 == 0), seed)
        venue, pair = ("pulsex", "PDAI/DAI") if seed % 2 else ("bybit", "ETH/USDT")
        size = float(rng.choice([50.0, 1000.0, 20_000.0]))
        found = parity(
            bars, name, draw(SYSTEMS[name].strategy, rng), schedule(),
            venue=venue, pair=pair, trade_size=size,
        )  # fmt: skip
        assert found.worst < NEAR, (seed, found)
        assert set(found.refused) <= STORED_REASONS
        closed += found.closed
        refused += found.refused
    assert closed >= 3, refused


@pytest.mark.parametrize("name", ["donchian_champion", "csma_revert", "hybrid_v2"])
def test_bars_before_the_installation_warm_up_without_orders(name: str) -> None:
    rng, trades = np.random.default_rng(5), 0
    for seed in range(4):
        found = parity(
            path(seed + 700, 900), name, draw(SYSTEMS[name].strategy, rng), schedule(),
            venue="bybit", pair="ETH/USDT", warm_bars=400,
        )  # fmt: skip
        assert found.worst < NEAR
        assert all(trade.entry_index > 400 for trade in found.trades)
        trades += len(found.trades)
    assert trades > 0


def test_savings_change_what_compounds_and_nothing_else() -> None:
    waves = 0.002 * np.exp(0.1 * np.sin(np.arange(3000) / 8.0) + np.arange(3000) * 1e-5)
    opens = np.concatenate([waves[:1], waves[:-1]])
    high, low = np.maximum(opens, waves) * 1.001, np.minimum(opens, waves) * 0.999
    values = np.ascontiguousarray(np.stack([opens, high, low, waves, np.full(3000, 1e9)]))
    times = 1_700_000_100_000 + 300_000 * np.arange(3000, dtype=np.int64)
    bars = BarArrays(times, values, np.zeros(3000, dtype=np.uint8))
    policy = Policy(savings=SavingsPolicy(score_min=0.0, plan_fee_ratio=Decimal(0)))
    bot = InstalledBot(
        venue="bybit", pair="ETH/USDT", strategy="donchian_champion",
        params={"entry_days": 0.02, "exit_days": 0.02, "ema_exit_days": 0.02},
    )  # fmt: skip
    saving = desk_run(bars, bot, FREE, policy=policy)
    spending = desk_run(bars, replace(bot, is_saving=False), FREE, policy=policy)
    assert saving.bot.reserved > 0
    assert spending.bot.reserved == 0
    marks = [[(bar, side, r.price) for bar, side, r in run.fills] for run in (saving, spending)]
    assert marks[0] == marks[1]
    skipped = {trip.savings.skip_reason for trip in spending.trips if trip.savings}
    assert {reason.value for reason in skipped if reason} <= {"not_healthy", "below_dust"}
    first = next(i for i, t in enumerate(saving.trips) if t.savings and t.savings.is_accepted)
    assert saving.trips[: first + 1] != spending.trips[: first + 1]
    assert [t.result for t in saving.trips[: first + 1]] == [
        t.result for t in spending.trips[: first + 1]
    ]
    assert saving.trips[first + 1].result.quantity < spending.trips[first + 1].result.quantity
