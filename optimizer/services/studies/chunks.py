"""Cut batches into chunks for workers and put the answers together again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from optimizer.domain.study.engine import Batch
from optimizer.domain.study.records import TrialRecord
from optimizer.ports.sweeps import Answer, Chunk, TrialPool

_SMALLEST: Final = 4  # trials: below, the way there and back costs more than it evens out


def chunk_size(batch_size: int, pool: TrialPool) -> int:
    """Return how many trials go to a worker at a time."""
    n_chunks = pool.per_worker * pool.n_workers
    return max(1, min(batch_size, max(_SMALLEST, -(-batch_size // n_chunks))))


def chunks_of(batch: Batch, size: int) -> list[Chunk]:
    """Return the batch in chunks of ``size`` trials, the last one of what is left."""
    found = []
    for place, start in enumerate(range(0, len(batch.suggestions), size)):
        work = batch.suggestions[start : start + size]
        floors = {item.strategy: batch.floors[item.strategy] for item in work}
        found.append(Chunk(batch.number, place, work, floors))
    return found


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
        return [record for place in sorted(found) for record in found[place]]
