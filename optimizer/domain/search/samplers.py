"""Say what a sampler is, and which there are, with what each costs.

A sampler proposes points in the unit cube of one strategy. It never sees time, processes or
stores: all it knows is its seed and the results it was told, in order. Its random numbers are
derived afresh for every batch from (seed, strategy, batch), so there is no generator state to lose
and a resumed search proposes exactly what the uninterrupted one would have.

Source: optimizer issue, "Search" and "Trial store and resume".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from trading.market.domain.bars import FloatArray

State = dict[str, Any]

# A score above is told as this one: +inf is no number to JSON, and of a state that was read again
# the best result must still be the best. Differences of two such scores stay finite.
MOST: Final = 1e300


class Result(NamedTuple):
    """A finished trial as samplers see it.

    Attributes:
        number: of the trial in its study.
        point: float64[dim].
        scores: one per objective, higher is better: finite and at most ``MOST``, or -inf for
            pruned and failed ones; the first steers samplers that know only one.
    """

    number: int
    point: FloatArray
    scores: Sequence[float]


class Sampler(Protocol):
    """Propose points for one strategy."""

    def ask(self, numbers: Sequence[int], batch: int) -> list[FloatArray]:
        """Return a point for each trial number of a batch, float64[dim] in [0, 1]."""
        ...

    def tell(self, results: Sequence[Result]) -> None:
        """Take the results of one batch, in the order of their numbers."""
        ...

    def state(self) -> State:
        """Return what ``restore`` needs, as plain JSON values: no infinity, no NaN."""
        ...

    def restore(self, state: State) -> None:
        """Go on from a state another instance with the same settings returned.

        What it raises for a state that is not one says nothing more than that.
        """
        ...


def generator(seed: int, *path: int) -> np.random.Generator:
    """Return the random numbers that belong to one place of a search, whoever asks, whenever."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *path])))


# Processor time a trial, asked and told, with full histories and the strategies' own spaces: median
# and range of what scripts/sampler_costs.py measured on shared cores of changing speed.
COSTS: Final[Mapping[str, str]] = {
    "cmaes": "0.007 ms a trial (0.005 to 0.013): one covariance search per strategy; the default",
    "random": "0.002 ms (0.002 to 0.004): uniform",
    "qmc": "0.04 ms (0.03 to 0.06): scrambled Halton, covers the space more evenly than random",
    "nsga2": "0.23 ms (0.2 to 0.27): genetic, works on all objectives at once",
    "tpe": "0.37 ms (0.3 to 0.44): Optuna's tree-structured Parzen estimators over the last 250 to "
    "500 trials",
    "gp": "2.5 ms (2.1 to 4.2): Gaussian process over at most 120 trials; for few, dear trials",
}
SAMPLERS: Final = tuple(COSTS)


class RandomSampler:
    """Uniform points; knows nothing and remembers nothing."""

    def __init__(self, *, dim: int, seed: int, place: int) -> None:
        self._dim, self._seed, self._place = dim, seed, place

    def ask(self, numbers: Sequence[int], batch: int) -> list[FloatArray]:
        """Return uniform points, one stream per batch."""
        return list(generator(self._seed, self._place, batch).random((len(numbers), self._dim)))

    def tell(self, results: Sequence[Result]) -> None:
        """Ignore the results."""

    def state(self) -> State:
        """Return nothing: the seed is all."""
        return {}

    def restore(self, state: State) -> None:
        """Restore nothing."""
