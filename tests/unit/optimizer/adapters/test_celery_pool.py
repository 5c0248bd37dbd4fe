"""The pool over the database alone: what it sends again, what it takes apart, when it gives up."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from optimizer.adapters.run_files import candles_write
from optimizer.adapters.workers.celery_pool import (
    NOBODY_S,
    REFUSALS,
    CeleryPool,
    PoolTools,
)
from optimizer.adapters.workers.chunks_out import DEATHS
from optimizer.adapters.workers.local import WorkersLostError
from optimizer.adapters.workers.requests import Outcome, outcome_encode, request_decode
from optimizer.adapters.workers.wire import Job
from optimizer.domain.study.evaluation import Terms
from optimizer.domain.study.records import TrialStatus
from optimizer.domain.study.suggestions import default_suggest
from optimizer.models import DataBlob, SweepChunk
from optimizer.ports.machines import WorkRefusedError
from optimizer.ports.sweeps import Answer, Chunk
from tests.factories import records, study
from tests.fakes.clock import FakeClock
from tests.oracles import paths
from trading.base.domain.errors import LeaseLostError

pytestmark = pytest.mark.django_db

AGAIN_S = 20.0
TERMS = Terms(("1d",), ("final_balance",), 1000.0, "next_open", 0)
FIRST, SECOND = records(2)


@dataclass
class FakeQueue:
    """Remembers what was posted."""

    posts: list[list[int]] = field(default_factory=list)
    is_away: bool = False

    def post(self, chunk_ids: list[int]) -> bool:
        self.posts.append(list(chunk_ids))
        return not self.is_away

    def places(self) -> int:
        return 3

    def n_posts(self, pk: int) -> int:
        return sum(pk in post for post in self.posts)


class FakeBell:
    """Waiting moves the clock on."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock

    def ring(self, study_id: int) -> None:
        """Nobody listens."""

    def wait(self, study_id: int, timeout_s: float) -> None:
        self._clock.advance(timeout_s)


@dataclass
class Scene:
    pool: CeleryPool
    queue: FakeQueue
    clock: FakeClock

    def row(self) -> SweepChunk:
        """Return the only open row."""
        return SweepChunk.objects.get(answer=None)


def scene_make(tmp_path: Path, most: int | None) -> Scene:
    candles_write(tmp_path / "candles", paths.path(3, 300))
    job = Job(str(tmp_path / "candles"), ((1e6,), (0.01,), (0.1,), (0.1,)), paths.STEP_MS, TERMS)
    queue, clock = FakeQueue(), FakeClock()
    tools = PoolTools(
        queue=queue, bell=FakeBell(clock), clock=clock, pause=clock.advance, version="v1",
        again_s=AGAIN_S,
    )  # fmt: skip
    return Scene(CeleryPool(job, study_id=study().pk, tools=tools, most=most), queue, clock)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return scene_make(tmp_path, None)


def chunk(*numbers: int, place: int = 0) -> Chunk:
    work = tuple(default_suggest(n, "donchian_champion") for n in numbers)
    return Chunk(0, place, work, {"donchian_champion": (0.0,)})


def answer(row: SweepChunk, process: str = "host:1", memory_mb: float = 100.0) -> bytes:
    """Answer as a worker does; the records are others' but carry the right numbers."""
    _, asked = request_decode(bytes(row.request))
    made = records(len(asked.work), first=asked.work[0].number)
    content = outcome_encode(
        Outcome(Answer(asked.batch, asked.place, made), process, 0.5, memory_mb, 1)
    )
    SweepChunk.objects.filter(pk=row.pk).update(answer=content)
    return content


def test_chunks_are_written_before_their_messages_leave(scene: Scene) -> None:
    scene.pool.send([chunk(0, 1), chunk(2, 3, place=1)])
    assert scene.queue.posts == [list(SweepChunk.objects.values_list("pk", flat=True))]
    basis, asked = request_decode(bytes(SweepChunk.objects.first().request))
    assert asked == chunk(0, 1)
    assert (basis.version, basis.terms) == ("v1", TERMS)
    assert {basis.candles, basis.costs} == set(DataBlob.objects.values_list("pk", flat=True))


def test_answers_are_returned_once_counted_and_their_rows_deleted(scene: Scene) -> None:
    scene.pool.send([chunk(0, 1)])
    assert scene.pool.wait(0.0) == []
    answer(scene.row())
    assert scene.pool.wait(0.0) == [Answer(0, 0, records(2))]
    assert scene.pool.wait(0.0) == []
    scene.pool.send([chunk(2, place=1)])
    scene.pool.wait(0.0)
    answer(scene.row(), memory_mb=120.0)
    scene.pool.wait(0.0)
    usage = scene.pool.usage()
    assert (usage.cpu_s, usage.first_mb, usage.last_mb, usage.replaced) == (1.0, 100.0, 120.0, 2)
    assert SweepChunk.objects.count() == 1  # read, goes with the next batch
    scene.pool.close()
    assert SweepChunk.objects.count() == 0


