"""Evaluate trials on the Celery workers of several machines; the database is the truth.

A chunk is a row. Its message carries the row's id, a worker writes the answer into the row unless
one is there, and the orchestrator reads it, woken by a bell. Whatever is lost on the way (messages
with a broker, workers with their machine, a connection) leaves a row without an answer, whose
message is sent again after a while, each time a longer one. A chunk begun by many workers and
answered by none is taken apart as in a pool of this machine; see ``chunks_out``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from django.db import InterfaceError, OperationalError, transaction

from optimizer.adapters.run_files import candles_map
from optimizer.adapters.workers.blobs import blob_store, candles_pack
from optimizer.adapters.workers.chunks_out import DEATHS, ChunksOut
from optimizer.adapters.workers.local import WorkersLostError
from optimizer.adapters.workers.reconnect import reconnecting
from optimizer.adapters.workers.requests import (
    Basis,
    costs_encode,
    outcome_decode,
    request_encode,
)
from optimizer.adapters.workers.wire import Job
from optimizer.domain.study.capacity import WorkersGiven
from optimizer.models import SweepChunk
from optimizer.ports.machines import Bell, ChunkQueue, WorkRefusedError
from optimizer.ports.sweeps import Answer, Chunk, PoolUsage
from trading.base.domain.errors import LeaseLostError
from trading.base.ports.clock import Clock

T = TypeVar("T")

AGAIN_S: Final = 20.0  # without an answer the message is sent again; doubled each time
NOBODY_S: Final = 900.0  # without a sign of any worker the study cannot go on
REFUSALS: Final = 6  # of one chunk; the workers' reason is then the study's
_LOOK_S: Final = 1.0  # how often to look without a ring
_LONGEST_WAIT: Final = 16.0  # times ``again_s``


@dataclass(eq=False)
class _Sent:
    chunk: Chunk
    posted_at: float
    wait_s: float  # until it is posted again
    begun: int = 0
    refusals: int = 0
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class PoolTools:
    """What a pool works with.

    Attributes:
        queue: carries the messages.
        bell: wakes the pool.
        clock: tells time.
        pause: waits that many seconds.
        version: of the evaluating code here; workers of another refuse.
        again_s: as ``AGAIN_S``.
    """

    queue: ChunkQueue
    bell: Bell
    clock: Clock
    pause: Callable[[float], object]
    version: str
    again_s: float = AGAIN_S


class CeleryPool:
    """Fulfils ``optimizer.ports.sweeps.TrialPool``."""

    per_worker = 1  # a chunk costs about ten milliseconds of processor time on its way

    def __init__(
        self, job: Job, *, study_id: int, tools: PoolTools, most: int | None = None
    ) -> None:
        """Put the data where every machine finds it and forget chunks of an earlier pool.

        Args:
            job: as for workers of this machine; its folder is read, not sent.
            study_id: whose chunks these are.
            tools: see there.
            most: chunks that may be in flight at a time, None for all that were sent.
        """
        self._places, self._most = tools.queue.places(), most
        self.given: WorkersGiven | None = None
        if self._places is not None and most is not None:
            why = f"the Celery workers have {self._places} places" if most > self._places else ""
            self._places = min(self._places, most)
            self.given = WorkersGiven(most, self._places, why)
        self.n_workers = self._places or 1
        self._study_id, self._tools = study_id, tools
        self._job = job
        self._token = secrets.token_hex(4)  # tells this pool's chunks from another's
        self._serial = 0
        self._out = ChunksOut()
        self._unsent: list[Chunk] = []
        self._sent: dict[int, _Sent] = {}
        self._read: list[int] = []  # rows that are not needed any more
        self._heard_at = self._looked_at = tools.clock.monotonic()
        self._cpu_s, self._replaced = 0.0, 0
        self._memory: dict[str, tuple[float, float]] = {}
        self._basis = self._database(self._prepare)

    def _database(self, work: Callable[[], T]) -> T:
        return reconnecting(work, pause=self._tools.pause)

    def _prepare(self) -> Basis:
        SweepChunk.objects.filter(study_id=self._study_id).delete()
        return self._store_data()

    def _store_data(self) -> Basis:
        now = self._tools.clock.now()
        return Basis(
            blob_store(candles_pack(candles_map(Path(self._job.folder))), now),
            blob_store(costs_encode(self._job.costs), now),
            self._tools.version,
            self._job.step_ms,
            self._job.terms,
        )

    def send(self, chunks: Sequence[Chunk]) -> None:
        """Write the chunks in one transaction, then send their messages, as many as may be out."""
        for chunk in chunks:
            self._out.add(chunk)
        self._unsent += chunks
        self._write()

    def wait(self, timeout_s: float) -> list[Answer]:
        """Return finished chunks; send again what was lost.

        Raises:
            WorkersLostError: no worker has been heard of for long.
            WorkRefusedError: workers refuse the study, the last one with this reason.
            LeaseLostError: another process runs the study.
        """
        until = self._tools.clock.monotonic() + timeout_s
        while True:
            self._write()
            answers = self._collect()
            now = self._tools.clock.monotonic()
            if now - self._looked_at >= _LOOK_S:
                answers += self._look(now)
            if answers or now >= until or not (self._sent or self._unsent):
                return answers
            if not self._next():
                self._tools.bell.wait(self._study_id, min(until - now, _LOOK_S))

    def _write(self) -> None:
        chunks = self._next()
        if not chunks:
            return
        rows = self._database(lambda: self._rows_create(chunks))
        now = self._tools.clock.monotonic()
        if not self._sent:
            self._heard_at = now  # nobody was asked anything until now
        for row, chunk in zip(rows, chunks, strict=True):
            self._sent[row.pk] = _Sent(chunk, now, self._tools.again_s)
        self._unsent, self._read = self._unsent[len(chunks) :], []
        self._post([row.pk for row in rows])

    def _next(self) -> list[Chunk]:
        room = len(self._unsent) if self._most is None else self._most - len(self._sent)
        return self._unsent[: max(0, room)]

    @transaction.atomic
    def _rows_create(self, chunks: Sequence[Chunk]) -> Sequence[SweepChunk]:
        SweepChunk.objects.filter(pk__in=self._read).delete()
        now = self._tools.clock.now()
        rows = []
        for chunk in chunks:
            self._serial += 1  # a new key each time: a lost commit may have happened after all
            rows.append(
                SweepChunk(
                    study_id=self._study_id,
                    key=f"{chunk.batch}/{chunk.place}/{self._serial} {self._token}",
                    request=request_encode(self._basis, chunk),
                    sent_at=now,
                )
            )
        return SweepChunk.objects.bulk_create(rows)

    def _post(self, ids: list[int]) -> None:
        if ids and not self._tools.queue.post(ids):
            for pk in ids:
                self._sent[pk].wait_s = _LOOK_S  # as soon as the broker is back

    def _collect(self) -> list[Answer]:
        rows = SweepChunk.objects.filter(pk__in=list(self._sent), answer__isnull=False)
        found = self._database(lambda: list(rows.values_list("pk", "answer")))
        answers: list[Answer] = []
        for pk, content in found:
            self._heard_at = self._tools.clock.monotonic()
            outcome = outcome_decode(bytes(content or b""))
            self._cpu_s += outcome.cpu_s
            self._replaced += outcome.replaced
            first, _ = self._memory.get(outcome.process, (outcome.memory_mb, 0.0))
            self._memory[outcome.process] = first, outcome.memory_mb
            batch, place, records = outcome.answer
            answers += self._out.answered(batch, place, records)
            self._forget(pk)
        return answers

    def _forget(self, pk: int) -> None:
        del self._sent[pk]
        self._read.append(pk)

    def _look(self, now: float) -> list[Answer]:
        # Answers are read all the time; this finds what else became of the chunks.
        self._looked_at = now
        rows = SweepChunk.objects.filter(pk__in=list(self._sent))
        columns = ("pk", "deliveries", "refusal", "worker")
        found = {
            row[0]: row[1:] for row in self._database(lambda: list(rows.values_list(*columns)))
        }
        if len(found) < len(self._sent):
            raise LeaseLostError(f"another process runs study {self._study_id}")
        for pk, (begun, refusal, worker) in found.items():
            self._note(self._sent[pk], begun, refusal, worker)
        if now - self._heard_at > NOBODY_S:
            raise WorkersLostError(
                f"no worker took trials for {NOBODY_S / 60:.0f} minutes; start one with "
                "'celery -A config worker -Q sweeps --pool threads' and resume the study"
            )
        overdue = [pk for pk, sent in self._sent.items() if now - sent.posted_at >= sent.wait_s]
        return self._again(overdue, now)

    def _note(self, sent: _Sent, begun: int, refusal: str, worker: str) -> None:
        now = self._tools.clock.monotonic()
        if begun != sent.begun:
            sent.begun, self._heard_at = begun, now
        if refusal and not sent.is_refused:
            sent.is_refused, self._heard_at = True, now
            sent.refusals += 1
            sent.posted_at, sent.wait_s = now, min(2.0**sent.refusals, self._tools.again_s)
            if sent.refusals >= REFUSALS:
                raise WorkRefusedError(
                    f"trials were refused {REFUSALS} times, the last time by {worker}: {refusal}"
                )

    def _again(self, overdue: list[int], now: float) -> list[Answer]:
        answers: list[Answer] = []
        again: list[int] = []
        for pk in overdue:
            sent = self._sent[pk]
            if sent.begun >= DEATHS:
                pieces, ended = self._out.lost(sent.chunk, sent.begun, "and none of them answered")
                self._unsent += pieces
                answers += ended
                self._forget(pk)
                continue
            longest = _LONGEST_WAIT * self._tools.again_s
            sent.wait_s = min(max(2 * sent.wait_s, self._tools.again_s), longest)
            sent.posted_at = now
            again.append(pk)
        refused = [pk for pk in again if self._sent[pk].is_refused]
        if refused:
            self._database(lambda: self._ask_again(refused))
        self._post(again)
        return answers

    def _ask_again(self, refused: list[int]) -> None:
        self._store_data()  # in case that is what was missing
        SweepChunk.objects.filter(pk__in=refused).update(refusal="")
        for pk in refused:
            self._sent[pk].is_refused = False

    def usage(self) -> PoolUsage:
        """Return what the workers' answers said so far."""
        return PoolUsage(
            cpu_s=self._cpu_s,
            first_mb=max((first for first, _ in self._memory.values()), default=0.0),
            last_mb=max((last for _, last in self._memory.values()), default=0.0),
            replaced=self._replaced,
            places=self._places,
            workers=self.given,
        )

    def close(self) -> None:
        """Take back what nobody has begun; answers on their way find no row and change nothing."""
        self._sent, self._read, self._unsent = {}, [], []
        own = SweepChunk.objects.filter(study_id=self._study_id, key__endswith=self._token)
        with suppress(OperationalError, InterfaceError):  # the next pool forgets them as well
            own.delete()
