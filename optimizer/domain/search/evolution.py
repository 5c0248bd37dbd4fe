"""Adapt a normal distribution to the better half of its draws: covariance matrix adaptation.

One process suggests for all workers, so a whole population is one compiled call; the package
``cmaes``, whose rates and rules these are, takes ten times as long. Plain loops in a fixed order
also give the same bits on every machine, which libraries of linear algebra do not. Numbers in
comments are the tutorial's equations.

Source: N. Hansen, "The CMA Evolution Strategy: A Tutorial", 2016.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numba import njit

from optimizer.domain.search.principal_axes import axes_find
from trading.market.domain.bars import FloatArray, IntArray

_SIGMA_MOST: Final = 1e32
_LEAST_SQUARE: Final = 1e-8  # added to squared lengths of steps
_LEAST_RANGE: Final = 1e-12  # of the values of the last populations
_SPREAD_MOST: Final = 1e4  # standard deviations that are wider diverge
_CONDITION_MOST: Final = 1e14  # widest to narrowest axis


class Rates(NamedTuple):
    """What stays as it is while a distribution adapts; the tutorial's names.

    Attributes:
        weights: float64[population], of the ranks, best first; those of the worse half negative.
        tolx: a distribution whose deviations are all smaller is over.
    """

    weights: FloatArray
    mu_eff: float
    c1: float
    cmu: float
    cc: float
    c_sigma: float
    d_sigma: float
    tolx: float


class Distribution(NamedTuple):
    """A normal distribution and what its adaptation remembers; arrays are changed in place.

    Attributes:
        mean: float64[d].
        sigma: float64[1].
        covariance: float64[d, d], without sigma.
        axes: float64[d, d]; a row is a principal axis of the covariance.
        lengths: float64[d], standard deviation along each axis, without sigma.
        path, sigma_path: float64[d], evolution paths of covariance and sigma.
        history: float64[n, 2], best and worst value of the last n populations.
        generation: int64[1], populations taken.
    """

    mean: FloatArray
    sigma: FloatArray
    covariance: FloatArray
    axes: FloatArray
    lengths: FloatArray
    path: FloatArray
    sigma_path: FloatArray
    history: FloatArray
    generation: IntArray


def distribution_make(mean: FloatArray, sigma: float, n_history: int) -> Distribution:
    """Return a round distribution; ``mean`` is float64[d], d at least 2, and copied."""
    dim = len(mean)
    return Distribution(
        mean.astype(np.float64),
        np.array([sigma]),
        np.eye(dim),
        np.eye(dim),
        np.ones(dim),
        np.zeros(dim),
        np.zeros(dim),
        np.zeros((n_history, 2)),
        np.zeros(1, dtype=np.int64),
    )


@njit(cache=True)
def points_draw(now: Distribution, normals: FloatArray) -> FloatArray:
    """Return points of the unit cube, float64[n, d].

    Args:
        now: is not changed.
        normals: float64[n, tries, d], standard normal numbers; a point outside the cube is drawn
            again from the next, the last one is moved to the cube's edge.
    """
    n, tries, dim = normals.shape
    points = np.empty((n, dim))
    for i in range(n):
        for k in range(tries):
            is_inside = True
            for j in range(dim):
                x = 0.0
                for axis in range(dim):
                    x += normals[i, k, axis] * now.lengths[axis] * now.axes[axis, j]
                x = now.mean[j] + now.sigma[0] * x
                is_inside = is_inside and 0.0 <= x <= 1.0
                points[i, j] = min(1.0, max(0.0, x))
            if is_inside:
                break
    return points


@njit(cache=True)
def population_take(
    now: Distribution, rates: Rates, points: FloatArray, values: FloatArray
) -> bool:
    """Adapt ``now`` to a population; return whether it has nowhere left to go.

    Args:
        now: changed in place.
        rates: of populations of this size.
        points: float64[population, d].
        values: float64[population], finite, minimised; of equal ones the first is better.
    """
    n, dim = points.shape
    order = _ranking(values)
    now.generation[0] += 1
    place = now.generation[0] % len(now.history)
    now.history[place, 0] = values[order[0]]
    now.history[place, 1] = values[order[n - 1]]
    steps = np.empty((n, dim))
    for rank in range(n):
        for j in range(dim):
            steps[rank, j] = (points[order[rank], j] - now.mean[j]) / now.sigma[0]
    white = _whitened(now, steps)
    step = np.zeros(dim)
    for rank in range(n // 2):
        for j in range(dim):
            step[j] += rates.weights[rank] * steps[rank, j]  # 41
    for j in range(dim):
        now.mean[j] += now.sigma[0] * step[j]
    is_steady = _sigma_adapt(now, rates, white)
    push = math.sqrt(rates.cc * (2.0 - rates.cc) * rates.mu_eff) if is_steady else 0.0
    for j in range(dim):
        now.path[j] = (1.0 - rates.cc) * now.path[j] + push * step[j]  # 45
    _covariance_adapt(now, rates, steps, white, is_steady)
    axes_find(now.covariance, now.axes, now.lengths)
    return _is_over(now, rates.tolx)


@njit(cache=True)
def _ranking(values: FloatArray) -> IntArray:
    order = np.arange(len(values))
    for i in range(1, len(values)):
        k = i
        while k > 0 and values[order[k - 1]] > values[order[k]]:
            order[k - 1], order[k] = order[k], order[k - 1]
            k -= 1
    return order


@njit(cache=True)
def _whitened(now: Distribution, steps: FloatArray) -> FloatArray:
    # along the axes, in their lengths: as long as C^-1/2 times the steps
    n, dim = steps.shape
    white = np.zeros((n, dim))
    for rank in range(n):
        for axis in range(dim):
            for j in range(dim):
                white[rank, axis] += now.axes[axis, j] * steps[rank, j]
            white[rank, axis] /= now.lengths[axis]
    return white


@njit(cache=True)
def _sigma_adapt(now: Distribution, rates: Rates, white: FloatArray) -> bool:
    # returns whether sigma grows slowly enough for the path of the covariance to follow
    n, dim = white.shape
    rate = rates.c_sigma
    push = math.sqrt(rate * (2.0 - rate) * rates.mu_eff)
    for j in range(dim):
        now.sigma_path[j] *= 1.0 - rate
    for axis in range(dim):
        along = 0.0
        for rank in range(n // 2):
            along += rates.weights[rank] * white[rank, axis]
        for j in range(dim):
            now.sigma_path[j] += push * along * now.axes[axis, j]  # 43
    square = 0.0
    for j in range(dim):
        square += now.sigma_path[j] * now.sigma_path[j]
    length = math.sqrt(square)
    usual = math.sqrt(dim) * (1.0 - 1.0 / (4.0 * dim) + 1.0 / (21.0 * dim * dim))
    growth = math.exp(rate / rates.d_sigma * (length / usual - 1.0))  # 44
    now.sigma[0] = min(now.sigma[0] * growth, _SIGMA_MOST)
    settled = math.sqrt(1.0 - (1.0 - rate) ** (2.0 * (now.generation[0] + 1)))
    return bool(length / settled < (1.4 + 2.0 / (dim + 1)) * usual)


@njit(cache=True)
def _covariance_adapt(
    now: Distribution, rates: Rates, steps: FloatArray, white: FloatArray, is_steady: bool
) -> None:
    n, dim = steps.shape
    kept = 1.0 - rates.c1 - rates.cmu * rates.weights.sum()
    if not is_steady:
        kept += rates.c1 * rates.cc * (2.0 - rates.cc)
    scaled = rates.cmu * rates.weights
    for rank in range(n):
        if scaled[rank] < 0.0:
            square = _LEAST_SQUARE
            for axis in range(dim):
                square += white[rank, axis] * white[rank, axis]
            scaled[rank] *= dim / square  # 46
    for i in range(dim):
        for j in range(i + 1):
            x = kept * now.covariance[i, j] + rates.c1 * now.path[i] * now.path[j]
            for rank in range(n):
                x += scaled[rank] * steps[rank, i] * steps[rank, j]  # 47
            now.covariance[i, j] = now.covariance[j, i] = x


@njit(cache=True)
def _is_over(now: Distribution, tolx: float) -> bool:
    # flat values, nothing but rounding left, divergence, or an axis too narrow to be seen
    dim, sigma = len(now.mean), now.sigma[0]
    widest = narrowest = now.lengths[0]
    is_small = True
    for j in range(dim):
        widest, narrowest = max(widest, now.lengths[j]), min(narrowest, now.lengths[j])
        variance = now.covariance[j, j]
        is_small = is_small and sigma * variance < tolx and sigma * now.path[j] < tolx
        if now.mean[j] == now.mean[j] + 0.2 * sigma * math.sqrt(variance):
            return True
    axis = now.generation[0] % dim  # one after the other is enough
    is_still = True
    for j in range(dim):
        move = 0.1 * sigma * now.lengths[axis] * now.axes[axis, j]
        is_still = is_still and now.mean[j] == now.mean[j] + move
    is_tame = sigma * widest <= _SPREAD_MOST and widest <= _CONDITION_MOST * narrowest
    return is_small or is_still or not is_tame or _is_flat(now.history, now.generation[0])


@njit(cache=True)
def _is_flat(history: FloatArray, generation: int) -> bool:
    least = most = history[0, 0]
    for row in range(len(history)):
        least, most = min(least, history[row, 0]), max(most, history[row, 1])
    return generation > len(history) and most - least < _LEAST_RANGE
