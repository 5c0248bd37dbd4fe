"""The unit table of the plan's conviction formula, its gates and the lint of its thresholds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.base.domain.reasons import Gate, Outcome
from trading.signals.domain.policy import SignalPolicy
from trading.signals.domain.proposals import (
    conviction,
    conviction_floor,
    inert_thresholds,
    score,
    score_floor,
    signal_gates,
)

PLAN = SignalPolicy()
unit = st.floats(0, 1)


@pytest.mark.parametrize(
    ("strength", "confidence", "boosts", "wanted"),
    [
        (0.6, 0.7, 0.0, 0.51),
        (0.7, 0.75, 0.0, 0.575),
        (0.8, 0.85, 0.0, 0.655),
        (0.7, 0.8, 0.02, 0.61),
        (0.0, 0.0, 0.0, 0.0),
        (1.0, 1.0, 0.0, 0.8),
        (1.0, 1.0, 0.97, 1.0),
    ],
)
def test_conviction_is_exact(
    strength: float, confidence: float, boosts: float, wanted: float
) -> None:
    assert conviction(strength, confidence, PLAN, boosts) == wanted


def test_reaching_a_threshold_exactly_passes_both_gates() -> None:
    policy = SignalPolicy(score_min=0.42, conviction_min=0.51)
    gates = signal_gates(0.6, 0.7, policy)
    assert [(g.gate, g.observed, g.limit, g.is_passed) for g in gates] == [
        (Gate.SCORE, 0.42, 0.42, True),
        (Gate.CONVICTION, 0.51, 0.51, True),
    ]


def test_each_gate_fails_by_itself_and_names_its_outcome() -> None:
    weak_score, enough = signal_gates(0.9, 0.05, PLAN)
    assert (weak_score.is_passed, weak_score.outcome) == (False, Outcome.BELOW_SCORE)
    assert enough.is_passed
    fair_score, weak = signal_gates(0.25, 0.45, PLAN)
    assert fair_score.is_passed
    assert (weak.is_passed, weak.outcome) == (False, Outcome.BELOW_CONVICTION)


def test_a_strength_that_could_not_be_observed_passes_nothing() -> None:
    gates = signal_gates(math.nan, 0.9, PLAN)
    assert not any(gate.is_passed for gate in gates)
    assert all(math.isnan(gate.observed) for gate in gates)


def test_the_shipped_thresholds_all_bind() -> None:
    assert inert_thresholds(PLAN) == []


@pytest.mark.parametrize(
    ("m", "threshold", "is_inert"),
    [
        (0.2, 0.25, True),
        (0.2, 0.28, True),
        (0.2, 0.30, True),
        (0.2, 0.34, True),
        (0.2, 0.35, False),
        (0.104, 0.25, False),
        (0.105, 0.25, True),
        (0.130, 0.28, False),
        (0.131, 0.28, True),
        (0.149, 0.30, False),
        (0.266, 0.40, False),
        (0.267, 0.40, True),
    ],
)
def test_the_lint_finds_conviction_thresholds_that_never_bind(
    m: float, threshold: float, is_inert: bool
) -> None:
    found = inert_thresholds(SignalPolicy(score_min=m, conviction_min=threshold))
    assert bool(found) is is_inert
    assert all("conviction_min" in sentence and "never binds" in sentence for sentence in found)


def test_the_lint_finds_a_threshold_nobody_can_reach() -> None:
    (sentence,) = inert_thresholds(SignalPolicy(conviction_min=0.81))
    assert "no proposal can ever pass" in sentence
    assert "0.8" in sentence


def test_the_lint_finds_a_score_gate_that_never_binds() -> None:
    found = inert_thresholds(SignalPolicy(score_min=0.10, conviction_min=0.60))
    assert len(found) == 1
    assert "score_min is 0.1" in found[0]


@pytest.mark.parametrize(
    ("policy", "floor"),
    [
        (SignalPolicy(conviction_min=0.60), 1 / 3),  # strength 1 and confidence 0.1 / 0.3
        (SignalPolicy(conviction_min=0.50), 0.0),  # strength 1 suffices alone
        (SignalPolicy(conviction_min=0.20, weight_confidence=0.0), 0.0),
        (SignalPolicy(conviction_min=0.60, weight_confidence=0.0), math.inf),
    ],
)
def test_the_least_score_behind_a_conviction_by_hand(policy: SignalPolicy, floor: float) -> None:
    assert score_floor(policy) == pytest.approx(floor)


@pytest.mark.parametrize(
    ("policy", "floor"),
    [
        (SignalPolicy(score_min=0.2), 0.34641),
        (SignalPolicy(score_min=0.9, weight_strength=0.2, weight_confidence=0.5), 0.65),
        (SignalPolicy(score_min=0.9, weight_strength=0.5, weight_confidence=0.2), 0.65),
        (SignalPolicy(score_min=0.0), 0.0),
    ],
)
def test_the_least_conviction_behind_a_score_by_hand(policy: SignalPolicy, floor: float) -> None:
    assert conviction_floor(policy) == pytest.approx(floor, abs=1e-5)


def test_no_weights_make_every_threshold_unreachable() -> None:
    policy = SignalPolicy(weight_strength=0.0, weight_confidence=0.0)
    assert "no proposal can ever pass" in inert_thresholds(policy)[0]


@given(m=unit, threshold=unit, ws=unit, wc=unit, strength=unit, confidence=unit)
def test_no_trigger_undercuts_the_floors_the_lint_reasons_with(
    m: float, threshold: float, ws: float, wc: float, strength: float, confidence: float
) -> None:
    policy = SignalPolicy(
        score_min=m, conviction_min=threshold, weight_strength=ws, weight_confidence=wc
    )
    if strength * confidence >= m:
        assert conviction(strength, confidence, policy) >= conviction_floor(policy) - 1e-9
    if ws * strength + wc * confidence >= threshold:
        assert strength * confidence >= score_floor(policy) - 1e-9


@given(strength=unit, confidence=unit, more=unit)
def test_more_strength_never_lowers_score_or_conviction(
    strength: float, confidence: float, more: float
) -> None:
    stronger = max(strength, more)
    assert conviction(stronger, confidence, PLAN) >= conviction(strength, confidence, PLAN)
    assert score(stronger, confidence) >= score(strength, confidence)
