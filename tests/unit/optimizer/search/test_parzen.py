"""The Parzen estimators: Optuna's own, to rounding, and better than chance where it counts."""

from __future__ import annotations

import math

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.samplers import TPESampler
from optuna.samplers._tpe.sampler import _split_trials, default_gamma
from optuna.trial import TrialState, create_trial

from optimizer.domain.search.parzen import (
    CANDIDATES,
    HALF,
    Mixture,
    ParzenSampler,
    good_ones,
    kernel_widths,
)
from optimizer.domain.search.samplers import RandomSampler, Result, generator

BATCH = 12
COUNTS = [10, 11, 24, 25, 26, 35, 36, 60, 249, 250, 251, 499]  # gamma, ages and widths turn there


def history(n, dim, seed):
    """Return points and scores as studies have them: crowded, with failures and equal scores."""
    rng = np.random.default_rng([seed, n, dim])
    centres = rng.random((3, dim))
    points = rng.choice(centres, n) + 0.1 * rng.standard_normal((n, dim))
    points = 1.0 - np.abs(1.0 - np.abs(points))  # mirrored at the faces, where many then lie
    points[::3] = rng.random((len(points[::3]), dim))
    scores = np.round(rng.standard_normal(n), 1)
    scores[rng.random(n) < 0.3] = -math.inf
    return points, scores


class Peer:
    """Optuna's sampler over the same history."""

    def __init__(self, points, scores):
        self.space = {f"x{axis}": FloatDistribution(0.0, 1.0) for axis in range(points.shape[1])}
        study = optuna.create_study(direction="maximize")
        for point, score in zip(points.tolist(), scores.tolist(), strict=True):
            params = dict(zip(self.space, point, strict=True))
            done = create_trial(
                state=TrialState.COMPLETE, value=score, params=params, distributions=self.space
            )
            study.add_trial(done)
        self.sampler = TPESampler(multivariate=True, constant_liar=False, seed=0)
        below, above = _split_trials(study, study.trials, default_gamma(len(points)))
        self.good_numbers = [trial.number for trial in below]
        self.good = self._mixture(study, below, True)
        self.rest = self._mixture(study, above, False)

    def _mixture(self, study, trials, is_good):
        return self.sampler._build_parzen_estimator(study, self.space, trials, handle_below=is_good)

    def named(self, points):
        return dict(zip(self.space, points.T, strict=True))

    def best(self, points):
        """Return the draw Optuna proposes out of ``points``."""
        samples = self.named(points)
        values = self.sampler._compute_acquisition_func(samples, self.good, self.rest)
        return list(self.sampler._compare(samples, values).values())


@pytest.mark.parametrize("n", COUNTS)
def test_the_history_is_split_as_optuna_splits_it(n: int) -> None:
    for seed in range(3):
        points, scores = history(n, 1, seed)
        assert np.flatnonzero(good_ones(scores)).tolist() == Peer(points, scores).good_numbers


def test_a_history_of_failures_is_split_by_age() -> None:
    assert np.flatnonzero(good_ones(np.full(30, -math.inf))).tolist() == [0, 1, 2]


@pytest.mark.parametrize("dim", range(1, 15))
def test_densities_are_those_of_optuna_to_rounding(dim: int) -> None:
    rng = np.random.default_rng(dim)
    for n in (10, 26, 60, 251, 499):
        points, scores = history(n, dim, seed=1)
        is_good, peer = good_ones(scores), Peer(points, scores)
        good, rest = Mixture.around(points[is_good]), Mixture.around(points[~is_good])
        asked = np.vstack([good.draw(40, rng), rng.random((40, dim)), np.eye(dim), 1 - np.eye(dim)])
        named = peer.named(asked)
        ours, theirs = good.log_density(asked), peer.good.log_pdf(named)
        assert np.allclose(ours, theirs, rtol=0, atol=1e-9)
        assert np.allclose(rest.log_density(asked), peer.rest.log_pdf(named), rtol=0, atol=1e-9)
        values = peer.sampler._compute_acquisition_func(named, peer.good, peer.rest)
        assert np.allclose(ours - rest.log_density(asked), values, rtol=0, atol=1e-9)


