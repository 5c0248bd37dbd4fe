"""A mirrored price path flips the side of every trigger of every two-sided strategy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.market_paths import mirrored, random_bars, triggers_of
from trading.signals.domain.strategies import STRATEGIES
from trading.signals.domain.strategies.base import Strategy

TWO_SIDED = [strategy for strategy in STRATEGIES.values() if strategy.two_sided]


def assert_flipped(strategy: Strategy, seed: int, k: float) -> int:
    bars = random_bars(seed, 2_500)
    straight, mirror = triggers_of(strategy, bars), triggers_of(strategy, mirrored(bars, k))
    assert [(t.bar, -t.side) for t in straight] == [(t.bar, t.side) for t in mirror]
    for a, b in zip(straight, mirror, strict=True):
        assert b.strength == pytest.approx(a.strength, abs=1e-9)
        assert b.confidence == pytest.approx(a.confidence, abs=1e-9)
    return len(straight)


def test_all_five_desk_triggers_are_two_sided() -> None:
    names = {strategy.name for strategy in TWO_SIDED}
    assert names >= {"price_move", "breakout", "momentum", "reversal", "volume_spike"}


@pytest.mark.parametrize("strategy", TWO_SIDED, ids=lambda strategy: strategy.name)
def test_the_mirror_flips_every_trigger_and_there_are_many(strategy: Strategy) -> None:
    n_triggers = sum(assert_flipped(strategy, seed, 10_000.0) for seed in range(8))
    assert n_triggers >= 60


@pytest.mark.parametrize("strategy", TWO_SIDED, ids=lambda strategy: strategy.name)
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(100, 10_000), k=st.sampled_from([1.0, 3e-4, 2.0**30, 7.7e6]))
def test_the_mirror_flips_every_trigger_of_any_path(
    strategy: Strategy, seed: int, k: float
) -> None:
    assert_flipped(strategy, seed, k)


@pytest.mark.parametrize("strategy", TWO_SIDED, ids=lambda strategy: strategy.name)
def test_both_sides_occur(strategy: Strategy) -> None:
    sides = {t.side for seed in range(4) for t in triggers_of(strategy, random_bars(seed, 2_500))}
    assert sides == {1, -1}
