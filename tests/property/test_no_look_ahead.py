"""Cutting off or replacing the future changes no earlier trigger of any strategy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.market_paths import Trigger, random_bars, triggers_of
from trading.market.domain.bars import FloatArray
from trading.signals.domain.strategies import STRATEGIES
from trading.signals.domain.strategies.base import Strategy

HOUR_MS = 3_600_000
# The systems think in days and weeks; on hourly bars their windows fit a short, wild path.
TRIGGER_NAMES = {"price_move", "breakout", "momentum", "reversal", "volume_spike"}

# Rarely act on so short a path; these are held to their batch kernels besides.
LONG_WINDOWS = {"csma_revert_pro1", "multi_week_breakout", "multi_week_breakout_ultra"}


def run(strategy: Strategy, bars: FloatArray) -> list[Trigger]:
    if strategy.name in TRIGGER_NAMES:
        return triggers_of(strategy, bars)
    return triggers_of(strategy, bars, step_ms=HOUR_MS)


def path(seed: int) -> FloatArray:
    return random_bars(seed, 2_500, volatility=0.01)


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=lambda strategy: strategy.name)
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000), cut=st.integers(1, 2_499))
def test_another_future_changes_no_earlier_trigger(strategy: Strategy, seed: int, cut: int) -> None:
    bars = path(seed)
    other = path(seed + 1)[cut:] * bars[cut - 1, 3] / 100.0
    earlier = [trigger for trigger in run(strategy, bars) if trigger.bar < cut]
    assert run(strategy, bars[:cut]) == earlier
    replaced = run(strategy, np.vstack((bars[:cut], other)))
    assert [trigger for trigger in replaced if trigger.bar < cut] == earlier


@pytest.mark.parametrize(
    "strategy",
    [s for s in STRATEGIES.values() if s.name not in LONG_WINDOWS],
    ids=lambda strategy: strategy.name,
)
def test_the_paths_make_the_strategy_act(strategy: Strategy) -> None:
    assert any(run(strategy, path(seed)) for seed in range(6))
