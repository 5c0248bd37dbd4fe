"""The naive forecaster says what its formula says and claims nothing more."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.market_paths import mirrored, random_bars
from trading.base.domain.errors import InvariantError
from trading.base.domain.reasons import Gate, Outcome
from trading.base.domain.side import Side
from trading.learning.domain.forecasting.base import Forecast, Forecaster, forecast_gate
from trading.learning.domain.forecasting.naive import NaiveDriftForecaster
from trading.learning.domain.policy import ForecastPolicy
from trading.signals.domain.features import FeatureBank

NAIVE: Forecaster = NaiveDriftForecaster()


def view(mean: float, variance: float) -> np.ndarray:
    return np.array([mean, variance])


def test_by_hand() -> None:
    forecast = NAIVE.forecast(view(0.001, 0.0001), 4)
    assert forecast == Forecast(
        pytest.approx(0.579259709, abs=1e-9), math.expm1(0.004), 4, "naive-drift-1"
    )


@given(mean=st.floats(-0.01, 0.01), variance=st.floats(0, 0.01), horizon=st.integers(1, 1000))
def test_the_mirrored_drift_has_the_mirrored_probability(
    mean: float, variance: float, horizon: int
) -> None:
    up = NAIVE.forecast(view(mean, variance), horizon)
    down = NAIVE.forecast(view(-mean, variance), horizon)
    assert up is not None
    assert down is not None
    assert 0.0 <= up.p_up <= 1.0
    assert up.p_up + down.p_up == pytest.approx(1.0)
    assert up.probability(Side.SELL) == pytest.approx(down.p_up)


@pytest.mark.parametrize("cold", [view(math.nan, 1.0), view(0.0, math.nan)])
def test_there_is_no_forecast_only_while_a_feature_is_cold(cold: np.ndarray) -> None:
    assert NAIVE.forecast(cold, 12) is None


@pytest.mark.parametrize(("mean", "p_up"), [(0.0, 0.5), (1e-4, 1.0), (-1e-4, 0.0)])
def test_a_market_without_variance_knows_its_drift_or_nothing(mean: float, p_up: float) -> None:
    forecast = NAIVE.forecast(view(mean, 0.0), 12)
    assert forecast is not None
    assert forecast.p_up == p_up


def test_a_distance_below_one_bar_is_a_bug() -> None:
    with pytest.raises(InvariantError, match="horizon_bars was 0"):
        NAIVE.forecast(view(0.0, 1.0), 0)


def test_it_reads_streamed_features_and_mirrors_with_the_price() -> None:
    bars, found = random_bars(3, 500), []
    for path in (bars, mirrored(bars)):
        bank = FeatureBank([NAIVE.features(300_000)])
        for bar in path.tolist():
            bank.update(*bar)
        forecast = NAIVE.forecast(bank.view(0), 12)
        assert forecast is not None
        found.append(forecast.p_up)
    assert found[0] != 0.5
    assert sum(found) == pytest.approx(1.0)


@pytest.mark.parametrize("step_ms", [60_000, 300_000, 86_400_000])
def test_its_memory_is_time_not_bars(step_ms: int) -> None:
    periods = {feature.period for feature in NAIVE.features(step_ms)}
    assert periods == {max(24, 43_200_000 // step_ms)}


def test_the_gate_takes_the_side_of_the_entry() -> None:
    forecast = Forecast(0.45, 0.0, 12, "m")
    policy = ForecastPolicy(p_up_min=0.45)
    buy = forecast_gate(forecast, Side.BUY, policy)
    sell = forecast_gate(forecast, Side.SELL, policy)
    assert (buy.gate, buy.observed, buy.limit, buy.is_passed) == (Gate.FORECAST, 0.45, 0.45, True)
    assert (sell.observed, sell.is_passed) == (0.55, True)
    refused = forecast_gate(Forecast(0.44, 0.0, 12, "m"), Side.BUY, policy)
    assert (refused.is_passed, refused.outcome) == (False, Outcome.FORECAST_DISAGREES)


def test_no_forecast_closes_the_gate_with_its_own_reason() -> None:
    gate = forecast_gate(None, Side.BUY, ForecastPolicy())
    assert (gate.is_passed, gate.outcome) == (False, Outcome.FORECAST_UNAVAILABLE)
    assert math.isnan(gate.observed)
