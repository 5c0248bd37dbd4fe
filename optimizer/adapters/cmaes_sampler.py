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
_FRESH: Final = 10**9  # keeps the streams of restarts apart from those of batches


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
                self._cma.tell([(np.array(x), value) for x, value in self._waiting])
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
