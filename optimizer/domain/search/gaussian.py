"""Model the score with a Gaussian process and ask where improvement is to be expected.

For few and dear trials. Scores are replaced by normal quantiles of their ranks, so that one
runaway result cannot bend the model. A Matérn 5/2 kernel with one length per study is fitted by
likelihood on a small grid; a batch is filled by the kriging believer: every proposal is believed
at its predicted mean before the next is made. The history is bounded to ``KEPT`` results, the
better half of it by score and the rest by age, which bounds the cost of a proposal.

Optuna's Gaussian process does the same with PyTorch; a dependency of that size for one sampler
was refused.

Source: Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, chapters 2 and 5;
Ginsbourger et al., "Kriging is well-suited to parallelize optimization", 2010.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Final

import numpy as np

from optimizer.domain.search.samplers import MOST, Result, State, generator
from trading.market.domain.bars import FloatArray

KEPT: Final = 120
START: Final = 12  # results before the model is asked
_CANDIDATES: Final = 256
_LENGTHS: Final = (0.1, 0.2, 0.4, 0.8)  # in cube units, times the root of the dimension
_NOISE: Final = 0.05  # variance, in units of the standardised score
_NORMAL: Final = NormalDist()


def matern(a: FloatArray, b: FloatArray, length: float) -> FloatArray:
    """Return the Matérn 5/2 covariance of the rows of ``a`` and ``b``, float64[n, m]."""
    square = np.maximum((a * a).sum(1)[:, None] + (b * b).sum(1)[None, :] - 2.0 * a @ b.T, 0.0)
    r = np.sqrt(5.0 * square) / length
    covariance: FloatArray = (1.0 + r + r * r / 3.0) * np.exp(-r)
    return covariance


def normal_scores(values: FloatArray) -> FloatArray:
    """Return the normal quantiles of the ranks of ``values``; equal values share one."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    middle = (last - (counts - 1) / 2.0 - 0.5) / len(values)
    quantiles = np.array([_NORMAL.inv_cdf(float(p)) for p in middle])
    scores: FloatArray = quantiles[place]
    return scores


class _Model:
    """A fitted process; ``believe`` adds a point at its own prediction."""

    def __init__(self, points: FloatArray, scores: FloatArray) -> None:
        scale = math.sqrt(points.shape[1])
        fits = [(self._fit(points, scores, length * scale), length * scale) for length in _LENGTHS]
        (_, _, _), self._length = max(fits, key=lambda fit: fit[0][0])
        self._points, self._scores = points, scores
        self._refit()

    @staticmethod
    def _fit(
        points: FloatArray, scores: FloatArray, length: float
    ) -> tuple[float, FloatArray, FloatArray]:
        covariance = matern(points, points, length) + _NOISE * np.eye(len(points))
        factor = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
        solved = np.linalg.solve(factor.T, np.linalg.solve(factor, scores))
        weights = np.asarray(solved, dtype=np.float64)
        likelihood = -0.5 * float(scores @ weights) - float(np.log(np.diag(factor)).sum())
        return likelihood, factor, weights

    def _refit(self) -> None:
        _, self._factor, self._weights = self._fit(self._points, self._scores, self._length)

    def predict(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        across = matern(points, self._points, self._length)
        half = np.linalg.solve(self._factor, across.T)
        variance = np.maximum(1.0 - (half * half).sum(0), 1e-12)
        return across @ self._weights, np.sqrt(variance)

    def believe(self, point: FloatArray, mean: float) -> None:
        self._points = np.vstack([self._points, point])
        self._scores = np.append(self._scores, mean)
        self._refit()


def expected_improvement(mean: FloatArray, deviation: FloatArray, best: float) -> FloatArray:
    """Return the expected amount by which each prediction beats ``best``."""
    z = (mean - best) / deviation
    cumulative = np.array([_NORMAL.cdf(float(x)) for x in z])
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    improvement: FloatArray = deviation * (z * cumulative + density)
    return improvement


class GaussianSampler:
    """Expected improvement under a Gaussian process; random until ``START`` results are in."""

    def __init__(self, *, dim: int, seed: int, place: int) -> None:
        self._dim, self._seed, self._place = dim, seed, place
        self._points: list[list[float]] = []
        self._scores: list[float] = []

    def ask(self, numbers: Sequence[int], batch: int) -> list[FloatArray]:
        """Return the most promising candidates, one after the other."""
        rng = generator(self._seed, self._place, batch)
        if len(self._points) < START:
            return list(rng.random((len(numbers), self._dim)))
        points, scores = np.array(self._points), normal_scores(np.array(self._scores))
        model, best = _Model(points, scores), float(scores.max())
        asked = []
        for _ in numbers:
            near = points[np.argsort(-scores, kind="stable")[:5]]
            local = near[rng.integers(0, len(near), _CANDIDATES // 2)]
            local = np.clip(local + rng.normal(0.0, 0.07, local.shape), 0.0, 1.0)
            candidates = np.vstack([rng.random((_CANDIDATES // 2, self._dim)), local])
            mean, deviation = model.predict(candidates)
            pick = int(np.argmax(expected_improvement(mean, deviation, best)))
            asked.append(candidates[pick])
            model.believe(candidates[pick], float(mean[pick]))
        return asked

    def tell(self, results: Sequence[Result]) -> None:
        """Remember the results; beyond ``KEPT`` the oldest of the worse half goes."""
        for result in results:
            self._points.append(result.point.tolist())
            self._scores.append(min(MOST, result.scores[0]))
            if len(self._scores) > KEPT:
                order = np.argsort(np.array(self._scores), kind="stable")
                oldest = int(order[: KEPT // 2].min())
                del self._points[oldest], self._scores[oldest]

    def state(self) -> State:
        """Return the remembered results; a score of -inf is written as None."""
        return {
            "points": self._points,
            "scores": [score if math.isfinite(score) else None for score in self._scores],
        }

    def restore(self, state: State) -> None:
        """Remember the results of another instance."""
        self._points = [list(point) for point in state["points"]]
        self._scores = [-math.inf if score is None else score for score in state["scores"]]
