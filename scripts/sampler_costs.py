"""Measure what each sampler costs a trial: processor time to ask and to tell it.

As in a study of all published strategies: their own spaces, twelve trials a batch, every objective
scored, histories full. A shared machine changes its speed by the minute, so the samplers take
turns, round after round, and their medians are compared. The help of ``optimize run`` states what
this prints.

    .venv/bin/python scripts/sampler_costs.py [ROUNDS]
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in every process of the desk
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from optimizer.adapters.samplers import sampler_make
from optimizer.domain.objectives import OBJECTIVES
from optimizer.domain.search.samplers import COSTS, Result, Sampler
from optimizer.domain.search.space import Space
from optimizer.domain.systems import systems_parse
from trading.market.domain.bars import FloatArray

BATCH: Final = 12  # trials of one strategy, as in a study
FULL: Final = 500  # results until every history is full
SEED: Final = 7


class Search:
    """One strategy searched with one sampler."""

    def __init__(self, name: str, space: Space, place: int) -> None:
        self.sampler: Sampler = sampler_make(name, SEED, space, place)
        self._rng = np.random.default_rng([SEED, place])
        self._n_batches = 0
        while self._n_batches * BATCH < FULL:
            points = self._rng.random((BATCH, space.dim))
            self.sampler.tell(self._results(list(points)))
            self._n_batches += 1

    def _results(self, points: list[FloatArray]) -> list[Result]:
        found = []
        for k, point in enumerate(points):
            noise = 0.1 * self._rng.standard_normal(len(OBJECTIVES))
            scores = noise - float(((point - 0.3) ** 2).sum())
            found.append(Result(self._n_batches * BATCH + k, point, scores.tolist()))
        return found

    def batch_s(self) -> float:
        """Return the processor seconds of one batch."""
        first = self._n_batches * BATCH
        begun = time.process_time()
        points = self.sampler.ask(range(first, first + BATCH), self._n_batches)
        asked = time.process_time() - begun
        results = self._results(points)
        begun = time.process_time()
        self.sampler.tell(results)
        self._n_batches += 1
        return asked + time.process_time() - begun


def searches() -> dict[str, list[Search]]:
    """Return, by sampler, the searches of all strategies that have parameters."""
    spaces = [Space.of(s.name, s.strategy.params) for s in systems_parse(["all"])]
    places = [(space, place) for place, space in enumerate(spaces) if space.dim]
    return {name: [Search(name, space, place) for space, place in places] for name in COSTS}


def rounds_ms(every: dict[str, list[Search]], n_rounds: int) -> Iterator[dict[str, float]]:
    """Yield, by sampler, the milliseconds a trial took in a round."""
    for _ in range(n_rounds):
        found = {}
        for name, each in every.items():
            n_batches = 3 if name == "gp" else 21  # the notebook of TPE once from half to full
            spent = sum(search.batch_s() for search in each for _ in range(n_batches))
            found[name] = 1000 * spent / (n_batches * len(each) * BATCH)
        yield found


def main() -> None:
    """Print a line a sampler."""
    n_rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    every = searches()
    found = list(rounds_ms(every, n_rounds + 1))[1:]  # the first compiles
    print(f"ms a trial, {n_rounds} rounds: median (least to most)")
    for name in every:
        values = [each[name] for each in found]
        print(f"  {name:7} {median(values):7.4f} ({min(values):.4f} to {max(values):.4f})")


if __name__ == "__main__":
    main()
