"""Blocks are as long as the dependence asks, and drawn series are made of the observed one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from optimizer.domain.luck.bootstrap import mean_block, stationary_bootstrap
from trading.base.domain.errors import InvariantError


def autoregressive(r: float, n: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0.0, 0.01, n)
    series = np.zeros(n)
    for t in range(1, n):
        series[t] = r * series[t - 1] + noise[t]
    return series


@pytest.mark.parametrize("r", [0.3, 0.5, 0.7])
def test_the_block_length_of_an_autoregression_is_the_theory_s(r: float) -> None:
    # With R(k) = s r^|k|: G = 2 s r / (1 - r)^2 and D = 2 s^2 ((1 + r) / (1 - r))^2.
    n = 4000
    wanted = (2.0 * r / (1.0 - r * r)) ** (2.0 / 3.0) * n ** (1.0 / 3.0)
    found = [mean_block(autoregressive(r, n, seed)) for seed in range(20)]
    assert np.median(found) == pytest.approx(wanted, rel=0.25)


def test_independent_returns_need_short_blocks() -> None:
    found = [mean_block(autoregressive(0.0, 1000, seed)) for seed in range(20)]
    assert np.median(found) < 5.0


def test_a_block_is_never_shorter_than_a_period_nor_longer_than_a_third() -> None:
    assert mean_block(np.zeros(100)) == 1.0
    trend = np.linspace(-1.0, 1.0, 90)
    assert 1.0 <= mean_block(trend) <= 3.0 * math.sqrt(90)
    assert mean_block(np.tile([0.01, -0.01], 50)) >= 1.0


def test_blocks_without_end_give_the_series_itself_turned_around() -> None:
    returns = autoregressive(0.2, 120, 1)
    draws = stationary_bootstrap(returns, 1e15, np.random.default_rng(2), draws=50)
    growth = float(np.prod(1.0 + returns)) - 1.0
    np.testing.assert_allclose(draws.total_return, growth, rtol=1e-9)
    np.testing.assert_allclose(draws.sharpe, returns.mean() / returns.std(), rtol=1e-6)


@pytest.mark.parametrize(("r", "block"), [(0.0, 1.0), (0.5, 30.0)])
def test_the_mean_spreads_as_the_dependence_makes_it(r: float, block: float) -> None:
    returns = autoregressive(r, 20_000, 3)
    draws = stationary_bootstrap(returns, block, np.random.default_rng(4), draws=400)
    spread = np.std(np.log1p(draws.total_return)) / len(returns)
    alone = returns.std() / math.sqrt(len(returns))
    wanted = alone * math.sqrt((1.0 + r) / (1.0 - r))
    assert spread == pytest.approx(wanted, rel=0.12)


def test_the_same_generator_gives_the_same_draws() -> None:
    returns = autoregressive(0.1, 100, 5)
    a, b = (stationary_bootstrap(returns, 4.0, np.random.default_rng(6)) for _ in range(2))
    np.testing.assert_array_equal(a.total_return, b.total_return)
    np.testing.assert_array_equal(a.sharpe, b.sharpe)
    assert a.total_return.shape == (500,)


def test_an_account_that_is_used_up_stays_at_minus_one() -> None:
    returns = np.array([0.1, -1.0, 0.1, 0.1])
    draws = stationary_bootstrap(returns, 1e15, np.random.default_rng(0), draws=5)
    np.testing.assert_array_equal(draws.total_return, -1.0)


@pytest.mark.parametrize(("n", "block"), [(1, 2.0), (10, 0.5)])
def test_what_cannot_be_drawn_is_refused(n: int, block: float) -> None:
    with pytest.raises(InvariantError, match="cannot be drawn"):
        stationary_bootstrap(np.zeros(n), block, np.random.default_rng(0))
