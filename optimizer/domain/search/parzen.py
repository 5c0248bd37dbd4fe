"""Search with tree-structured Parzen estimators (TPE) over a bounded history, a batch at a time.

The results are split into the best tenth and the rest, and either part is described by a mixture of
normal laws cut off at the faces of the cube: one kernel around every result, one as wide as the
cube. A proposal is the one of 24 draws from the good mixture whose density is highest when divided
by that of the rest.

This is the multivariate TPE of Optuna at its defaults, and tests hold the two together. Optuna
builds its mixtures anew for every trial, which costs more than evaluating one; inside a batch
nothing is learnt, so here they are built once and all its draws are made together.

The history keeps the last 250 to 500 results: when it is full, it goes on with the newest half.
Which results those are depends on their count only, so a resumed search remembers the same.

Source: S. Watanabe, "Tree-Structured Parzen Estimator: Understanding Its Algorithm Components and
Their Roles for Better Empirical Performance", 2023; optimizer issue, "Search".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from optimizer.domain.search.samplers import Result, State, generator
from trading.domain.market.bars import FloatArray

HALF: Final = 250
START: Final = 10  # results before the estimator is asked
CANDIDATES: Final = 24  # draws of which one is proposed
_GOOD_SHARE, _GOOD_MOST = 0.1, 25
_YOUNG: Final = 25  # results of full weight; older ones count the less the older they are
_KERNELS_MOST: Final = 100  # a kernel is no thinner than the cube divided by this
_NEGLIGIBLE: Final = 45.0  # 500 kernels e^45 times lower than another are lost in its last bit
_ROOT_2: Final = math.sqrt(2.0)
_ROOT_2_PI: Final = math.sqrt(2.0 * math.pi)


def good_ones(scores: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which of ``scores``, float64[n], are the best tenth; of equal ones the older go in."""
    n_good = min(math.ceil(_GOOD_SHARE * len(scores)), _GOOD_MOST)
    is_good = np.zeros(len(scores), dtype=np.bool_)
    is_good[np.argsort(-scores, kind="stable")[:n_good]] = True
    return is_good


def kernel_weights(n: int) -> FloatArray:
    """Return the weights of ``n`` results by age and of the wide kernel, float64[n + 1], sum 1."""
    weights = np.ones(n + 1)
    n_old = max(n - _YOUNG, 0)
    weights[:n_old] = np.linspace(1.0 / max(n, 1), 1.0, num=n_old)
    shares: FloatArray = weights / weights.sum()
    return shares


def kernel_widths(means: FloatArray) -> FloatArray:
    """Return how wide the kernels at ``means`` are, float64[dim, n]: to the farther neighbour.

    The outermost reach to their only neighbour, a lone one to the farther face of the cube.
    """
    dim, n = means.shape
    order = np.argsort(means, axis=1)
    fences = np.zeros((dim, n + 2))
    fences[:, 1:-1] = np.take_along_axis(means, order, axis=1)
    fences[:, -1] = 1.0
    gaps = np.diff(fences, axis=1)
    reach = np.maximum(gaps[:, :-1], gaps[:, 1:])
    if n > 1:
        reach[:, 0], reach[:, -1] = gaps[:, 1], gaps[:, -2]
    widths = np.empty_like(means)
    np.put_along_axis(widths, order, reach, axis=1)
    return np.clip(widths, 1.0 / min(_KERNELS_MOST, n + 2), 1.0)


