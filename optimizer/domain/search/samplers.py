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

from trading.domain.market.bars import FloatArray

State = dict[str, Any]


class Result(NamedTuple):
    """A finished trial as samplers see it.

    Attributes:
        number: of the trial in its study.
        point: float64[dim].
        scores: one per objective, higher is better, -inf for pruned and failed ones, never NaN;
            the first steers samplers that know only one.
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
        """Return what ``restore`` needs, as plain JSON values."""
        ...

    def restore(self, state: State) -> None:
        """Go on from a state another instance with the same settings returned."""
        ...


def generator(seed: int, *path: int) -> np.random.Generator:
    """Return the random numbers that belong to one place of a search, whoever asks, whenever."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *path])))


# CPU time a trial, measured on a shared core with the strategies' own spaces, 4-14 parameters.
COSTS: Final[Mapping[str, str]] = {
    "cmaes": "0.02 ms a trial: one covariance search per strategy; the default",
    "random": "0.01 ms: uniform",
    "qmc": "0.1 ms: scrambled Halton, covers the space more evenly than random",
    "nsga2": "0.8 ms: genetic, works on all objectives at once",
    "tpe": "0.5 ms: Optuna's tree-structured Parzen estimators over the last 250 to 500 trials",
    "gp": "19-33 ms: Gaussian process over at most 120 trials; for few, dear trials",
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
