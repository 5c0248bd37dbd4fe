"""Search with the covariance matrix adaptation evolution strategy, through the ``cmaes`` package.

One optimizer per strategy works in the unit cube; whole numbers are cells of it. Its random
numbers are seeded afresh for every batch, so its state is the distribution alone. Results arrive a
batch later than they were asked for and are told a population at a time; what is left over waits
for the next batch. A search that has converged starts again elsewhere with a larger population.

Source: N. Hansen, "The CMA Evolution Strategy: A Tutorial", 2016; optimizer issue, "Search".
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from cmaes import CMA

from optimizer.domain.search.samplers import Result, State, generator
from trading.domain.market.bars import FloatArray

_SIGMA: Final = 0.25  # of the cube: the first population covers most of it
_RESAMPLES: Final = 3  # points outside the cube are drawn again this often, then moved to its edge
_WORST: Final = 1e300  # stands for +inf (values are minimised): distances of values stay finite
_RESTARTS_GROW: Final = 4  # populations double at most this often
_SIGMA_MOST, _LEAST_LENGTH = 1e32, 1e-8  # the package's own
_FRESH: Final = 10**9  # keeps the streams of restarts apart from those of batches


def population_tell(cma: CMA, points: FloatArray, values: FloatArray) -> None:
    """Update ``cma`` as its own ``tell`` does, to rounding, in a third of the time.

    The package goes through matrices where vectors are enough, and one process suggests for all
    workers. Equation numbers are the tutorial's.

    Args:
        cma: without adaptation of its learning rate, as is its default.
        points: float64[population, dim].
        values: float64[population], minimised.
    """
    order = np.argsort(values, kind="stable")
    cma._g += 1
    place = 2 * (cma.generation % cma._funhist_term)
    cma._funhist_values[place] = values[order[0]]
    cma._funhist_values[place + 1] = values[order[-1]]
    axes, lengths = cma._eigen_decomposition()
    cma._B = cma._D = None  # they belong to the covariance before this population
    steps = (points[order] - cma._mean) / cma._sigma
    whitened = steps @ axes / lengths  # as long as C^-1/2 times the steps
    weights, mu = cma._weights, cma._mu
    step = weights[:mu] @ steps[:mu]  # 41
    cma._mean = cma._mean + cma._cm * cma._sigma * step
    c_sigma = cma._c_sigma
    path = math.sqrt(c_sigma * (2 - c_sigma) * cma._mu_eff) * (axes @ (step @ axes / lengths))
    cma._p_sigma = (1 - c_sigma) * cma._p_sigma + path  # 43
    length = math.sqrt(cma._p_sigma @ cma._p_sigma)
    expected = (1.4 + 2 / (cma._n_dim + 1)) * cma._chi_n
    is_steady = length / math.sqrt(1 - (1 - c_sigma) ** (2 * (cma._g + 1))) < expected
    growth = math.exp((c_sigma / cma._d_sigma) * (length / cma._chi_n - 1))  # 44
    cma._sigma = min(cma._sigma * growth, _SIGMA_MOST)
    squares = (whitened * whitened).sum(axis=1) + _LEAST_LENGTH
    scaled = np.where(weights >= 0, weights, weights * (cma._n_dim / squares))  # 46
    _covariance_tell(cma, steps, step, scaled, is_steady)


def _covariance_tell(
    cma: CMA, steps: FloatArray, step: FloatArray, scaled: FloatArray, is_steady: bool
) -> None:
    cc = cma._cc
    cma._pc = (1 - cc) * cma._pc  # 45
    if is_steady:
        cma._pc += math.sqrt(cc * (2 - cc) * cma._mu_eff) * step
    kept = 1 - cma._c1 - cma._cmu * cma._weights.sum() + (not is_steady) * cma._c1 * cc * (2 - cc)
    rank_one = cma._c1 * np.outer(cma._pc, cma._pc)
    cma._C = kept * cma._C + rank_one + cma._cmu * ((scaled * steps.T) @ steps)  # 47


class CmaesSampler:
    """CMA-ES over the unit cube of one strategy, steered by the first objective."""

    def __init__(self, *, dim: int, seed: int, place: int) -> None:
        self._dim = max(dim, 2)  # the method needs two axes; the second of one is ignored
        self._asked_dim, self._seed, self._place = dim, seed, place
        self._restarts = 0
        self._waiting: list[tuple[list[float], float]] = []
        self._cma = self._begin()

    def _begin(self) -> CMA:
        mean = np.full(self._dim, 0.5)
        if self._restarts:
            mean = generator(self._seed, self._place, _FRESH + self._restarts).random(self._dim)
        population = 4 + math.floor(3 * math.log(self._dim))
        return CMA(
            mean=mean,
            sigma=_SIGMA,
            bounds=np.tile([0.0, 1.0], (self._dim, 1)),
            seed=0,
            population_size=population * 2 ** min(self._restarts, _RESTARTS_GROW),
        )

    def ask(self, numbers: Sequence[int], batch: int) -> list[FloatArray]:
        """Return draws from the current distribution, all of a batch at once.

        What the package's ``ask`` does for one point after the other costs as much as evaluating.
        """
        rng = generator(self._seed, self._place, batch)
        axes, lengths = self._cma._eigen_decomposition()
        root = (axes * (self._cma._sigma * lengths)).T

        def draw(n: int) -> FloatArray:
            drawn: FloatArray = self._cma._mean + rng.standard_normal((n, self._dim)) @ root
            return drawn

        points = draw(len(numbers))
        for _ in range(_RESAMPLES):
            is_outside = ((points < 0.0) | (points > 1.0)).any(axis=1)
            if not is_outside.any():
                break
            points[is_outside] = draw(int(is_outside.sum()))
        return list(np.clip(points, 0.0, 1.0)[:, : self._asked_dim])

    def tell(self, results: Sequence[Result]) -> None:
        """Update the distribution with every full population."""
        for result in results:
            point = result.point.tolist() + [0.5] * (self._dim - self._asked_dim)
            value = max(-_WORST, min(_WORST, -result.scores[0]))
            self._waiting.append((point, value))
            if len(self._waiting) == self._cma.population_size:
                points, values = zip(*self._waiting, strict=True)
                population_tell(self._cma, np.array(points), np.array(values))
                self._waiting = []
                if self._cma.should_stop():
                    self._restarts += 1
                    self._cma = self._begin()

    def state(self) -> State:
        """Return the distribution with every bit, restarts and waiting results."""
        return {
            "restarts": self._restarts,
            "waiting": [[point, value] for point, value in self._waiting],
            # not __getstate__: it keeps half of the covariance, which loses its last bits
            "cma": {name: _encode(x) for name, x in vars(self._cma).items() if name != "_rng"},
        }

    def restore(self, state: State) -> None:
        """Take the distribution of another instance."""
        self._restarts = int(state["restarts"])
        self._waiting = [(list(point), value) for point, value in state["waiting"]]
        self._cma = self._begin()
        vars(self._cma).update({name: _decode(value) for name, value in state["cma"].items()})


def _encode(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        # the layout is kept, because products of other layouts differ in their last bits
        is_rows = value.flags.c_contiguous
        data = np.ascontiguousarray(value if is_rows else value.T, dtype=np.float64)
        text = base64.b64encode(data.tobytes()).decode()
        return {"shape": list(data.shape), "is_rows": is_rows, "float64": text}
    return value.item() if isinstance(value, np.generic) else value


def _decode(value: Any) -> Any:
    if isinstance(value, dict):
        data = np.frombuffer(base64.b64decode(value["float64"])).reshape(value["shape"]).copy()
        return data if value["is_rows"] else data.T
    return value