def test_kernels_on_the_same_coordinates_are_as_wide_as_optunas_together() -> None:
    rng = np.random.default_rng(4)
    points = rng.choice([0.0, 0.25, 0.3, 1.0], (60, 5))
    peer = Peer(points, np.zeros(60)).rest._mixture_distribution
    widths = kernel_widths(points[good_ones(np.zeros(60)) ^ True].T)
    for ours, theirs in zip(widths, peer.distributions, strict=True):
        # which of equal coordinates gets which width is left to the sort
        assert np.allclose(np.sort(ours), np.sort(theirs.sigma[:-1]), rtol=0, atol=1e-15)


@pytest.mark.parametrize(("n", "dim"), [(10, 1), (60, 4), (400, 3)])
def test_draws_follow_the_mixture_they_are_drawn_from(n: int, dim: int) -> None:
    points, scores = history(n, dim, seed=2)
    peer, good = Peer(points, scores), Mixture.around(points[good_ones(scores)])
    ours = good.draw(20_000, np.random.default_rng(0))
    theirs = peer.good.sample(np.random.RandomState(0), 20_000)
    assert ours.min() >= 0.0
    assert ours.max() <= 1.0
    for axis, name in enumerate(peer.space):
        both = np.sort(np.concatenate([ours[:, axis], theirs[name]]))
        shares = [np.searchsorted(np.sort(x), both) / 20_000 for x in (ours[:, axis], theirs[name])]
        assert np.abs(shares[0] - shares[1]).max() < 0.02  # Kolmogorov-Smirnov at one in a thousand


@pytest.mark.parametrize(("n", "dim"), [(10, 1), (40, 5), (300, 14)])
def test_a_proposal_is_the_draw_optuna_would_choose(n: int, dim: int) -> None:
    points, scores = history(n, dim, seed=3)
    sampler = ParzenSampler(dim=dim, seed=7, place=1)
    sampler.tell([Result(k, points[k], (scores[k], 0.0)) for k in range(n)])
    good = Mixture.around(points[good_ones(scores)])
    drawn = good.draw(BATCH * CANDIDATES, generator(7, 1, 5)).reshape(BATCH, CANDIDATES, dim)
    peer = Peer(points, scores)
    assert np.array_equal(sampler.ask(range(BATCH), 5), [peer.best(few) for few in drawn])


def test_the_history_keeps_the_newest_half_whatever_the_batches() -> None:
    told = [Result(k, np.array([k / 2000]), (float(k),)) for k in range(1100)]
    by_one, at_once = (ParzenSampler(dim=1, seed=0, place=0) for _ in range(2))
    for result in told:
        by_one.tell([result])
    at_once.tell(told)
    assert by_one.state() == at_once.state()
    kept = [score for _point, score in at_once.state()["history"]]
    assert kept == list(range(750, 1100))
    at_once.tell([Result(k, np.array([0.5]), (float(k),)) for k in range(1100, 1250)])
    assert [score for _point, score in at_once.state()["history"]] == list(range(1000, 1250))
    assert len(kept) < 2 * HALF


def sphere(x):
    return -((x - 0.3) ** 2).sum()


def rastrigin(x):
    z = (x - 0.4) * 5.12
    return -(10 * len(x) + (z * z - 10 * np.cos(2 * math.pi * z)).sum())


def best_found(make, function, dim, seed):
    """Return the best of 300 trials in batches that are told two batches later."""
    sampler, found, waiting = make(dim=dim, seed=seed, place=0), [], []
    for batch in range(300 // BATCH):
        numbers = range(batch * BATCH, (batch + 1) * BATCH)
        points = sampler.ask(numbers, batch)
        told = [
            Result(k, point, (float(function(point)),))
            for k, point in zip(numbers, points, strict=True)
        ]
        found += [result.scores[0] for result in told]
        waiting.append(told)
        if len(waiting) == 2:
            sampler.tell(waiting.pop(0))
    return max(found)


@pytest.mark.parametrize(("function", "dim", "margin"), [(sphere, 6, 5.0), (rastrigin, 4, 1.5)])
def test_it_finds_what_chance_does_not(function, dim: int, margin: float) -> None:
    chance, ours = (
        np.median([best_found(make, function, dim, seed) for seed in range(5)])
        for make in (RandomSampler, ParzenSampler)
    )
    assert margin * ours > chance  # both below zero, and zero is the optimum
