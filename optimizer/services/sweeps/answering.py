"""Answer one chunk of somebody's study on this machine.

Messages may be lost, delivered twice or come when nobody waits any more; the row decides. Only an
open row is answered, so the first answer counts and another changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol, TypeVar

from django.db import connection
from django.db.models import F, QuerySet

from optimizer.models import SweepChunk
from optimizer.ports.machines import Bell, SweepMachine, WorkRefusedError

T = TypeVar("T")


class Database(Protocol):
    """Do work on the database again when its connection was lost."""

    def __call__(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns."""
        ...


class ChunkEnd(StrEnum):
    """What became of a delivery."""

    ANSWERED = "answered"
    REFUSED = "refused"  # with the reason in the row
    NOT_OPEN = "not open"  # answered, refused or taken back by somebody else


def chunks_open(chunk_id: int) -> QuerySet[SweepChunk]:
    """Return the chunk as long as it waits for an answer."""
    return SweepChunk.objects.filter(pk=chunk_id, answer__isnull=True, refusal="")


def chunk_answer(
    *,
    chunk_id: int,
    machine: SweepMachine,
    bell: Bell,
    database: Database,
) -> ChunkEnd:
    """Evaluate a chunk and store the answer, or the reason why this machine refuses.

    Args:
        chunk_id: of the row.
        machine: evaluates.
        bell: wakes the orchestrator.
        database: does work again whose connection was lost.
    """
    row = database(chunks_open(chunk_id).first)
    if row is None:
        return ChunkEnd.NOT_OPEN

    def begin() -> bool:
        n_begun = F("deliveries") + 1
        begun = database(lambda: chunks_open(chunk_id).update(deliveries=n_begun))
        if connection.vendor != "sqlite":
            connection.close()  # evaluating takes long, and others need a place in the pool
        return begun == 1

    try:
        outcome = machine.evaluate(bytes(row.request), begin)
        if outcome is None:
            return ChunkEnd.NOT_OPEN
        end, refusal = ChunkEnd.ANSWERED, ""
    except WorkRefusedError as error:
        end, outcome, refusal = ChunkEnd.REFUSED, None, str(error)
    result = {"answer": outcome, "refusal": refusal, "worker": machine.name}
    n_changed = database(lambda: chunks_open(chunk_id).update(**result))
    bell.ring(row.study_id)
    return end if n_changed else ChunkEnd.NOT_OPEN
