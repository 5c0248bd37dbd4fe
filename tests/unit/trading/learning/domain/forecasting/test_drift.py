"""The drift says to the bit what the streamed features and the formula said."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.fakes.forecasts import STEP, walk
from tests.market_paths import mirrored, random_bars
from tests.oracles.drift import streamed_drift
from trading.learning.domain.forecasting.blocks import block_of_series, blocks_of_series
from trading.learning.domain.forecasting.drift import NaiveDrift, drift_period
from trading.learning.domain.forecasting.sets import Ask, Forecast, Missing
from trading.market.domain.bars import BarArrays

H = 12 * STEP


def told(bars: BarArrays, *horizons: int) -> list[tuple[float, float] | None]:
    """Return p_up and the expected return over the first horizon after every bar."""
    forecaster = NaiveDrift(Ask(("A",), STEP, tuple(sorted({*horizons}))))
    found = []
    for block in blocks_of_series({"A": bars}, STEP, times=100):
        for one in forecaster.observe(block):
            said = one.get("A", horizons[0], one.bar_time)
            found.append((said.p_up, said.expected) if isinstance(said, Forecast) else None)
    return found


def flat(n: int, change: float = 0.0) -> BarArrays:
    close = 100.0 * np.exp(change * np.arange(n))
    values = np.vstack([np.tile(close, (4, 1)), np.ones(n)])
    return BarArrays(STEP * np.arange(n), values, np.zeros(n, dtype=np.uint8))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("horizon_bars", [1, 12, 864])
def test_it_is_bit_identical_to_the_streamed_reckoning(seed: int, horizon_bars: int) -> None:
    bars = walk(seed, 400)
    expected = list(streamed_drift((bars.bar(i) for i in range(len(bars))), STEP, horizon_bars))
    assert told(bars, horizon_bars * STEP, 6 * STEP) == expected
    assert sum(found is not None for found in expected) > 200


@pytest.mark.parametrize(("change", "p_up"), [(0.0, 0.5), (1e-4, 1.0), (-1e-4, 0.0)])
def test_a_market_without_variance_knows_its_drift_or_nothing(change: float, p_up: float) -> None:
    last = told(flat(300, change), H)[-1]
    assert last is not None
    assert last[0] == pytest.approx(p_up, abs=1e-6)
    assert last[1] == pytest.approx(math.expm1(12 * change))


def test_the_mirrored_market_has_the_mirrored_probability() -> None:
    rows = random_bars(3, 300)
    found = []
    for path in (rows, mirrored(rows)):
        times, flags = STEP * np.arange(300), np.zeros(300, dtype=np.uint8)
        last = told(BarArrays(times, np.ascontiguousarray(path.T), flags), H)[-1]
        assert last is not None
        found.append(last[0])
    assert found[0] != 0.5
    assert sum(found) == pytest.approx(1.0)


def test_by_hand() -> None:
    """Two alternating returns of a and -a have the mean and variance their weights give them."""
    forecaster = NaiveDrift(Ask(("A",), STEP, (H,), {"A": 0.0024}))
    one = list(forecaster.observe(block_of_series({"A": walk(5, 200)}, STEP)))[-1]
    said = one.get("A", H, one.bar_time)
    assert isinstance(said, Forecast)
    drift = math.log1p(said.expected)
    spread = (math.log1p(said.high) - drift) / 1.2815515655446004
    assert math.log1p(said.low) == pytest.approx(drift - 1.2815515655446004 * spread)
    assert said.p_up == pytest.approx(0.5 * math.erfc(-drift / spread / math.sqrt(2)))
    assert said.median == said.expected
    assert said.expected_net == said.expected - 0.0024


@pytest.mark.parametrize("step_ms", [60_000, 300_000, 86_400_000])
def test_its_memory_is_time_not_bars(step_ms: int) -> None:
    assert drift_period(step_ms) == max(24, 43_200_000 // step_ms)
    assert NaiveDrift(Ask((), step_ms, ())).warm_up_bars == drift_period(step_ms) + 1


def test_figures_beyond_all_bounds_are_none() -> None:
    forecaster = NaiveDrift(Ask(("A",), STEP, (H, 10_000 * STEP)))
    run = forecaster.observe(block_of_series({"A": flat(300, 0.1)}, STEP))
    last = run[len(run) - 1]
    assert last.get("A", 10_000 * STEP, last.bar_time) is Missing.NOT_FINITE
    assert isinstance(last.get("A", H, last.bar_time), Forecast)