@njit(cache=True)
def _kernel_peaks(means: FloatArray, widths: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the logarithm of what each kernel adds to the density at its mean, float64[n]."""
    peaks = np.log(weights)
    dim, n = means.shape
    for axis in range(dim):
        for k in range(n):
            mean, width = means[axis, k], widths[axis, k]
            scale = _ROOT_2 * width
            inside = 0.5 * (math.erf(mean / scale) + math.erf((1.0 - mean) / scale))
            peaks[k] -= math.log(_ROOT_2_PI * width * inside)
    return peaks


@njit(cache=True)
def _log_densities(
    points: FloatArray, means: FloatArray, slopes: FloatArray, peaks: FloatArray
) -> FloatArray:
    """Return the logarithm of the density at ``points``, float64[m, dim]; the last kernel is wide.

    Kernels lie side by side in memory, so that a step of the inner loop handles several. Few of
    them matter at a point, and an exponential costs more than all the rest of a kernel.
    """
    dim, n = means.shape
    found, logs = np.empty(points.shape[0]), np.empty(n)
    for i in range(points.shape[0]):
        logs[:] = peaks
        for axis in range(dim):
            x = points[i, axis]
            for k in range(n):
                step = (x - means[axis, k]) * slopes[axis, k]
                logs[k] -= step * step
        least = logs[n - 1] - _NEGLIGIBLE
        density = 0.0
        for k in range(n):
            if logs[k] > least:
                density += math.exp(logs[k])
        found[i] = math.log(density)
    return found


@dataclass(frozen=True, slots=True)
class Mixture:
    """Normal kernels cut off at the faces of the unit cube.

    Attributes:
        means: float64[dim, n], in the cube.
        widths: float64[dim, n], standard deviations before the cut, at most 1.
        weights: float64[n], sum 1.
        slopes: float64[dim, n], what a distance is multiplied by before it is squared.
        peaks: float64[n], logarithm of what each kernel adds to the density at its mean.
    """

    means: FloatArray
    widths: FloatArray
    weights: FloatArray
    slopes: FloatArray
    peaks: FloatArray

    @classmethod
    def around(cls, points: FloatArray) -> Mixture:
        """Return the mixture of ``points``, float64[n, dim], oldest first, and the wide kernel."""
        n, dim = points.shape
        means, widths = np.full((dim, n + 1), 0.5), np.ones((dim, n + 1))
        means[:, :n] = points.T
        widths[:, :n] = kernel_widths(means[:, :n])
        weights = kernel_weights(n)
        slopes = 1.0 / (_ROOT_2 * widths)
        return cls(means, widths, weights, slopes, _kernel_peaks(means, widths, weights))

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return ``n`` points that follow the mixture, float64[n, dim].

        What falls outside the cube is drawn again: a third or more of any kernel lies inside.
        """
        kernels = rng.choice(len(self.weights), size=n, p=self.weights)
        means = self.means.take(kernels, axis=1).ravel()
        widths = self.widths.take(kernels, axis=1).ravel()
        drawn = means + widths * rng.standard_normal(means.size)
        outside = np.flatnonzero((drawn < 0.0) | (drawn > 1.0))
        while outside.size:
            again = means[outside] + widths[outside] * rng.standard_normal(outside.size)
            drawn[outside] = again
            outside = outside[(again < 0.0) | (again > 1.0)]
        return np.ascontiguousarray(drawn.reshape(-1, n).T)

    def log_density(self, points: FloatArray) -> FloatArray:
        """Return the logarithm of the density at ``points``, float64[m, dim], in the cube.

        The wide kernel keeps it above zero, and below some 150 axes it cannot overflow.
        """
        densities: FloatArray = _log_densities(points, self.means, self.slopes, self.peaks)
        return densities


class ParzenSampler:
    """TPE over the unit cube of one strategy, steered by the first objective."""

    def __init__(self, *, dim: int, seed: int, place: int) -> None:
        self._dim, self._seed, self._place = dim, seed, place
        self._n = 0
        self._points, self._scores = np.empty((2 * HALF, dim)), np.empty(2 * HALF)

    def ask(self, numbers: Sequence[int], batch: int) -> list[FloatArray]:
        """Return the best of several draws each, uniform ones until there is enough to go on."""
        rng, n = generator(self._seed, self._place, batch), len(numbers)
        if self._n < START:
            return list(rng.random((n, self._dim)))
        points, is_good = self._points[: self._n], good_ones(self._scores[: self._n])
        good, rest = Mixture.around(points[is_good]), Mixture.around(points[~is_good])
        drawn = good.draw(n * CANDIDATES, rng).reshape(n, CANDIDATES, self._dim)
        # one proposal after the other: what its draws need stays in the processor's cache
        return [
            few[np.argmax(good.log_density(few) - rest.log_density(few))].copy() for few in drawn
        ]

    def tell(self, results: Sequence[Result]) -> None:
        """Remember the results; go on with the newest half when the history is full."""
        for result in results:
            self._points[self._n], self._scores[self._n] = result.point, result.scores[0]
            self._n += 1
            if self._n == 2 * HALF:
                self._n = HALF
                self._points[:HALF], self._scores[:HALF] = self._points[HALF:], self._scores[HALF:]

    def state(self) -> State:
        """Return the history; a score of -inf is written as None."""
        points, scores = self._points[: self._n].tolist(), self._scores[: self._n].tolist()
        return {
            "history": [
                [point, score if math.isfinite(score) else None]
                for point, score in zip(points, scores, strict=True)
            ]
        }

    def restore(self, state: State) -> None:
        """Remember the results of another instance."""
        self._n = len(state["history"])
        for place, (point, score) in enumerate(state["history"]):
            self._points[place] = point
            self._scores[place] = -math.inf if score is None else score
