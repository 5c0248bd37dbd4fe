"""The desk and the optimizer decide alike: ``decide`` bar by bar gives the signals of the scan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from optimizer.domain.evaluator.evaluator import Evaluator
from optimizer.domain.periods import window_parse
from optimizer.domain.signals import BUY_FLAG
from optimizer.domain.systems import SYSTEMS
from tests.oracles.paths import STEP_MS, draw, path, schedule
from trading.market.domain.bars import BarArrays
from trading.signals.domain.features import FeatureBank
from trading.signals.domain.strategies.base import BUY, SELL, Strategy


def streamed(strategy: Strategy, params: dict, bars: BarArrays) -> list[tuple[int, int]]:
    bank = FeatureBank([strategy.features(params, STEP_MS)])
    vector = strategy.kernel_params(params, STEP_MS)
    state, out, found = np.zeros(strategy.state_size), np.zeros(2), []
    view = bank.view(0)
    first = strategy.min_bars(params, STEP_MS)
    for t, bar in enumerate(bars.values.T.copy()):
        bank.update(*bar.tolist())
        if t + 1 < first:
            continue
        decided = strategy.decide(bar, view, vector, state, out)
        if decided in (BUY, SELL):
            assert 0 <= out.min() <= out.max() <= 1
            found.append((t, decided))
    return found


def scanned(name: str, params: dict[str, float], bars: BarArrays) -> list[tuple[int, int]]:
    evaluator = Evaluator(bars, step_ms=STEP_MS, costs=schedule())
    signals = evaluator.signals(SYSTEMS[name], params, evaluator.span(window_parse("all")))
    pairs = zip(signals.at.tolist(), signals.side.tolist(), strict=True)
    return [(t, BUY if side == BUY_FLAG else SELL) for t, side in pairs]


@pytest.mark.parametrize("name", SYSTEMS)
def test_streaming_decisions_equal_the_scan_on_random_walks(name: str) -> None:
    rng = np.random.default_rng(len(name))
    strategy, total = SYSTEMS[name].strategy, 0
    for seed in range(10):
        bars = path(seed + 50, 1000, tick=float(rng.choice([0.0, 0.00005])))
        params = draw(strategy, rng)
        found = streamed(strategy, params, bars)
        assert found == scanned(name, params, bars), (seed, params)
        total += len(found)
    assert total >= 10


@pytest.mark.real_data
@pytest.mark.parametrize("name", SYSTEMS)
def test_streaming_decisions_equal_the_scan_on_real_candles(name: str, shared_data: Path) -> None:
    table = pq.read_table(shared_data / "candles" / "pulsex_PDAI-DAI_5m.parquet")[:20_000]
    times = table["timestamp"].cast("int64").to_numpy() // 1000
    rows = [table[column].to_numpy() for column in ("open", "high", "low", "close", "volume")]
    values = np.ascontiguousarray(np.stack(rows))
    bars = BarArrays(times, values, np.zeros(times.shape[0], dtype=np.uint8))
    strategy = SYSTEMS[name].strategy
    rng = np.random.default_rng(3)
    for params in (strategy.resolve({}), draw(strategy, rng), draw(strategy, rng)):
        assert streamed(strategy, params, bars) == scanned(name, params, bars), params
