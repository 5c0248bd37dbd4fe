"""Time evaluations in CPU seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from optimizer.domain.evaluator.evaluator import Evaluator, Plan
from optimizer.domain.objectives import PUBLISHED as OBJECTIVES
from optimizer.domain.objectives import objective_scores
from optimizer.domain.systems.base import System

Clock = Callable[[], float]  # CPU seconds of this process


class Timed(NamedTuple):
    """Evaluations made and the CPU seconds they took."""

    evaluations: int
    cpu_s: float

    @property
    def per_second(self) -> float:
        """Return evaluations per CPU second."""
        return self.evaluations / self.cpu_s

    def __add__(self, other: object) -> Timed:
        """Return both together."""
        if not isinstance(other, Timed):
            return NotImplemented
        return Timed(self.evaluations + other.evaluations, self.cpu_s + other.cpu_s)


def timed_evaluate(
    evaluator: Evaluator,
    system: System,
    sets: Sequence[Mapping[str, float]],
    *,
    trade_size: float,
    clock: Clock,
) -> Timed:
    """Return what evaluating and scoring ``sets`` took, after one run that warms up."""
    plan = Plan(trade_sizes=(trade_size,))
    evaluator.evaluate(system, sets[0], plan)
    began = clock()
    for params in sets:
        (run,) = evaluator.evaluate(system, params, plan)
        objective_scores(run.metrics, OBJECTIVES)
    return Timed(len(sets), clock() - began)
