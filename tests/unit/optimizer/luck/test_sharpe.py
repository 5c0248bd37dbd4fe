"""The deflated Sharpe ratio gives the numbers of its paper, and luck's spread cannot be hidden."""

from __future__ import annotations

import math

import numpy as np
import pytest

from optimizer.domain.luck.sharpe import (
    ReturnMoments,
    deflated_sharpe,
    expected_maximum,
    luck_hurdle,
    luck_variance,
    return_moments,
    sharpe_error,
    sharpes,
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
    found = [deflated_sharpe(moments, n, 1 / 364) for n in (1, 10, 1000, 100_000)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.99
    assert found[-1] < 0.5


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
    assert sharpes(np.zeros((10, 2))).tolist() == [0.0, 0.0]


def test_the_error_is_the_spread_of_ratios_of_skewed_returns() -> None:
    rng = np.random.default_rng(4)
    mean, n = 0.5, 400
    # gamma with shape 2: skewness sqrt(2), kurtosis 6; shifted to a ratio of one half
    draws = rng.gamma(2.0, 1.0 / math.sqrt(2.0), (20_000, n)) - math.sqrt(2.0) + mean
    spread = float(sharpes(draws.T).std())
    moments = ReturnMoments(n, mean, math.sqrt(2.0), 6.0)
    assert sharpe_error(moments) == pytest.approx(spread, rel=0.03)


def test_independent_trials_without_skill_spread_as_their_sampling_error() -> None:
    table = np.random.default_rng(1).normal(0.0, 0.02, (480, 300))
    assert luck_variance(table, 16) == pytest.approx(1 / 479, rel=0.25)


def test_trials_that_are_all_alike_cannot_hide_a_search() -> None:
    one = np.random.default_rng(2).normal(0.0, 0.02, (320, 1))
    assert luck_variance(np.repeat(one, 50, axis=1), 16) == pytest.approx(1 / 319)
    assert luck_variance(np.zeros((320, 50)), 16) == pytest.approx(1 / 319)


def test_costs_and_an_edge_do_not_raise_the_hurdle() -> None:
    rng = np.random.default_rng(3)
    table = rng.normal(0.0, 0.02, (480, 200))
    table[:, :80] -= 0.02  # trade themselves to death
    table[:, 80:100] += 0.01  # have an edge
    across = float(np.var(sharpes(table), ddof=1))
    assert across > 50 / 479
    assert luck_variance(table, 16) < 1.5 / 479


def test_returns_that_follow_each_other_raise_the_hurdle() -> None:
    rng = np.random.default_rng(5)
    noise = rng.normal(0.0, 0.02, (960, 100))
    table = np.zeros_like(noise)
    for t in range(1, 960):
        table[t] = 0.6 * table[t - 1] + noise[t]
    # the variance of a mean of an AR(1) is (1 + r) / (1 - r) times that of independent returns
    assert luck_variance(table, 16) == pytest.approx(4.0 / 959, rel=0.35)


def test_the_hurdle_is_yearly_where_the_variance_is() -> None:
    assert luck_hurdle(VARIANCE * DAYS, 100) == pytest.approx(
        luck_hurdle(VARIANCE, 100) * math.sqrt(DAYS)
    )
    assert luck_hurdle(VARIANCE, 1) == 0.0
    moments = ReturnMoments(1250, luck_hurdle(VARIANCE, 100), 0.0, 3.0)
    assert deflated_sharpe(moments, 100, VARIANCE) == 0.5
