"""Search with Optuna's tree-structured Parzen estimator over a bounded history.

Optuna's study is an in-memory notebook: results are added as finished trials, proposals are read
from the sampler directly, which is given a fresh seed for every batch. The notebook keeps the last
250 to 500 results: when it is full, it is begun again with the newest half. Which results those
are depends on their count only, so a resumed search holds the same notebook.

Source: optimizer issue, "Search" (TPE keeps a bounded history); Optuna's documentation of ask/tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import optuna
from optuna.distributions import FloatDistribution
from optuna.samplers import TPESampler
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState, create_trial

from optimizer.domain.search.samplers import Result, State, generator
from trading.domain.market.bars import FloatArray

HALF: Final = 250
_NAME: Final = "notebook"
START: Final = 10  # results before the estimator is asked

optuna.logging.set_verbosity(optuna.logging.WARNING)


class TpeSampler:
    """Multivariate TPE over the unit cube of one strategy, steered by the first objective."""

    def __init__(self, *, dim: int, seed: int, place: int) -> None:
        self._dim, self._seed, self._place = dim, seed, place
        self._space = {f"x{axis}": FloatDistribution(0.0, 1.0) for axis in range(dim)}
        self._history: list[tuple[list[float], float]] = []
        self._storage, self._study = self._notebook()

    def _notebook(self) -> tuple[InMemoryStorage, optuna.Study]:
        storage = InMemoryStorage()
        study = optuna.create_study(study_name=_NAME, storage=storage, direction="maximize")
        for point, score in self._history:
            self._note(study, point, score)
        return storage, study

    def _note(self, study: optuna.Study, point: list[float], score: float) -> None:
        params = dict(zip(self._space, point, strict=True))
        trial = create_trial(
            state=TrialState.COMPLETE, value=score, params=params, distributions=dict(self._space)
        )
        study.add_trial(trial)

    def ask(self, numbers: Sequence[int], batch: int) -> list[FloatArray]:
        """Return draws from the estimator, uniform ones until it has enough to go on."""
        rng = generator(self._seed, self._place, batch)
        if len(self._history) < START:
            return list(rng.random((len(numbers), self._dim)))
        sampler = TPESampler(
            n_startup_trials=START,
            multivariate=True,
            constant_liar=False,
            seed=int(rng.integers(2**32)),
        )
        # a study object remembers the trials it first saw; a new one over the same storage sees all
        study = optuna.load_study(study_name=_NAME, storage=self._storage)
        asking = create_trial(state=TrialState.RUNNING)
        points = []
        for _ in numbers:
            drawn = sampler.sample_relative(study, asking, dict(self._space))
            points.append(np.array([drawn[name] for name in self._space], dtype=np.float64))
        return points

    def tell(self, results: Sequence[Result]) -> None:
        """Note the results; begin the notebook again when it is full."""
        for result in results:
            point, score = result.point.tolist(), result.scores[0]
            self._history.append((point, score))
            self._note(self._study, point, score)
            if len(self._history) == 2 * HALF:
                del self._history[:HALF]
                self._storage, self._study = self._notebook()

    def state(self) -> State:
        """Return the notebook; a score of -inf is written as None."""
        return {
            "history": [
                [point, score if math.isfinite(score) else None] for point, score in self._history
            ]
        }

    def restore(self, state: State) -> None:
        """Take the notebook of another instance."""
        self._history = [
            (list(point), -math.inf if score is None else score)
            for point, score in state["history"]
        ]
        self._storage, self._study = self._notebook()
