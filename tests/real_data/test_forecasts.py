"""On real candles the drift says to the bit what the desk used to reckon, holes and all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles.drift import streamed_drift
from trading.learning.domain.forecasting.blocks import blocks_of_series
from trading.learning.domain.forecasting.drift import NaiveDrift
from trading.learning.domain.forecasting.sets import Ask, Forecast
from trading.market.adapters.candles import ArrowCandleFiles
from trading.market.domain.bars import BarArrays
from trading.market.services.candles.series import series_check

pytestmark = pytest.mark.real_data
STEP = 300_000
NOW_MS = 1_900_000_000_000
H = 12
FILES = {
    "BNB/USDT": "bybit_BNB-USDT", "BTC/USDT": "bybit_BTC-USDT", "ETH/USDT": "bybit_ETH-USDT",
    "SOL/USDT": "bybit_SOL-USDT", "PDAI/DAI": "pulsex_PDAI-DAI",
}  # fmt: skip
DAYS_90 = 25_920


def candles(folder: Path, name: str) -> BarArrays:
    file = folder / "candles" / f"{name}_5m.parquet"
    bars = series_check(ArrowCandleFiles().read(file), step_ms=STEP, now_ms=NOW_MS).bars
    return bars.slice(max(0, len(bars) - DAYS_90), len(bars))


def test_ninety_days_of_five_pairs_have_the_same_bits(shared_data: Path) -> None:
    series = {pair: candles(shared_data, name) for pair, name in FILES.items()}
    pairs = tuple(sorted(series))
    forecaster = NaiveDrift(Ask(pairs, STEP, (6 * STEP, H * STEP, 864 * STEP)))
    told: dict[str, list[tuple[float, float] | None]] = {pair: [] for pair in pairs}
    for block in blocks_of_series(series, STEP):
        for one in forecaster.observe(block):
            for pair in one.pairs:
                said = one.get(pair, H * STEP, one.bar_time)
                is_there = isinstance(said, Forecast)
                told[pair].append((said.p_up, said.expected) if is_there else None)
    for pair, bars in series.items():
        streamed = streamed_drift((bars.bar(i) for i in range(len(bars))), STEP, H)
        assert told[pair] == list(streamed), pair
        assert sum(found is not None for found in told[pair]) > 25_000
