"""A pool that evaluates in this process, late and out of order, and can be told to fail."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from optimizer.adapters.workers.process import chunk_answer
from optimizer.domain.evaluator.evaluator import Evaluator
from optimizer.domain.study.data import StudyData
from optimizer.domain.study.evaluation import TrialEvaluator
from optimizer.models import Study
from optimizer.ports.sweeps import Answer, Chunk, PoolUsage
from optimizer.services.studies.run.search import terms_of


class InlinePool:
    """Fulfils ``TrialPool``; ``on_wait`` is called before every wait and may raise."""

    n_workers = 2
    per_worker = 4

    def __init__(
        self, study: Study, data: StudyData, on_wait: Callable[[], None] = lambda: None
    ) -> None:
        bars = data.bars.slice(0, data.search_stop(float(study.settings["holdout_share"])))
        evaluator = Evaluator(bars, step_ms=data.step_ms, costs=data.costs)
        ticks = itertools.count()
        self._evaluator = TrialEvaluator(
            evaluator,
            terms_of(study),
            now_us=lambda: next(ticks),
            pause=lambda _seconds: None,
        )
        self._queue: list[Chunk] = []
        self._on_wait = on_wait
        self.evaluated: list[int] = []
        self.is_closed = False

    def send(self, chunks: Sequence[Chunk]) -> None:
        self._queue.extend(chunks)

    def wait(self, timeout_s: float) -> list[Answer]:
        self._on_wait()
        if not self._queue:
            return []
        chunk = self._queue.pop()  # the newest first, which no real pool does
        self.evaluated += [work.number for work in chunk.work]
        return [chunk_answer(self._evaluator, chunk)]

    def usage(self) -> PoolUsage:
        return PoolUsage(cpu_s=1.0, first_mb=10.0, last_mb=10.0, places=self.n_workers)

    def close(self) -> None:
        self.is_closed = True
