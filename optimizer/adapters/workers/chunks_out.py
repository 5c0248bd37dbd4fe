"""Remember chunks while workers have them: take apart what kills workers, put it together again.

A chunk that took ``DEATHS`` workers with it is handed out again as single trials; a single trial
that did so has failed, and its record says why. Both kinds of pool go by this.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from optimizer.domain.study.records import TrialRecord, TrialStatus, params_dump
from optimizer.domain.study.suggestions import suggestion_params
from optimizer.ports.sweeps import Answer, Chunk

DEATHS: Final = 4  # workers a chunk may take with it


class ChunksOut:
    """Chunks that were sent and are not yet answered as a whole."""

    def __init__(self) -> None:
        self._whole: dict[tuple[int, int], Chunk] = {}
        self._pieces: dict[tuple[int, int], dict[int, TrialRecord]] = {}

    def __len__(self) -> int:
        return len(self._whole)

    def add(self, chunk: Chunk) -> None:
        """Remember a chunk that is sent for the first time."""
        self._whole[chunk.batch, chunk.place] = chunk

    def answered(self, batch: int, place: int, records: Sequence[TrialRecord]) -> list[Answer]:
        """Return the answer of the chunk if these records complete it, else nothing."""
        key = (batch, place)
        work = self._whole[key].work
        if len(records) < len(work):  # pieces of a chunk that was taken apart
            found = self._pieces.setdefault(key, {})
            found.update({record.number: record for record in records})
            if len(found) < len(work):
                return []
            del self._pieces[key]
            records = [found[item.number] for item in work]
        del self._whole[key]
        return [Answer(batch, place, tuple(records))]

    def lost(self, chunk: Chunk, deaths: int, cause: str) -> tuple[list[Chunk], list[Answer]]:
        """Return what to hand out again after workers were lost with ``chunk``, and its answer.

        Args:
            chunk: as it was handed out, whole or a single trial of one.
            deaths: how many workers it has taken with it.
            cause: the end of a failed trial's error sentence.
        """
        if deaths < DEATHS:
            return [chunk], []
        if len(chunk.work) > 1:
            return [chunk._replace(work=(item,)) for item in chunk.work], []
        item = chunk.work[0]
        failed = TrialRecord(
            number=item.number,
            strategy=item.strategy,
            params_json=params_dump(suggestion_params(item)),
            status=TrialStatus.FAILED,
            metrics=(),
            scores=b"",
            early=(),
            error=f"{deaths} workers died evaluating it, {cause}",
            attempts=deaths,
        )
        return [], self.answered(chunk.batch, chunk.place, [failed])
