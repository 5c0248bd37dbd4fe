"""Breed points for several objectives at once: NSGA-II with simulated binary crossover.

The parents of a batch are the best of the last ``KEPT`` results: first by front (who is beaten by
nobody, then by nobody but those, …), inside a front by crowding distance, so that the whole front
stays covered. Children cross two tournament winners and mutate a coordinate or so.

Source: K. Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", 2002.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from optimizer.domain.search.samplers import MOST, Result, State, generator
from trading.market.domain.bars import FloatArray, IntArray

PARENTS: Final = 40
KEPT: Final = 160  # results remembered; the parents come from them
_ETA_CROSS: Final = 15.0  # how near children stay to their parents; larger is nearer
_ETA_MUTATE: Final = 20.0
_LEAST: Final = -MOST  # stands for -inf, so that distances stay finite


def fronts(scores: FloatArray) -> IntArray:
    """Return the front of each row of ``scores``, float64[n, k], higher is better; 0 is best."""
    at_least = np.all(scores[:, None, :] >= scores[None, :, :], axis=2)
    better = np.any(scores[:, None, :] > scores[None, :, :], axis=2)
    beats = at_least & better
    rank = np.full(len(scores), -1, dtype=np.int64)
    front = 0
    while np.any(rank < 0):
        left = rank < 0
        unbeaten = left & ~np.any(beats[left], axis=0)
        rank[unbeaten] = front
        front += 1
    return rank


def crowding(scores: FloatArray, rank: IntArray) -> FloatArray:
    """Return how lonely each row is inside its front; the ends of a front are infinitely so."""
    distance = np.zeros(len(scores))
    for front in range(int(rank.max()) + 1 if len(rank) else 0):
        members = np.flatnonzero(rank == front)
        for k in range(scores.shape[1]):
            order = members[np.argsort(scores[members, k], kind="stable")]
            values = scores[order, k]
            spread = values[-1] - values[0]
            distance[order[[0, -1]]] = np.inf
            if spread > 0 and len(order) > 2:
                distance[order[1:-1]] += (values[2:] - values[:-2]) / spread
    return distance


class GeneticSampler:
    """NSGA-II over a bounded history; until ``PARENTS`` results are in it asks at random."""

    def __init__(self, *, dim: int, seed: int, place: int) -> None:
        self._dim, self._seed, self._place = dim, seed, place
        self._points: list[list[float]] = []
        self._scores: list[list[float]] = []

    def ask(self, numbers: Sequence[int], batch: int) -> list[FloatArray]:
        """Return children of the best results, random points before there are enough."""
        rng = generator(self._seed, self._place, batch)
        n = len(numbers)
        if len(self._points) < PARENTS:
            return list(rng.random((n, self._dim)))
        scores = np.array(self._scores)
        rank = fronts(scores)
        lonely = crowding(scores, rank)
        order = np.lexsort((np.arange(len(rank)), -lonely, rank))[:PARENTS]
        parents = np.array(self._points)[order]  # best first: a smaller index wins a tournament
        picks = rng.integers(0, len(parents), (n, 2, 2)).min(axis=2)
        children = _cross(parents[picks[:, 0]], parents[picks[:, 1]], rng)
        return list(_mutate(children, rng))

    def tell(self, results: Sequence[Result]) -> None:
        """Remember the results, the last ``KEPT`` of them."""
        for result in results:
            self._points.append(result.point.tolist())
            self._scores.append([max(_LEAST, min(MOST, score)) for score in result.scores])
        del self._points[:-KEPT], self._scores[:-KEPT]

    def state(self) -> State:
        """Return the remembered results."""
        return {"points": self._points, "scores": self._scores}

    def restore(self, state: State) -> None:
        """Remember the results of another instance."""
        self._points = [list(point) for point in state["points"]]
        self._scores = [list(map(float, scores)) for scores in state["scores"]]


def _cross(a: FloatArray, b: FloatArray, rng: np.random.Generator) -> FloatArray:
    u = rng.random(a.shape)
    exponent = 1.0 / (_ETA_CROSS + 1.0)
    beta = np.where(u <= 0.5, (2.0 * u) ** exponent, (0.5 / (1.0 - u)) ** exponent)
    sign = np.where(rng.random(a.shape) < 0.5, 1.0, -1.0)
    child = 0.5 * (a + b + sign * beta * (a - b))
    return np.where(rng.random(a.shape) < 0.5, child, a)


def _mutate(points: FloatArray, rng: np.random.Generator) -> FloatArray:
    u = rng.random(points.shape)
    exponent = 1.0 / (_ETA_MUTATE + 1.0)
    step = np.where(u < 0.5, (2.0 * u) ** exponent - 1.0, 1.0 - (2.0 * (1.0 - u)) ** exponent)
    hit = rng.random(points.shape) < 1.0 / max(1, points.shape[1])
    moved: FloatArray = np.clip(np.where(hit, points + step, points), 0.0, 1.0)
    return moved