def test_no_more_chunks_are_out_than_may_be(tmp_path: Path) -> None:
    scene = scene_make(tmp_path, 2)
    assert scene.pool.n_workers == 2  # of three places
    chunks = [chunk(2 * k, 2 * k + 1, place=k) for k in range(5)]
    scene.pool.send(chunks[:3])
    scene.pool.send(chunks[3:])
    found: list[Answer] = []
    for n_out in (2, 2, 2, 2, 1):
        scene.pool.wait(0.0)
        rows = SweepChunk.objects.filter(answer=None)
        assert rows.count() == n_out
        answer(rows.order_by("pk")[0])
        found += scene.pool.wait(0.0)
    assert [each.place for each in found] == [0, 1, 2, 3, 4]


def test_waiting_with_all_places_taken_waits(tmp_path: Path) -> None:
    scene = scene_make(tmp_path, 1)
    scene.pool.send([chunk(0), chunk(1, place=1)])
    before = scene.clock.monotonic()
    assert scene.pool.wait(0.5) == []
    assert scene.clock.monotonic() == pytest.approx(before + 0.5)
    assert SweepChunk.objects.count() == 1


def test_more_chunks_may_be_out_than_there_are_places(tmp_path: Path) -> None:
    assert scene_make(tmp_path, 9).pool.n_workers == 3


def test_an_unanswered_chunk_is_posted_again_after_ever_longer_waits(scene: Scene) -> None:
    scene.pool.send([chunk(0)])
    found = []
    for _ in range(8):
        scene.pool.wait(AGAIN_S)
        found.append(scene.queue.n_posts(scene.row().pk))
    assert found == [2, 2, 3, 3, 3, 3, 4, 4]
    assert SweepChunk.objects.count() == 1


def test_messages_a_broker_did_not_take_are_sent_as_soon_as_it_is_back(scene: Scene) -> None:
    scene.queue.is_away = True
    scene.pool.send([chunk(0)])
    scene.pool.wait(0.0)
    scene.queue.is_away = False
    scene.pool.wait(2.5)
    assert scene.queue.n_posts(scene.row().pk) == 2


def test_what_takes_workers_with_it_is_taken_apart_and_at_last_fails(scene: Scene) -> None:
    scene.pool.send([chunk(0, 1)])
    scene.pool.wait(0.0)
    SweepChunk.objects.update(deliveries=DEATHS)
    scene.pool.wait(AGAIN_S + 2)
    first, second = SweepChunk.objects.exclude(deliveries=DEATHS)
    assert [request_decode(bytes(row.request))[1] for row in (first, second)] == [
        chunk(0),
        chunk(1),
    ]
    SweepChunk.objects.filter(pk=first.pk).update(deliveries=DEATHS)
    answer(second)
    [answered] = scene.pool.wait(AGAIN_S + 2)
    failed = answered.records[0]
    assert (failed.number, failed.status, failed.attempts) == (0, TrialStatus.FAILED, DEATHS)
    assert failed.error == "4 workers died evaluating it, and none of them answered"
    assert answered.records[1].number == 1


def test_a_late_answer_to_a_chunk_taken_apart_changes_nothing(scene: Scene) -> None:
    scene.pool.send([chunk(0, 1)])
    scene.pool.wait(0.0)
    whole = scene.row()
    SweepChunk.objects.update(deliveries=DEATHS)
    scene.pool.wait(AGAIN_S + 2)
    answer(whole)
    assert scene.pool.wait(0.0) == []


def test_refused_trials_are_asked_for_again_with_their_data_put_back(scene: Scene) -> None:
    scene.pool.send([chunk(0)])
    scene.pool.wait(0.0)
    DataBlob.objects.all().delete()
    SweepChunk.objects.update(refusal="data is not in the database", worker="host:1")
    scene.pool.wait(5.0)
    assert scene.row().refusal == ""
    assert scene.queue.n_posts(scene.row().pk) == 2
    assert DataBlob.objects.count() == 2


def test_refused_again_and_again_the_study_ends_with_the_workers_reason(scene: Scene) -> None:
    scene.pool.send([chunk(0)])
    scene.pool.wait(0.0)
    refused = {"refusal": "other version", "worker": "host:1"}
    for _ in range(REFUSALS - 1):
        SweepChunk.objects.update(**refused)
        scene.pool.wait(AGAIN_S + 2)
    SweepChunk.objects.update(**refused)
    with pytest.raises(WorkRefusedError, match=f"refused {REFUSALS} times.*host:1: other version"):
        scene.pool.wait(AGAIN_S)


def test_without_a_sign_of_any_worker_the_study_ends_and_says_what_to_start(scene: Scene) -> None:
    scene.pool.send([chunk(0)])
    with pytest.raises(WorkersLostError, match="celery -A config worker -Q sweeps"):
        scene.pool.wait(NOBODY_S + 10)


def test_a_long_pause_of_the_orchestrator_is_nobodys_silence(scene: Scene) -> None:
    scene.clock.advance(2 * NOBODY_S)
    scene.pool.send([chunk(0)])
    assert scene.pool.wait(5.0) == []


def test_rows_taken_by_another_pool_end_this_one(scene: Scene) -> None:
    scene.pool.send([chunk(0)])
    scene.pool.wait(0.0)
    SweepChunk.objects.all().delete()
    with pytest.raises(LeaseLostError, match="another process runs study"):
        scene.pool.wait(5.0)
