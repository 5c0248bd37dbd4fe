"""The deflated Sharpe ratio gives its paper's numbers; neither edge nor drift counts as luck."""

from __future__ import annotations

import math

import numpy as np
import pytest

from optimizer.domain.luck.sharpe import (
    ReturnMoments,
    deflated_sharpe,
    expected_maximum,
    joint_chance,
    luck_chance,
    luck_hurdle,
    null_variance,
    return_moments,
    returns_needed,
    sharpe_error,
    timed_returns,
)

# Bailey and López de Prado, 2014, "A numerical example": a yearly Sharpe ratio of 2.5 over five
# years of 250 days, found in 100 trials whose ratios have a yearly variance of one half.
DAYS = 250
RATIO, VARIANCE = 2.5 / math.sqrt(DAYS), 0.5 / DAYS


@pytest.mark.parametrize(
    ("n_trials", "skewness", "kurtosis", "published"),
    [(100, -3.0, 10.0, 0.9004), (46, -3.0, 10.0, 0.9505), (88, 0.0, 3.0, 0.9505)],
)
def test_the_example_of_the_paper_comes_out(
    n_trials: int, skewness: float, kurtosis: float, published: float
) -> None:
    moments = ReturnMoments(1250, RATIO, skewness, kurtosis)
    assert deflated_sharpe(moments, n_trials, VARIANCE) == pytest.approx(published, abs=5e-5)


def test_the_hurdle_of_the_paper_comes_out() -> None:
    assert math.sqrt(VARIANCE) * expected_maximum(100) == pytest.approx(0.1132, abs=5e-5)


@pytest.mark.parametrize("n", [5, 20, 100, 1000, 100_000])
def test_the_expected_maximum_is_near_the_integral(n: int) -> None:
    # E[max] = integral of x d(Phi^n), on a grid
    x = np.linspace(-9.0, 9.0, 400_001)
    phi = np.array([0.5 * math.erfc(-v / math.sqrt(2.0)) for v in x[::40]])
    exact = float(np.sum(0.5 * (x[::40][1:] + x[::40][:-1]) * np.diff(phi**n)))
    assert expected_maximum(n) == pytest.approx(exact, rel=0.03)


def test_one_trial_has_no_hurdle_and_more_trials_have_higher_ones() -> None:
    assert expected_maximum(1) == 0.0
    hurdles = [expected_maximum(n) for n in (1, 2, 10, 10**3, 10**6, 10**12)]
    assert hurdles == sorted(hurdles)
    assert len(set(hurdles)) == len(hurdles)


