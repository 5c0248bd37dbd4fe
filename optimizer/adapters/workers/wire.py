"""Write chunks and answers as bytes; the same for pipes between processes and for the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from optimizer.domain.study.evaluation import Terms
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


_ENCODER: Final = msgspec.msgpack.Encoder()  # writes named tuples as their fields in order
_CHUNKS: Final = msgspec.msgpack.Decoder(Chunk)
_ANSWERS: Final = msgspec.msgpack.Decoder(Answer)


def chunk_encode(chunk: Chunk) -> bytes:
    """Return a chunk as bytes."""
    return _ENCODER.encode(chunk)


def chunk_decode(content: bytes) -> Chunk:
    """Return the chunk of ``chunk_encode``."""
    return _CHUNKS.decode(content)


def answer_encode(answer: Answer) -> bytes:
    """Return an answer as bytes."""
    return _ENCODER.encode(answer)


def answer_decode(content: bytes | memoryview) -> Answer:
    """Return the answer of ``answer_encode``."""
    return _ANSWERS.decode(content)
