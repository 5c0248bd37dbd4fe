"""Who evaluates trials: processes of this machine, or Celery workers of several.

A pool is handed chunks and gives answers in any order. It must answer every chunk exactly once,
whatever dies meanwhile, and the same records wherever they were made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from optimizer.domain.study.capacity import WorkersGiven
from optimizer.domain.study.records import TrialRecord
from optimizer.domain.study.suggestions import Suggestion

Floors = Mapping[str, tuple[float, ...]]


class Chunk(NamedTuple):
    """Some trials of one batch, with the pruning floors of their strategies.

    Attributes:
        lane: which worker had trials like these before, from 0; any other may evaluate them.
    """

    batch: int
    place: int
    work: tuple[Suggestion, ...]
    floors: Floors
    lane: int = 0


class Answer(NamedTuple):
    """The records of one chunk, in the order of its trials."""

    batch: int
    place: int
    records: tuple[TrialRecord, ...]


@dataclass(frozen=True, slots=True)
class PoolUsage:
    """What evaluating cost so far.

    Attributes:
        cpu_s: processor seconds of all workers, replaced ones included.
        first_mb, last_mb: memory of the largest worker after its first and its latest chunk, MiB.
        replaced: workers that died and were replaced.
        places: chunks that can be evaluated at the same time; None where nobody could say.
        workers: how many were asked for and given; None where others start them.
    """

    cpu_s: float = 0.0
    first_mb: float = 0.0
    last_mb: float = 0.0
    replaced: int = 0
    places: int | None = None
    workers: WorkersGiven | None = None


class TrialPool(Protocol):
    """Evaluate chunks of trials.

    Attributes:
        n_workers: how many chunks are evaluated at the same time.
        per_worker: into how many chunks for each worker a batch is cut: many even out the end of
            the batch, few cost less on the way there and back.
    """

    n_workers: int
    per_worker: int

    def send(self, chunks: Sequence[Chunk]) -> None:
        """Queue the chunks of a batch; workers may begin them at once."""
        ...

    def wait(self, timeout_s: float) -> list[Answer]:
        """Return the answers that have come, waiting up to ``timeout_s`` for the first."""
        ...

    def usage(self) -> PoolUsage:
        """Return what evaluating cost so far."""
        ...

    def close(self) -> None:
        """Stop the workers; what was queued is dropped."""
        ...
