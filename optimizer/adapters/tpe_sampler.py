"""Search with Optuna's tree-structured Parzen estimator over a bounded history, a batch at a time.

Optuna splits the results, weighs them, sets the widths of the kernels and chooses. Inside a batch
nothing is learnt, so its sampler is asked once a batch: it draws the candidates of all the trials
together, and the best of every 24 is a proposal. Drawing from a mixture and evaluating it are
compiled, because Optuna's own take ten times as long as all the rest.

Optuna's study is an in-memory notebook of scores; where a trial was is looked up by its number. The
notebook keeps the last 250 to 500 results: when it is full, it is begun again with the newest half.
Which results those are depends on their count only, so a resumed search holds the same notebook.

Source: optimizer issue, "Search" (TPE keeps a bounded history); Optuna's documentation of ask/tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.samplers import TPESampler
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from optimizer.domain.search.parzen import mixture_log_densities, truncated_quantiles
from optimizer.domain.search.samplers import MOST, Result, State, generator
from trading.market.domain.bars import FloatArray

HALF: Final = 250
START: Final = 10  # results before the estimator is asked
CANDIDATES: Final = 24  # draws of which one is proposed
_NAME: Final = "notebook"

optuna.logging.set_verbosity(optuna.logging.WARNING)


class Mixture(_ParzenEstimator):
    """Optuna's mixture over the unit cube; same draws and densities to rounding, compiled."""

    def _kernels(self) -> tuple[FloatArray, FloatArray]:
        """Return means and widths, float64[dim, n] each."""
        axes: Any = self._mixture_distribution.distributions  # normal laws: floats, no steps
        return np.array([axis.mu for axis in axes]), np.array([axis.sigma for axis in axes])

    def sample(self, rng: np.random.RandomState, size: int) -> dict[str, FloatArray]:
        """Return ``size`` draws by axis; takes the same numbers from ``rng`` as Optuna."""
        means, widths = self._kernels()
        weights = self._mixture_distribution.weights
        drawn = rng.choice(len(weights), p=weights, size=size)
        shares = rng.uniform(size=(len(means), size))
        found = truncated_quantiles(
            shares.ravel(), means[:, drawn].ravel(), widths[:, drawn].ravel()
        )
        return self._untransform(found.reshape(shares.shape).T)

    def log_pdf(self, samples_dict: dict[str, FloatArray]) -> FloatArray:
        """Return the logarithm of the density at points given by axis, float64[m]."""
        points = np.ascontiguousarray(self._transform(samples_dict).T)
        return mixture_log_densities(points, self._mixture_distribution.weights, *self._kernels())


class BatchTpe(TPESampler):
    """Optuna's sampler for one batch.

    Attributes:
        proposals: by axis, one a trial of the batch; there after ``sample_relative``.
    """

    def __init__(self, *, n: int, seed: int, points: FloatArray) -> None:
        """Propose ``n`` points; ``points``, float64[n_results, dim], are those of the notebook."""
        super().__init__(
            n_startup_trials=START,
            n_ei_candidates=n * CANDIDATES,
            multivariate=True,
            constant_liar=False,
            seed=seed,
        )
        self._parzen_estimator_cls = Mixture
        self._points = points
        self.proposals: list[dict[str, float]] = []

    def _get_internal_repr(
        self, trials: list[FrozenTrial], search_space: dict[str, BaseDistribution], study: Any
    ) -> dict[str, FloatArray]:
        """Return where ``trials`` were: Optuna would ask each for every axis."""
        places = [trial.number for trial in trials]
        return dict(zip(search_space, self._points[places].T, strict=True))

    def _compute_acquisition_func(
        self,
        samples: dict[str, FloatArray],
        mpe_below: _ParzenEstimator,
        mpe_above: _ParzenEstimator,
    ) -> FloatArray:
        """Return how good the draws are and note the best of each trial's, Optuna's way.

        Optuna then goes on to choose one of all the draws, which nobody asks for.
        """
        values: FloatArray = super()._compute_acquisition_func(samples, mpe_below, mpe_above)
        turns = [slice(k, k + CANDIDATES) for k in range(0, len(values), CANDIDATES)]
        self.proposals = [
            self._compare({name: drawn[turn] for name, drawn in samples.items()}, values[turn])
            for turn in turns
        ]
        return values


class TpeSampler:
    """Multivariate TPE over the unit cube of one strategy, steered by the first objective."""

    def __init__(self, *, dim: int, seed: int, place: int) -> None:
        self._dim, self._seed, self._place = dim, seed, place
        self._space: dict[str, BaseDistribution] = {
            f"x{axis}": FloatDistribution(0.0, 1.0) for axis in range(dim)
        }
        self._n = 0
        self._points, self._scores = np.empty((2 * HALF, dim)), np.empty(2 * HALF)
        self._begin()

    def _begin(self) -> None:
        """Begin the notebook with the scores there are."""
        self._storage = InMemoryStorage()
        self._study = optuna.create_study(
            study_name=_NAME, storage=self._storage, direction="maximize"
        )
        self._note(self._scores[: self._n])

    def _note(self, scores: FloatArray) -> None:
        for score in scores.tolist():
            self._study.add_trial(create_trial(state=TrialState.COMPLETE, value=score))

    def ask(self, numbers: Sequence[int], batch: int) -> list[FloatArray]:
        """Return draws from the estimator, uniform ones until it has enough to go on."""
        rng = generator(self._seed, self._place, batch)
        if self._n < START:
            return list(rng.random((len(numbers), self._dim)))
        seed = int(rng.integers(2**32))
        sampler = BatchTpe(n=len(numbers), seed=seed, points=self._points)
        # a study object remembers the trials it first saw; a new one over the same storage sees all
        study = optuna.load_study(study_name=_NAME, storage=self._storage, sampler=sampler)
        sampler.sample_relative(study, create_trial(state=TrialState.RUNNING), self._space)
        return [np.array(list(proposal.values())) for proposal in sampler.proposals]

    def tell(self, results: Sequence[Result]) -> None:
        """Note the results; begin the notebook again when it is full."""
        for result in results:
            self._points[self._n] = result.point
            self._scores[self._n] = min(MOST, result.scores[0])
            self._n += 1
            self._note(self._scores[self._n - 1 : self._n])
            if self._n == 2 * HALF:
                self._n = HALF
                self._points[:HALF], self._scores[:HALF] = self._points[HALF:], self._scores[HALF:]
                self._begin()

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
        """Take the history of another instance."""
        self._n = len(state["history"])
        for place, (point, score) in enumerate(state["history"]):
            self._points[place] = point
            self._scores[place] = -math.inf if score is None else score
        self._begin()
