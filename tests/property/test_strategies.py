"""Every trigger is scale-free, fires once per excursion and keeps its figures in range."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.market_paths import STEP_MS, random_bars, triggers_of
from trading.signals.domain.features import FeatureBank
from trading.signals.domain.strategies import STRATEGIES
from trading.signals.domain.strategies.base import Strategy, warm_bars
from trading.signals.domain.strategies.triggers import TRIGGERS
from trading.signals.domain.strategies.triggers.scales import agreement_of, strength_of

TWO_SIDED = [strategy for strategy in STRATEGIES.values() if strategy.two_sided]
each_two_sided = pytest.mark.parametrize("strategy", TWO_SIDED, ids=lambda s: s.name)
each_trigger = pytest.mark.parametrize("strategy", TRIGGERS, ids=lambda s: s.name)
each = pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=lambda s: s.name)


@each_two_sided
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-7, 0.37, 2.0**20, 1e6]))
def test_the_unit_of_the_price_does_not_matter(strategy: Strategy, seed: int, scale: float) -> None:
    bars = random_bars(seed, 2_000)
    scaled = bars.copy()
    scaled[:, :4] *= scale
    wanted, found = triggers_of(strategy, bars), triggers_of(strategy, scaled)
    assert [(t.bar, t.side) for t in found] == [(t.bar, t.side) for t in wanted]
    for a, b in zip(wanted, found, strict=True):
        assert b.strength == pytest.approx(a.strength, abs=1e-8)


@each
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_strength_and_confidence_stay_between_0_and_1_and_no_bar_fires_twice(
    strategy: Strategy, seed: int
) -> None:
    found = triggers_of(strategy, random_bars(seed, 2_500, volatility=0.004))
    assert len({t.bar for t in found}) == len(found)
    for trigger in found:
        assert trigger.side in (1, -1)
        assert 0.0 < trigger.strength <= 1.0
        assert 0.0 <= trigger.confidence <= 1.0


@each_trigger
def test_an_excursion_fires_once(strategy: Strategy) -> None:
    for seed in range(6):
        found = triggers_of(strategy, random_bars(seed, 2_500))
        assert found
        for a, b in pairwise(found):
            assert b.bar > a.bar + 1 or b.side != a.side


@each_trigger
@pytest.mark.parametrize("volume", [0.0, 5.0])
def test_a_flat_market_triggers_nothing(strategy: Strategy, volume: float) -> None:
    flat = np.full((1_200, 5), 42.0)
    flat[:, 4] = volume
    assert triggers_of(strategy, flat) == []


@each_trigger
def test_all_features_are_warm_when_the_strategy_is_first_asked(strategy: Strategy) -> None:
    params = strategy.resolve({})
    first = strategy.min_bars(params, STEP_MS)
    assert first >= max(map(warm_bars, strategy.features(params, STEP_MS)))
    bank = FeatureBank([strategy.features(params, STEP_MS)])
    for bar in random_bars(1, first).tolist():
        bank.update(*bar)
    assert not np.isnan(bank.view(0)).any()


@each_trigger
@pytest.mark.parametrize("step_ms", [60_000, 300_000, 3_600_000, 86_400_000])
def test_any_timeframe_gives_usable_windows(strategy: Strategy, step_ms: int) -> None:
    for bound in ("low", "high"):
        given_params = {param.name: getattr(param, bound) for param in strategy.params}
        params = strategy.resolve(given_params)
        FeatureBank([strategy.features(params, step_ms)])
        assert np.isfinite(strategy.kernel_params(params, step_ms)).all()
        assert strategy.min_bars(params, step_ms) >= 1


@settings(deadline=None)
@given(a=st.floats(-40, 40), b=st.floats(-40, 40))
def test_strength_grows_with_the_size_of_the_deviation(a: float, b: float) -> None:
    small, large = sorted((abs(a), abs(b)))
    assert 0.0 <= strength_of(small) <= strength_of(large) <= 1.0
    assert strength_of(a) == strength_of(-a)
    assert strength_of(1.0) == 0.5
    assert abs(strength_of(a + 1e-9) - strength_of(a)) < 1e-8


@settings(deadline=None)
@given(share=st.floats(0, 1), n=st.integers(1, 500))
def test_agreement_of_both_sides_adds_up_to_one(share: float, n: int) -> None:
    assert agreement_of(share, n, 1) + agreement_of(share, n, -1) == pytest.approx(1.0)
    assert agreement_of(0.5, n, 1) == 0.5
