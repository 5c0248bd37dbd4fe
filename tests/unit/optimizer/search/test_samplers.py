"""Samplers: inside the cube, repeatable, and the same after their state went through JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pytest

from optimizer.adapters.cmaes_sampler import CmaesSampler
from optimizer.adapters.tpe_sampler import TpeSampler
from optimizer.domain.search.gaussian import GaussianSampler
from optimizer.domain.search.genetic import GeneticSampler, fronts
from optimizer.domain.search.halton import HaltonSampler, primes
from optimizer.domain.search.samplers import RandomSampler, Result, Sampler

EVERY = [
    RandomSampler,
    HaltonSampler,
    CmaesSampler,
    GeneticSampler,
    GaussianSampler,
    TpeSampler,
]
Maker = Callable[..., Sampler]
BATCH = 8


def results(points, first, top=math.inf):
    found = []
    for k, point in enumerate(points):
        score = -float(((point - 0.3) ** 2).sum())
        if (first + k) % 7 == 0:  # pruned and failed trials come in between
            score = -math.inf
        if (first + k) % 11 == 0:  # and results without bound
            score = max(score, top)
        found.append(Result(first + k, point, (score, score)))
    return found


@pytest.mark.parametrize("make", EVERY)
@pytest.mark.parametrize("dim", [1, 5])
def test_a_sampler_restored_from_json_proposes_the_same_points(make: Maker, dim: int) -> None:
    going, restored = make(dim=dim, seed=5, place=2), make(dim=dim, seed=5, place=2)
    for batch in range(12):
        numbers = range(batch * BATCH, (batch + 1) * BATCH)
        points, again = going.ask(numbers, batch), restored.ask(numbers, batch)
        assert np.array_equal(points, again)
        assert all(
            point.shape == (dim,) and np.all((point >= 0) & (point <= 1)) for point in points
        )
        going.tell(results(points, numbers[0]))
        state = json.loads(json.dumps(going.state(), allow_nan=False))
        restored = make(dim=dim, seed=5, place=2)
        restored.restore(state)


@pytest.mark.parametrize("make", [CmaesSampler, TpeSampler, GeneticSampler, GaussianSampler])
@pytest.mark.parametrize("is_restored", [False, True])
def test_a_result_without_bound_is_the_best_there_is(make: Maker, is_restored: bool) -> None:
    told, again = make(dim=2, seed=5, place=2), make(dim=2, seed=5, place=2)
    for sampler, top in ((told, math.inf), (again, 1e9)):
        rng = np.random.default_rng(1)
        points = rng.random((60, 2))
        scores = -points.sum(axis=1)
        scores[4::9] = top
        sampler.tell([Result(k, points[k], (scores[k], scores[k])) for k in range(60)])
    if is_restored:
        state = json.loads(json.dumps(told.state(), allow_nan=False))
        told = make(dim=2, seed=5, place=2)
        told.restore(state)
    assert np.array_equal(told.ask(range(8), 9), again.ask(range(8), 9))


def test_a_state_of_fronts_without_scores_is_not_taken() -> None:
    sampler = GeneticSampler(dim=2, seed=5, place=2)
    with pytest.raises(TypeError):
        sampler.restore({"points": [[0.5, 0.5]], "scores": [[None, 1.0]]})


@pytest.mark.parametrize("make", [CmaesSampler, TpeSampler, GeneticSampler, GaussianSampler])
def test_a_sampler_that_learns_comes_nearer_than_chance(make: Maker) -> None:
    best = {}
    for maker in (make, RandomSampler):
        sampler = maker(dim=4, seed=1, place=0)
        scores = []
        for batch in range(20):
            numbers = range(batch * BATCH, (batch + 1) * BATCH)
            told = results(sampler.ask(numbers, batch), numbers[0], top=-math.inf)
            sampler.tell(told)
            scores += [result.scores[0] for result in told]
        best[maker] = max(scores)
    assert best[make] > best[RandomSampler]


def test_halton_points_fill_every_tenth_of_every_axis() -> None:
    points = np.array(HaltonSampler(dim=6, seed=3, place=0).ask(range(200), 0))
    for axis in range(6):
        counts, _ = np.histogram(points[:, axis], bins=10, range=(0, 1))
        assert counts.min() >= 15


def test_halton_points_have_as_many_axes_as_a_strategy_has_parameters() -> None:
    assert primes(8) == [2, 3, 5, 7, 11, 13, 17, 19]
    points = np.array(HaltonSampler(dim=40, seed=3, place=0).ask(range(200), 0))
    assert points.shape == (200, 40)
    assert np.all((points >= 0.0) & (points < 1.0))
    few = np.array(HaltonSampler(dim=6, seed=3, place=0).ask(range(200), 0))
    assert np.array_equal(points[:, :6], few)
    for axis in range(40):
        halves, _ = np.histogram(points[:, axis], bins=2, range=(0, 1))
        assert halves.min() >= 70


def test_fronts_put_who_is_beaten_behind_who_beats() -> None:
    scores = np.array([[2.0, 2.0], [1.0, 1.0], [3.0, 0.0], [0.0, 0.5], [2.0, 2.0]])
    assert fronts(scores).tolist() == [0, 1, 0, 2, 0]
