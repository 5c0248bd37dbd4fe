"""Write chunks and answers as bytes; the same for pipes between processes and for the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from optimizer.domain.study.evaluation import Terms, Work
from optimizer.domain.study.records import TrialRecord, TrialStatus
from optimizer.ports.sweeps import Answer, Chunk


@dataclass(frozen=True, slots=True)
class Job:
    """All a worker must know before its first chunk.

    Attributes:
        folder: of the mapped candles, the search part only.
        costs: the columns of the swap-cost schedule.
        step_ms: length of one bar, ms.
    """

    folder: str
    costs: tuple[tuple[float, ...], ...]
    step_ms: int
    terms: Terms


def chunk_encode(chunk: Chunk) -> bytes:
    """Return a chunk as bytes."""
    return msgspec.msgpack.encode(
        (
            chunk.batch,
            chunk.place,
            [(work.number, work.strategy, dict(work.params)) for work in chunk.work],
            dict(chunk.floors),
        )
    )


def chunk_decode(content: bytes) -> Chunk:
    """Return the chunk of ``chunk_encode``."""
    batch, place, work, floors = msgspec.msgpack.decode(content)
    return Chunk(
        batch,
        place,
        tuple(Work(*item) for item in work),
        {name: tuple(values) for name, values in floors.items()},
    )


def answer_encode(answer: Answer) -> bytes:
    """Return an answer as bytes."""
    rows = [
        (
            record.number,
            record.strategy,
            record.params_json,
            record.status.value,
            list(record.metrics),
            record.scores,
            list(record.early),
            record.error,
            record.attempts,
            record.elapsed_us,
            record.line,
        )
        for record in answer.records
    ]
    return msgspec.msgpack.encode((answer.batch, answer.place, rows))


_Row = tuple[  # the fields of a record
    int, str, str, TrialStatus, tuple[bytes, ...], bytes, tuple[float, ...], str, int, int, bytes
]
_ANSWERS: Final = msgspec.msgpack.Decoder(tuple[int, int, list[_Row]])


def answer_decode(content: bytes) -> Answer:
    """Return the answer of ``answer_encode``."""
    batch, place, rows = _ANSWERS.decode(content)
    return Answer(batch, place, tuple(TrialRecord(*row) for row in rows))
