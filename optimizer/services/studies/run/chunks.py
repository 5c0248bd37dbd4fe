"""Cut batches into chunks for workers and put the answers together again.

A worker keeps the features it has prepared for a strategy, as many as fit. So the trials of one
strategy stay together and go, batch after batch, to the same worker where that keeps all busy:
every worker prepares less and forgets less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Final

from optimizer.domain.study.engine import Batch
from optimizer.domain.study.records import TrialRecord
from optimizer.domain.study.suggestions import Suggestion
from optimizer.ports.sweeps import Answer, Chunk, TrialPool

_SMALLEST: Final = 4  # trials: below, the way there and back costs more than it evens out
_UNKNOWN_US: Final = 1000.0  # what a trial is taken to last before any was evaluated


def chunks_in_flight(batch_size: int, n_left: int) -> int:
    """Return how many chunks there can be at a time, of two batches or of the trials left."""
    return max(1, min(2 * batch_size, n_left) // _SMALLEST)


class Cutter:
    """Cuts batches into chunks that last equally long.

    What trials lasted decides who evaluates them and never what is tried.
    """

    def __init__(self, pool: TrialPool) -> None:
        """Cut for the workers of ``pool``."""
        self._n_workers, self._n_chunks = pool.n_workers, pool.per_worker * pool.n_workers
        self._lasted: dict[str, tuple[int, int]] = {}  # by strategy: trials, µs

    def learn(self, records: Iterable[TrialRecord]) -> None:
        """Note how long trials lasted."""
        for record in records:
            count, total = self._lasted.get(record.strategy, (0, 0))
            self._lasted[record.strategy] = count + 1, total + record.elapsed_us

    def cut(self, batch: Batch) -> list[Chunk]:
        """Return the batch in chunks: strategy after strategy, cut where the time is."""
        work = sorted(batch.suggestions, key=attrgetter("strategy", "number"))
        costs = [self._cost(item.strategy) for item in work]
        n_chunks = max(1, min(self._n_chunks, len(work) // _SMALLEST))
        share, passed = sum(costs) / n_chunks, 0.0
        parts: list[list[Suggestion]] = [[] for _ in range(n_chunks)]
        for item, cost in zip(work, costs, strict=True):
            parts[min(n_chunks - 1, int((passed + cost / 2) / share))].append(item)
            passed += cost
        return [
            Chunk(
                batch.number,
                place,
                tuple(part),
                {item.strategy: batch.floors[item.strategy] for item in part},
                place * self._n_workers // n_chunks,
            )
            for place, part in enumerate(parts)
            if part
        ]

    def _cost(self, strategy: str) -> float:
        count, total = self._lasted.get(strategy, (0, 0))
        return max(1.0, total / count) if count else _UNKNOWN_US


class Answers:
    """The answers to batches in flight."""

    def __init__(self) -> None:
        self._records: dict[int, dict[int, Sequence[TrialRecord]]] = {}  # by batch, by place

    def add(self, answer: Answer) -> None:
        """Keep one answer."""
        self._records.setdefault(answer.batch, {})[answer.place] = answer.records

    def take(self, batch: Batch) -> Sequence[TrialRecord] | None:
        """Return the records of a batch in their order and forget them; None while some lack."""
        found = self._records.get(batch.number, {})
        if sum(map(len, found.values())) < len(batch.suggestions):
            return None
        del self._records[batch.number]
        records = [record for part in found.values() for record in part]
        return sorted(records, key=attrgetter("number"))
