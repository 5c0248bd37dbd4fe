"""TPE: Optuna's own proposals, a batch at a time, and better than chance where it counts."""

from __future__ import annotations

import inspect
import math

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.samplers import TPESampler
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator
from optuna.samplers._tpe.sampler import _split_trials, default_gamma
from optuna.trial import TrialState, create_trial

from optimizer.adapters.tpe_sampler import CANDIDATES, HALF, BatchTpe, Mixture, TpeSampler
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
    """Optuna's sampler as it is, over the same history and the same random numbers."""

    def __init__(self, points, scores, seed=0):
        self.space = {f"x{axis}": FloatDistribution(0.0, 1.0) for axis in range(points.shape[1])}
        self.study = optuna.create_study(direction="maximize")
        for point, score in zip(points.tolist(), scores.tolist(), strict=True):
            params = dict(zip(self.space, point, strict=True))
            done = create_trial(
                state=TrialState.COMPLETE, value=score, params=params, distributions=self.space
            )
            self.study.add_trial(done)
        self.sampler = TPESampler(multivariate=True, constant_liar=False, seed=seed)

    def mixtures(self, kind):
        """Return the good mixture and that of the rest."""
        self.sampler._parzen_estimator_cls = kind
        trials = self.study.trials
        parts = _split_trials(self.study, trials, default_gamma(len(trials)))
        return [
            self.sampler._build_parzen_estimator(self.study, self.space, part, handle_below=is_good)
            for part, is_good in zip(parts, (True, False), strict=True)
        ]

    def proposal(self):
        """Return what Optuna proposes for one trial."""
        asking = create_trial(state=TrialState.RUNNING)
        return list(self.sampler.sample_relative(self.study, asking, self.space).values())

    def proposals(self, n):
        """Return the best of every 24 draws that Optuna makes together."""
        good, rest = self.mixtures(_ParzenEstimator)
        drawn = good.sample(self.sampler._rng.rng, n * CANDIDATES)
        values = self.sampler._compute_acquisition_func(drawn, good, rest)
        few = [slice(k * CANDIDATES, (k + 1) * CANDIDATES) for k in range(n)]
        best = [
            TPESampler._compare({name: xs[k] for name, xs in drawn.items()}, values[k]) for k in few
        ]
        return [list(one.values()) for one in best]


def sampler_and_peer(n, dim, seed):
    """Return ours, told a history, and Optuna's with the random numbers of our batch 5."""
    points, scores = history(n, dim, seed)
    sampler = TpeSampler(dim=dim, seed=7, place=1)
    sampler.tell([Result(k, points[k], (scores[k], 0.0)) for k in range(n)])
    return sampler, Peer(points, scores, seed=int(generator(7, 1, 5).integers(2**32)))


@pytest.mark.parametrize("n", COUNTS)
@pytest.mark.parametrize("dim", [1, 4, 14])
def test_a_lone_trial_gets_the_proposal_of_optunas_own_sampler(n: int, dim: int) -> None:
    sampler, peer = sampler_and_peer(n, dim, seed=3)
    assert np.allclose(sampler.ask([0], 5), [peer.proposal()], rtol=0, atol=1e-9)


@pytest.mark.parametrize(("n", "dim"), [(10, 1), (40, 5), (499, 14)])
def test_a_batch_gets_the_best_of_every_24_draws_that_optuna_makes(n: int, dim: int) -> None:
    sampler, peer = sampler_and_peer(n, dim, seed=3)
    assert np.allclose(sampler.ask(range(BATCH), 5), peer.proposals(BATCH), rtol=0, atol=1e-9)


def test_a_history_of_failures_is_split_as_optuna_splits_it() -> None:
    points, _scores = history(30, 2, seed=1)
    sampler, scores = TpeSampler(dim=2, seed=7, place=1), np.full(30, -math.inf)
    sampler.tell([Result(k, points[k], (scores[k],)) for k in range(30)])
    peer = Peer(points, scores, seed=int(generator(7, 1, 5).integers(2**32)))
    assert np.allclose(sampler.ask([0], 5), [peer.proposal()], rtol=0, atol=1e-9)


@pytest.mark.parametrize("dim", range(1, 15))
def test_draws_and_densities_are_those_of_optuna_to_rounding(dim: int) -> None:
    rng = np.random.default_rng(dim)
    for n in (10, 26, 60, 251, 499):
        peer = Peer(*history(n, dim, seed=1))
        pairs = zip(peer.mixtures(Mixture), peer.mixtures(_ParzenEstimator), strict=True)
        for ours, theirs in pairs:
            drawn, again = (kind.sample(np.random.RandomState(n), 100) for kind in (ours, theirs))
            assert list(drawn) == list(again) == list(peer.space)
            assert np.allclose(list(drawn.values()), list(again.values()), rtol=0, atol=1e-9)
            asked = np.vstack([rng.random((40, dim)), np.eye(dim), 1 - np.eye(dim)]).T
            for points in (again, dict(zip(peer.space, asked, strict=True))):
                found = ours.log_pdf(points)
                assert np.allclose(found, theirs.log_pdf(points), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("ours", "theirs", "name"),
    [
        (BatchTpe, TPESampler, "_get_internal_repr"),
        (BatchTpe, TPESampler, "_compute_acquisition_func"),
        (Mixture, _ParzenEstimator, "sample"),
        (Mixture, _ParzenEstimator, "log_pdf"),
    ],
)
def test_what_is_replaced_in_optuna_is_there_and_takes_the_same(ours, theirs, name: str) -> None:
    parts = [list(inspect.signature(getattr(kind, name)).parameters) for kind in (ours, theirs)]
    assert parts[0] == parts[1]


def test_optuna_asks_for_all_that_is_replaced() -> None:
    asked = set()

    class Noted(Mixture):
        def sample(self, rng, size):
            asked.add("sample")
            return super().sample(rng, size)

        def log_pdf(self, samples_dict):
            asked.add("log_pdf")
            return super().log_pdf(samples_dict)

    points, scores = history(30, 3, seed=1)
    peer, sampler = Peer(points, scores), BatchTpe(n=2, seed=0, points=points)
    sampler._parzen_estimator_cls = Noted
    mirrored = BatchTpe(n=2, seed=0, points=1.0 - points)
    for each in (sampler, mirrored):
        each.sample_relative(peer.study, create_trial(state=TrialState.RUNNING), peer.space)
        assert len(each.proposals) == 2  # the draws were judged by our method
    assert asked == {"sample", "log_pdf"}
    assert sampler.proposals != mirrored.proposals  # the points are ours, not the notebook's


def test_the_history_keeps_the_newest_half_whatever_the_batches() -> None:
    told = [Result(k, np.array([k / 2000]), (float(k),)) for k in range(1100)]
    by_one, at_once = (TpeSampler(dim=1, seed=0, place=0) for _ in range(2))
    for result in told:
        by_one.tell([result])
    at_once.tell(told)
    assert by_one.state() == at_once.state()
    assert np.array_equal(by_one.ask(range(3), 9), at_once.ask(range(3), 9))
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
        for make in (RandomSampler, TpeSampler)
    )
    assert margin * ours > chance  # both below zero, and zero is the optimum
