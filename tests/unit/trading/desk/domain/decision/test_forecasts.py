"""The core reads what came in; missing and expired forecasts close the gate, each by its name."""

from __future__ import annotations

import math

import pytest

from tests.fakes.forecasts import EPOCH, STEP, Steady
from trading.base.domain.reasons import Gate, Outcome
from trading.base.domain.side import Side
from trading.desk.domain.decision.forecasts import expected_return, forecast_for, forecast_gate
from trading.learning.domain.forecasting.blocks import block_of
from trading.learning.domain.forecasting.runs import Shelf
from trading.learning.domain.forecasting.sets import Ask, Forecast, Missing
from trading.learning.domain.policy import ForecastPolicy
from trading.market.domain.bars import Bar

POLICY = ForecastPolicy(horizon_bars=12, p_up_min=0.45)


def said(p_up: float) -> Forecast:
    return Forecast(p_up, -0.01, 0.0, 0.01, 0.005, math.nan, 12 * STEP, EPOCH, "m", "b")


def test_the_gate_takes_the_side_of_the_entry() -> None:
    buy = forecast_gate(said(0.45), Side.BUY, POLICY)
    sell = forecast_gate(said(0.45), Side.SELL, POLICY)
    assert (buy.gate, buy.observed, buy.limit, buy.is_passed) == (Gate.FORECAST, 0.45, 0.45, True)
    assert (sell.observed, sell.is_passed) == (0.55, True)
    refused = forecast_gate(said(0.44), Side.BUY, POLICY)
    assert (refused.is_passed, refused.outcome) == (False, Outcome.FORECAST_DISAGREES)


@pytest.mark.parametrize("why", Missing)
def test_none_closes_the_gate_with_its_own_reason(why: Missing) -> None:
    gate = forecast_gate(why, Side.BUY, POLICY)
    expired = why is Missing.EXPIRED
    outcome = Outcome.FORECAST_EXPIRED if expired else Outcome.FORECAST_UNAVAILABLE
    assert (gate.is_passed, gate.outcome) == (False, outcome)
    assert math.isnan(gate.observed)
    assert expected_return(why) == 0.0


def test_the_core_reads_its_policys_horizon_at_its_own_bar_time() -> None:
    steady = Steady(Ask(("A",), STEP, (12 * STEP,)))
    bar = Bar(EPOCH, 1.0, 1.0, 1.0, 1.0, 1.0)
    shelf = Shelf([steady.observe(block_of([(EPOCH, [("A", bar)])], STEP))])
    found = forecast_for(shelf, "A", POLICY, step_ms=STEP, bar_time=EPOCH + STEP)
    assert expected_return(found) == 0.01
    late = forecast_for(shelf, "A", POLICY, step_ms=STEP, bar_time=EPOCH + 2 * STEP)
    assert late is Missing.EXPIRED
    other = ForecastPolicy(horizon_bars=13)
    asked = forecast_for(shelf, "A", other, step_ms=STEP, bar_time=EPOCH + STEP)
    assert asked is Missing.NOT_ASKED
