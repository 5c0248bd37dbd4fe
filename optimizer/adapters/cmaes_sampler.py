"""Search with the covariance matrix adaptation evolution strategy, as ``cmaes`` sets it up.

One distribution per strategy adapts in the unit cube; whole numbers are cells of it. Its random
numbers are seeded afresh for every batch, so its state is the distribution alone. Results arrive a
batch later than they were asked for and are told a population at a time; what is left over waits
for the next batch. A search that has converged starts again elsewhere with a larger population.

Source: N. Hansen, "The CMA Evolution Strategy: A Tutorial", 2016; optimizer issue, "Search".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from cmaes import CMA

from optimizer.domain.search.evolution import (
    Distribution,
    Rates,
    distribution_make,
    points_draw,
    population_take,
)
from optimizer.domain.search.samplers import MOST, Result, State, generator
from trading.market.domain.bars import FloatArray

_SIGMA: Final = 0.25  # of the cube: the first population covers most of it
_TRIES: Final = 4  # draws of a point outside the cube, before it is moved to the edge
_WORST: Final = MOST  # stands for +inf (values are minimised): distances of values stay finite
_RESTARTS_GROW: Final = 4  # populations double at most this often
_FRESH: Final = 10**9  # keeps the streams of restarts apart from those of batches


def distribution_begin(cma: CMA) -> tuple[Distribution, Rates]:
    """Return where an optimizer of the package begins, and its rates."""
    rates = Rates(
        weights=cma._weights,
        mu_eff=float(cma._mu_eff),
        c1=float(cma._c1),
        cmu=float(cma._cmu),
        cc=float(cma._cc),
        c_sigma=float(cma._c_sigma),
        d_sigma=float(cma._d_sigma),
        tolx=float(cma._tolx),
    )
    return distribution_make(cma.mean, cma._sigma, cma._funhist_term), rates


class CmaesSampler:
    """CMA-ES over the unit cube of one strategy, steered by the first objective."""

    def __init__(self, *, dim: int, seed: int, place: int) -> None:
        self._dim = max(dim, 2)  # the method needs two axes; the second of one is ignored
        self._asked_dim, self._seed, self._place = dim, seed, place
        self._restarts = 0
        self._begin()

    def _begin(self) -> None:
        mean = np.full(self._dim, 0.5)
        if self._restarts:
            mean = generator(self._seed, self._place, _FRESH + self._restarts).random(self._dim)
        population = 4 + math.floor(3 * math.log(self._dim))
        population *= 2 ** min(self._restarts, _RESTARTS_GROW)
        cma = CMA(mean=mean, sigma=_SIGMA, seed=0, population_size=population)
        self._now, self._rates = distribution_begin(cma)
        # results that wait until they are a population
        self._points = np.full((population, self._dim), 0.5)
        self._values = np.empty(population)
        self._n_waiting = 0

    def ask(self, numbers: Sequence[int], batch: int) -> list[FloatArray]:
        """Return draws from the current distribution."""
        rng = generator(self._seed, self._place, batch)
        normals = rng.standard_normal((len(numbers), _TRIES, self._dim))
        return list(points_draw(self._now, normals)[:, : self._asked_dim])

    def tell(self, results: Sequence[Result]) -> None:
        """Update the distribution with every full population."""
        for result in results:
            self._points[self._n_waiting, : self._asked_dim] = result.point
            self._values[self._n_waiting] = max(-_WORST, min(_WORST, -result.scores[0]))
            self._n_waiting += 1
            if self._n_waiting == len(self._values):
                self._n_waiting = 0
                if population_take(self._now, self._rates, self._points, self._values):
                    self._restarts += 1
                    self._begin()

    def state(self) -> State:
        """Return the distribution with every bit, restarts and waiting results."""
        n = self._n_waiting
        return {
            "restarts": self._restarts,
            "points": self._points[:n].tolist(),
            "values": self._values[:n].tolist(),
            "distribution": {name: part.tolist() for name, part in self._now._asdict().items()},
        }

    def restore(self, state: State) -> None:
        """Take the distribution of another instance."""
        self._restarts = int(state["restarts"])
        self._begin()
        self._n_waiting = n = len(state["values"])
        self._points[:n] = np.reshape(state["points"], (n, self._dim))
        self._values[:n] = state["values"]
        for name, part in self._now._asdict().items():
            part[...] = state["distribution"][name]
