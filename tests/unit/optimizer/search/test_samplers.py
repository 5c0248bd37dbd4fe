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
from optimizer.domain.search.halton import HaltonSampler
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


def results(points, first):
    found = []
    for k, point in enumerate(points):
        score = -float(((point - 0.3) ** 2).sum())
        if (first + k) % 7 == 0:  # pruned and failed trials come in between
            score = -math.inf
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
def test_a_sampler_that_learns_comes_nearer_than_chance(make: Maker) -> None:
    best = {}
    for maker in (make, RandomSampler):
        sampler = maker(dim=4, seed=1, place=0)
        scores = []
        for batch in range(20):
            numbers = range(batch * BATCH, (batch + 1) * BATCH)
            told = results(sampler.ask(numbers, batch), numbers[0])
            sampler.tell(told)
            scores += [result.scores[0] for result in told]
        best[maker] = max(scores)
    assert best[make] > best[RandomSampler]


def test_halton_points_fill_every_tenth_of_every_axis() -> None:
    points = np.array(HaltonSampler(dim=6, seed=3, place=0).ask(range(200), 0))
    for axis in range(6):
        counts, _ = np.histogram(points[:, axis], bins=10, range=(0, 1))
        assert counts.min() >= 15


def test_fronts_put_who_is_beaten_behind_who_beats() -> None:
    scores = np.array([[2.0, 2.0], [1.0, 1.0], [3.0, 0.0], [0.0, 0.5], [2.0, 2.0]])
    assert fronts(scores).tolist() == [0, 1, 0, 2, 0]
