"""A delivery answers an open chunk, once; what came too late or twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from optimizer.models import SweepChunk
from optimizer.ports.machines import WorkRefusedError
from optimizer.services.sweeps.answering import ChunkEnd, chunk_answer
from tests.factories import NOW, study

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class FakeMachine:
    """Gives an outcome, after what happens meanwhile."""

    outcome: bytes = b"outcome"
    refusal: str = ""
    before: Callable[[], object] = lambda: None
    after: Callable[[], object] = lambda: None
    name: str = "host:1"
    requests: list[bytes] = field(default_factory=list)

    def evaluate(self, request: bytes, begin: Callable[[], bool]) -> bytes | None:
        self.requests.append(request)
        if self.refusal:
            raise WorkRefusedError(self.refusal)
        self.before()
        if not begin():
            return None
        self.after()
        return self.outcome


@dataclass
class FakeBell:
    rung: list[int] = field(default_factory=list)

    def ring(self, study_id: int) -> None:
        self.rung.append(study_id)

    def wait(self, study_id: int, timeout_s: float) -> None:
        """Nobody waits."""


@pytest.fixture
def row() -> SweepChunk:
    return SweepChunk.objects.create(
        study=study(), key="0/0/1 token", request=b"request", sent_at=NOW
    )


def deliver(row: SweepChunk, machine: FakeMachine, bell: FakeBell | None = None) -> ChunkEnd:
    return chunk_answer(
        chunk_id=row.pk,
        machine=machine,
        bell=bell or FakeBell(),
        database=lambda work: work(),
    )


def test_a_chunk_is_answered_and_the_orchestrator_woken(row: SweepChunk) -> None:
    machine, bell = FakeMachine(), FakeBell()
    assert deliver(row, machine, bell) is ChunkEnd.ANSWERED
    row.refresh_from_db()
    found = (bytes(row.answer or b""), row.worker, row.deliveries, row.refusal)
    assert found == (b"outcome", "host:1", 1, "")
    assert machine.requests == [b"request"]
    assert bell.rung == [row.study_id]


def test_a_second_delivery_evaluates_nothing(row: SweepChunk) -> None:
    deliver(row, FakeMachine())
    second = FakeMachine(outcome=b"other")
    assert deliver(row, second) is ChunkEnd.NOT_OPEN
    row.refresh_from_db()
    assert (bytes(row.answer or b""), row.deliveries) == (b"outcome", 1)
    assert second.requests == []


def test_of_two_deliveries_at_the_same_time_the_first_answer_counts(row: SweepChunk) -> None:
    slow = FakeMachine(outcome=b"late", name="host:2")
    slow.after = lambda: deliver(row, FakeMachine())
    assert deliver(row, slow) is ChunkEnd.NOT_OPEN
    row.refresh_from_db()
    assert (bytes(row.answer or b""), row.worker, row.deliveries) == (b"outcome", "host:1", 2)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_chunk_taken_back_is_let_go(row: SweepChunk, moment: str) -> None:
    machine = FakeMachine()
    setattr(machine, moment, lambda: SweepChunk.objects.all().delete())
    assert deliver(row, machine) is ChunkEnd.NOT_OPEN
    assert SweepChunk.objects.count() == 0


def test_a_refusal_is_stored_with_its_reason_and_not_counted_as_begun(row: SweepChunk) -> None:
    bell = FakeBell()
    assert deliver(row, FakeMachine(refusal="other version"), bell) is ChunkEnd.REFUSED
    row.refresh_from_db()
    assert (row.answer, row.refusal, row.worker, row.deliveries) == (
        None, "other version", "host:1", 0,
    )  # fmt: skip
    assert bell.rung == [row.study_id]
    assert deliver(row, FakeMachine()) is ChunkEnd.NOT_OPEN
