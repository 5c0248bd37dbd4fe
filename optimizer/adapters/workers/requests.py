"""Write what is asked of another machine, and what it found, as bytes for the database."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import NamedTuple

import msgspec

from optimizer.adapters.workers.wire import answer_decode, answer_encode, chunk_decode, chunk_encode
from optimizer.domain.study.evaluation import Terms
from optimizer.ports.sweeps import Answer, Chunk

Costs = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Basis:
    """What every chunk of a study needs; equal for all of them, so workers keep it prepared.

    Attributes:
        candles, costs: digests of their blobs.
        version: of the evaluating code and the libraries under it.
        step_ms: length of one bar, ms.
    """

    candles: str
    costs: str
    version: str
    step_ms: int
    terms: Terms


class Outcome(NamedTuple):
    """The answer to one chunk and what it took.

    Attributes:
        process: which evaluating process of which machine.
        cpu_s: processor seconds spent on it.
        memory_mb: of that process, MiB.
        replaced: processes of that machine that died over it.
    """

    answer: Answer
    process: str
    cpu_s: float
    memory_mb: float
    replaced: int


def request_encode(basis: Basis, chunk: Chunk) -> bytes:
    """Return a request as bytes."""
    head = (basis.candles, basis.costs, basis.version, basis.step_ms, *astuple(basis.terms))
    return msgspec.msgpack.encode((head, chunk_encode(chunk)))


def request_decode(content: bytes) -> tuple[Basis, Chunk]:
    """Return what ``request_encode`` was given."""
    (candles, costs, version, step_ms, windows, objectives, *rest), chunk = msgspec.msgpack.decode(
        content
    )
    terms = Terms(tuple(windows), tuple(objectives), *rest)
    return Basis(candles, costs, version, step_ms, terms), chunk_decode(chunk)


def outcome_encode(outcome: Outcome) -> bytes:
    """Return an outcome as bytes."""
    return msgspec.msgpack.encode((answer_encode(outcome.answer), *outcome[1:]))


def outcome_decode(content: bytes) -> Outcome:
    """Return the outcome of ``outcome_encode``."""
    answer, *rest = msgspec.msgpack.decode(content)
    return Outcome(answer_decode(answer), *rest)


def costs_encode(costs: Costs) -> bytes:
    """Return the columns of a cost schedule as bytes."""
    return msgspec.msgpack.encode(costs)


def costs_decode(content: bytes) -> Costs:
    """Return the columns of ``costs_encode``."""
    return tuple(tuple(column) for column in msgspec.msgpack.decode(content))
