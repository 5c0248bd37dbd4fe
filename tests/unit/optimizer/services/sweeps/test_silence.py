"""A study whose workers do not answer says so, for how long, and what to do; then no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from optimizer.models import Study, SweepChunk
from optimizer.ports.sweeps import Answer, Chunk, PoolUsage
from optimizer.services.sweeps.silence import HOW_TO_START, WatchedPool
from tests.factories import NOW, study
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.django_db

CHUNK = Chunk(0, 0, (), {})
ANSWER = Answer(0, 0, ())


@dataclass
class SilentPool:
    """Waiting moves the clock on; ``answers`` are those of the next wait."""

    clock: FakeClock
    answers: list[Answer] = field(default_factory=list)
    sent: list[Chunk] = field(default_factory=list)
    is_closed: bool = False
    n_workers: int = 3
    per_worker: int = 1

    def send(self, chunks: Sequence[Chunk]) -> None:
        self.sent += chunks

    def wait(self, timeout_s: float) -> list[Answer]:
        self.clock.advance(timeout_s)
        answers, self.answers = self.answers, []
        return answers

    def usage(self) -> PoolUsage:
        return PoolUsage(cpu_s=2.0)

    def close(self) -> None:
        self.is_closed = True


class Scene:
    """A watched pool with one chunk out, its study, and what was said."""

    def __init__(self) -> None:
        self.clock, self.row = FakeClock(), study(owner="me")
        self.within, self.said = SilentPool(self.clock), list[str]()
        self.pool = WatchedPool(
            self.within,
            study_id=self.row.pk,
            clock=self.clock,
            database=lambda work: work(),
            say=self.said.append,
        )
        self.pool.send([CHUNK])

    def reason_after(self, seconds: int) -> str:
        """Wait as a search does, then return the row's reason."""
        for _ in range(seconds):
            self.pool.wait(1.0)
        self.row.refresh_from_db()
        return self.row.status_reason

    def chunk_row(self, **values: object) -> SweepChunk:
        return SweepChunk.objects.create(
            study=self.row, key="a", request=b"", sent_at=NOW, **values
        )


@pytest.fixture
def scene() -> Scene:
    return Scene()


def silence(seconds: int) -> str:
    return f"no sweep worker has answered for {seconds} s; {HOW_TO_START}"


def test_the_row_says_how_long_nobody_has_answered_and_the_waiting_person_seldom(
    scene: Scene,
) -> None:
    assert scene.reason_after(19) == ""
    assert scene.reason_after(1) == silence(20)
    assert scene.reason_after(15) == silence(30)
    assert scene.reason_after(65) == silence(100)
    assert scene.said == [silence(20), silence(40), silence(80)]
    scene.row.refresh_from_db()
    assert scene.row.status == Study.Status.RUNNING


def test_an_answer_ends_it_and_the_next_silence_begins_anew(scene: Scene) -> None:
    scene.reason_after(30)
    scene.within.answers = [ANSWER]
    assert scene.reason_after(1) == ""
    scene.pool.send([CHUNK])
    assert scene.reason_after(19) == ""
    assert scene.reason_after(1) == silence(20)
    assert len(scene.said) == 2


@pytest.mark.parametrize("sign", [{"deliveries": 1}, {"refusal": "another version"}])
def test_a_worker_that_begins_or_refuses_a_chunk_has_answered(
    scene: Scene, sign: dict[str, object]
) -> None:
    row = scene.chunk_row()
    assert scene.reason_after(20) == silence(20)
    SweepChunk.objects.filter(pk=row.pk).update(**sign)
    assert scene.reason_after(10) == ""
    assert scene.reason_after(19) == ""
    assert scene.reason_after(1) == silence(20)


def test_silence_counts_from_the_first_chunk_that_somebody_could_answer(scene: Scene) -> None:
    scene.within.answers = [ANSWER]
    scene.pool.wait(0.0)
    scene.clock.advance(100.0)  # a report on the way
    scene.pool.send([CHUNK])
    assert scene.reason_after(19) == ""


def test_who_stops_waiting_takes_the_reason_back(scene: Scene) -> None:
    scene.reason_after(20)
    scene.pool.close()
    assert scene.reason_after(0) == ""
    assert scene.within.is_closed


@pytest.mark.parametrize(
    "change", [{"status_reason": "another reason"}, {"status": Study.Status.CANCELLED}]
)
def test_what_others_wrote_stays(scene: Scene, change: dict[str, str]) -> None:
    Study.objects.filter(pk=scene.row.pk).update(**change)
    assert scene.reason_after(60) == change.get("status_reason", "")


def test_the_pool_within_does_the_work(scene: Scene) -> None:
    assert (scene.pool.n_workers, scene.pool.per_worker) == (3, 1)
    assert scene.within.sent == [CHUNK]
    scene.within.answers = [ANSWER]
    assert scene.pool.wait(1.0) == [ANSWER]
    assert scene.pool.usage() == PoolUsage(cpu_s=2.0)