def test_more_trials_deflate_more() -> None:
    moments = ReturnMoments(365, 0.2, -0.5, 6.0)
    found = [deflated_sharpe(moments, n) for n in (1, 10, 1000, 100_000)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.99
    assert found[-1] < 0.5


def sharpes(table: np.ndarray) -> np.ndarray:
    return table.mean(axis=0) / table.std(axis=0)


def test_moments_are_those_of_the_definition() -> None:
    returns = np.array([0.01, -0.02, 0.03, 0.0, 0.05])
    mean = 0.014
    spread = [value - mean for value in (0.01, -0.02, 0.03, 0.0, 0.05)]
    variance = sum(d**2 for d in spread) / 5
    moments = return_moments(returns)
    assert moments.n == 5
    assert moments.sharpe == pytest.approx(mean / math.sqrt(variance))
    assert moments.skewness == pytest.approx(sum(d**3 for d in spread) / 5 / variance**1.5)
    assert moments.kurtosis == pytest.approx(sum(d**4 for d in spread) / 5 / variance**2)


def test_a_series_that_never_moves_has_no_ratio() -> None:
    assert return_moments(np.zeros(10)) == ReturnMoments(10, 0.0, 0.0, 3.0)


def test_the_error_is_the_spread_of_ratios_of_skewed_returns() -> None:
    rng = np.random.default_rng(4)
    mean, n = 0.5, 400
    # gamma with shape 2: skewness sqrt(2), kurtosis 6; shifted to a ratio of one half
    draws = rng.gamma(2.0, 1.0 / math.sqrt(2.0), (20_000, n)) - math.sqrt(2.0) + mean
    spread = float(sharpes(draws.T).std())
    moments = ReturnMoments(n, mean, math.sqrt(2.0), 6.0)
    assert sharpe_error(moments) == pytest.approx(spread, rel=0.03)


def stormy(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return a market whose volatility comes in storms (GARCH) and which nobody can tell."""
    moves, variance = np.empty(n), 4e-4
    for t, noise in enumerate(rng.standard_t(5, n) * math.sqrt(0.6)):
        moves[t] = math.sqrt(variance) * noise
        variance = 2e-5 + 0.12 * moves[t] ** 2 + 0.83 * variance
    return moves


@pytest.mark.parametrize("drift", [0.0, 0.001, 0.004])
def test_positions_without_skill_vary_by_the_null_variance_in_any_market(drift: float) -> None:
    # held for 20 days at a time: positions follow each other, timed returns do not
    found, n = [], 400
    for seed in range(400):
        rng = np.random.default_rng([seed, 7])
        market = stormy(rng, n) + drift
        held = np.repeat(rng.random(n // 20) < 0.5, 20)
        moments = return_moments(timed_returns(held * market, market, held.mean()))
        found.append(moments.sharpe)
    assert np.mean(found) == pytest.approx(0.0, abs=0.008)
    assert np.var(found) == pytest.approx(null_variance(n), rel=0.2)


def test_holding_any_share_of_the_market_is_no_timing() -> None:
    market = np.random.default_rng(2).normal(0.003, 0.02, 300)
    for share in (0.0, 0.3, 1.0):
        assert not timed_returns(share * market, market, share).any()
        assert return_moments(timed_returns(share * market, market, share)).sharpe == 0.0


def test_what_was_earned_beside_the_market_is_what_is_left() -> None:
    rng = np.random.default_rng(3)
    market, own = rng.normal(0.003, 0.02, 5_000), rng.normal(0.001, 0.01, 5_000)
    left = timed_returns(0.6 * market + own, market, 0.6)
    assert left.mean() == pytest.approx(own.mean(), abs=1e-4)
    assert left.std() == pytest.approx(0.01, rel=0.03)


def test_regimes_that_are_traded_do_not_raise_their_own_hurdle() -> None:
    # Two days up, two days down: half the market's moves are the edge. Over blocks of time the
    # trials spread by a multiple of the null variance; the hurdle knows nothing of it.
    rng = np.random.default_rng(4)
    regime = np.repeat(np.where(rng.random(150) < 0.5, 0.02, -0.02), 2)
    market = regime + rng.normal(0.0, 0.02, 300)
    held = regime > 0.0
    held[::5] = ~held[::5]  # not perfect
    timed = timed_returns(held * market, market, held.mean())
    assert deflated_sharpe(return_moments(timed), 300) > 0.99
    assert luck_chance(return_moments(timed).sharpe, 300, 300) < 1e-4


@pytest.mark.parametrize("n_trials", [1, 7, 300, 10**9])
def test_the_chance_of_the_best_is_that_of_one_often(n_trials: int) -> None:
    one = 0.5 * math.erfc(0.2 * math.sqrt(399) / math.sqrt(2.0))
    assert luck_chance(0.2, 400, 1) == pytest.approx(one)
    assert luck_chance(0.2, 400, n_trials) == pytest.approx(1.0 - (1.0 - one) ** n_trials)
    assert luck_chance(9.0, 400, n_trials) < 1e-12
    assert luck_chance(-9.0, 400, n_trials) == 1.0


def test_chances_of_nothing_join_to_an_even_chance() -> None:
    pairs = np.random.default_rng(5).random((20_000, 2))
    joined = np.array([joint_chance(here, there) for here, there in pairs])
    for level in (0.01, 0.05, 0.5, 0.9):
        assert np.mean(joined < level) == pytest.approx(level, abs=0.01)
    assert joint_chance(0.3, None) == 0.3
    assert joint_chance(0.0, 0.5) == 0.0
    assert joint_chance(1.0, 1.0) == 1.0


def test_so_many_returns_as_needed_bring_the_ratio_to_its_limit() -> None:
    moments = ReturnMoments(365, 0.12, -0.8, 7.0)
    needed = returns_needed(moments, 300, 0.95)
    assert needed is not None
    assert needed > 365
    longer = ReturnMoments(needed, 0.12, -0.8, 7.0)
    assert deflated_sharpe(longer, 300) == pytest.approx(0.95, abs=2e-3)
    assert deflated_sharpe(longer, 300) >= 0.95
    assert returns_needed(ReturnMoments(365, -0.1, 0.0, 3.0), 300, 0.95) is None


def test_the_hurdle_is_yearly_where_the_variance_is() -> None:
    assert luck_hurdle(VARIANCE * DAYS, 100) == pytest.approx(
        luck_hurdle(VARIANCE, 100) * math.sqrt(DAYS)
    )
    assert luck_hurdle(VARIANCE, 1) == 0.0
    moments = ReturnMoments(1250, luck_hurdle(VARIANCE, 100), 0.0, 3.0)
    assert deflated_sharpe(moments, 100, VARIANCE) == 0.5
