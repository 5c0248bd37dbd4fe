"""A session asks for its pairs, its policy's horizon and those its start names, at its costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.crowd import STEP_MS, Member, desk_of
from trading.base.domain.errors import BadInputError
from trading.desk.domain.policy import ExecutionPolicy
from trading.desk.services.sessions.forecasting import asked_of, forecasts_plan, service_open
from trading.learning.domain.policy import ForecastPolicy


def desk():
    return desk_of([Member("BBB/USDT", {}, "b"), Member("AAA/USDT", {}, "a")])


def test_it_asks_for_all_pairs_of_the_session_and_the_policys_horizon_first() -> None:
    state = desk()
    asked = asked_of(forecasts_plan(), state)
    assert asked.pairs == ("AAA/USDT", "BBB/USDT")
    assert asked.step_ms == STEP_MS
    assert asked.horizons_ms == tuple(n * STEP_MS for n in (6, 12, 72, 864))
    assert asked.round_trip == dict.fromkeys(asked.pairs, 0.0024)


def test_another_policy_asks_for_its_own_horizon_and_costs() -> None:
    state = desk()
    policy = replace(
        state.policy,
        forecast=ForecastPolicy(horizon_bars=7),
        execution=ExecutionPolicy(taker_fee_bps=20.0),
    )
    state.obey(policy)
    asked = asked_of(forecasts_plan(horizons=("1h",)), state)
    assert asked.horizons_ms == (7 * STEP_MS, 12 * STEP_MS)
    assert asked.round_trip["AAA/USDT"] == pytest.approx(0.0044)
    service = service_open(forecasts_plan(horizons=("1h",)), desk())
    service.forecaster.ask(asked)
    assert service.forecaster.head.horizons_ms == asked.horizons_ms


def test_a_start_from_before_the_entry_gets_the_baseline() -> None:
    assert service_open({}, desk()).forecaster.head.forecaster == "naive-drift-1"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(BadInputError, match="forecaster was 'x'; expected one of"):
        forecasts_plan("x")
    with pytest.raises(BadInputError, match="horizon was '2h'; expected one of"):
        forecasts_plan(horizons=("2h",))
