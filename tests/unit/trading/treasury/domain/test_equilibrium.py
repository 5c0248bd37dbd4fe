"""When the desk counts as healthy."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from trading.base.domain.errors import InvariantError
from trading.treasury.domain.equilibrium import (
    EquilibriumState,
    equilibrium_score,
    record_round_trip,
    verdict,
)
from trading.treasury.domain.policy import SavingsPolicy

POLICY = SavingsPolicy()  # 16 closes, window 128, score 0.15


def recorded(
    n: int, realised: float = 0.01, predicted: float = 0.01, confidence: float = 0.5
) -> EquilibriumState:
    state = EquilibriumState()
    for _ in range(n):
        state = record_round_trip(
            state, predicted=predicted, realised=realised, confidence=confidence, window=128
        )
    return state


def test_enough_earning_round_trips_are_healthy() -> None:
    found = verdict(recorded(16), POLICY)
    assert found.is_healthy
    assert found.blockers == ()
    assert (found.n, found.net) == (16, pytest.approx(0.16))


def test_the_score_is_the_formula() -> None:
    records = recorded(8, realised=0.03, predicted=0.01, confidence=0.4).records
    wanted = 0.6 / 1.02 + 0.3 * 0.4 + 0.1 * math.tanh(0.03)
    assert equilibrium_score(records) == pytest.approx(wanted, rel=1e-15)


def test_confidence_counts_at_most_once_over() -> None:
    assert equilibrium_score(recorded(8, confidence=7.0).records) == equilibrium_score(
        recorded(8, confidence=1.0).records
    )


def test_below_eight_round_trips_there_is_no_score() -> None:
    assert equilibrium_score(recorded(7).records) == 0.0
    assert equilibrium_score(recorded(8).records) > 0.5


def test_a_losing_desk_is_not_healthy_whatever_its_score() -> None:
    found = verdict(recorded(20, realised=-0.01, predicted=-0.01, confidence=1.0), POLICY)
    assert found.score > POLICY.score_min
    assert not found.is_healthy
    assert found.blockers == ("the last 20 round trips earned -20.00 % together, not above 0",)


def test_every_blocker_is_named_at_once() -> None:
    found = verdict(EquilibriumState(), POLICY)
    assert len(found.blockers) == 3
    assert found.blockers[0] == "0 round trips closed, 16 needed"
    assert "score is 0.000, 0.150 needed" in found.blockers[2]


def test_a_wide_forecast_error_lowers_the_score_below_the_limit() -> None:
    found = verdict(recorded(16, predicted=9.0, confidence=0.0), replace(POLICY, score_min=0.15))
    assert found.score == pytest.approx(0.6 / 9.99 + 0.1 * math.tanh(0.01))
    assert not found.is_healthy


def test_the_window_forgets_the_oldest() -> None:
    state = recorded(5, realised=-1.0)
    for _ in range(3):
        state = record_round_trip(state, predicted=0, realised=0.5, confidence=0.5, window=3)
    assert [record.realised for record in state.records] == [0.5, 0.5, 0.5]


def test_a_smaller_window_of_the_policy_counts_at_once() -> None:
    state = recorded(20, realised=0.01)
    assert verdict(state, replace(POLICY, window=16)).n == 16


@pytest.mark.parametrize("name", ["predicted", "realised", "confidence"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_figure_that_is_no_number_is_refused(name: str, value: float) -> None:
    figures = {"predicted": 0.0, "realised": 0.0, "confidence": 0.0} | {name: value}
    with pytest.raises(InvariantError, match=name):
        record_round_trip(EquilibriumState(), window=8, **figures)


def test_a_window_of_nothing_is_refused() -> None:
    with pytest.raises(InvariantError, match="window was 0"):
        record_round_trip(EquilibriumState(), predicted=0.0, realised=0.0, confidence=0.0, window=0)
