"""On real candles, holes and outliers included, desk and evaluator make the same trades."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from optimizer.domain.systems import SYSTEMS
from tests.oracles.desk_parity import STEP_MS, Parity, parity
from tests.oracles.paths import draw
from trading.market.adapters.candles import ArrowCandleFiles
from trading.market.domain.bars import QUARANTINED, BarArrays
from trading.market.domain.costs import SwapCostSchedule
from trading.market.services.candles.series import series_check

pytestmark = pytest.mark.real_data
NOW_MS = 1_900_000_000_000
DAYS_90 = 25_888
MARKETS = {"pulsex": "PDAI/DAI", "bybit": "ETH/USDT"}
DRAWS = 3


@cache
def candles(folder: Path, venue: str) -> BarArrays:
    file = folder / "candles" / f"{venue}_{MARKETS[venue].replace('/', '-')}_5m.parquet"
    bars = series_check(ArrowCandleFiles().read(file), step_ms=STEP_MS, now_ms=NOW_MS).bars
    return bars.slice(max(0, len(bars) - DAYS_90), len(bars))


@cache
def costs(folder: Path) -> SwapCostSchedule:
    file = folder / "optimizer" / "swap_cost_cache.json"
    return SwapCostSchedule.from_entries(json.loads(file.read_text())["entries"])


def found_on(folder: Path, venue: str, name: str) -> list[Parity]:
    rng, strategy = np.random.default_rng(1), SYSTEMS[name].strategy
    sets = [{}, *(draw(strategy, rng) for _ in range(DRAWS))]
    bars, schedule = candles(folder, venue), costs(folder)
    return [
        parity(bars, name, params, schedule, venue=venue, pair=MARKETS[venue]) for params in sets
    ]


@pytest.mark.parametrize("venue", MARKETS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_ninety_days_of_real_candles_give_equal_trades(
    shared_data: Path, venue: str, name: str
) -> None:
    refused = Counter[str]()
    for found in found_on(shared_data, venue, name):
        assert found.worst < 1e-9
        refused += found.refused
    assert set(refused) <= {"BAR_QUARANTINED", "BELOW_MIN_NOTIONAL"}


def test_the_candles_have_the_holes_and_outliers_that_make_this_worth_asking(
    shared_data: Path,
) -> None:
    bars = candles(shared_data, "pulsex")
    assert (np.diff(bars.open_time) > STEP_MS).sum() > 30
    assert (bars.flags & QUARANTINED).any()
    trades = [len(f.trades) for f in found_on(shared_data, "pulsex", "donchian_champion")]
    assert trades[0] == 5  # its own parameters
    assert sum(trades) > 100
