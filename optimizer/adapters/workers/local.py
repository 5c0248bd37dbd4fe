"""Evaluate trials on the cores of this machine: one spawned process per core, one pipe each.

Every worker holds two chunks, so that it never waits for the orchestrator, and is given those of
its own lane as long as there are any. A worker that dies or does not answer in time is replaced,
and what it held goes back to the front of the queue; see ``chunks_out`` for what becomes of a chunk
that kills its workers.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from selectors import EVENT_READ, DefaultSelector
from typing import Final

from optimizer.adapters.workers.bond import bound_start
from optimizer.adapters.workers.chunks_out import ChunksOut
from optimizer.adapters.workers.process import VITALS
from optimizer.adapters.workers.wire import Job, answer_decode, chunk_encode
from optimizer.domain.study.capacity import WorkersGiven
from optimizer.ports.sweeps import Answer, Chunk, PoolUsage
from trading.base.domain.errors import TradingError
from trading.base.ports.clock import Clock

_MAIN: Final = "optimizer.adapters.workers.process:worker_main"
HELD: Final = 2  # chunks a worker has at a time
STALLED_S: Final = 300.0  # without an answer a worker counts as dead
_FRUITLESS: Final = 10  # workers that may die in a row before any answers


class WorkersLostError(TradingError):
    """Workers die as fast as they are started."""

    code = "workers_lost"


def place_next(queue: Sequence[Chunk], lane: int, *, is_idle: bool) -> int | None:
    """Return where in the queue the next chunk of a worker is, None where it is to have none.

    The first of its own lane; for an idle worker without any the one its owner would come to last.
    """
    for place, chunk in enumerate(queue):
        if chunk.lane == lane:
            return place
    return len(queue) - 1 if queue and is_idle else None


@dataclass(eq=False)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    held: deque[Chunk] = field(default_factory=deque)
    heard_at: float = 0.0
    cpu_s: float = 0.0
    first_mb: float = 0.0
    last_mb: float = 0.0


class ProcessPool:
    """A pool of spawned processes."""

    per_worker = 2  # with two batches in flight nobody waits, and each way costs 0.1 ms

    def __init__(self, job: Job, *, workers: WorkersGiven, clock: Clock) -> None:
        """Start the workers; they load the data while the first batch is proposed."""
        self.n_workers = workers.given
        self._given = workers
        self._job, self._clock = job, clock
        self._queue: deque[Chunk] = deque()
        self._deaths: dict[tuple[int, ...], int] = {}
        self._buried: list[_Worker] = []
        self._fruitless = 0
        self._out = ChunksOut()
        self._selector = DefaultSelector()  # of the pipes; kept, as making one costs more than it
        self._workers = [self._start() for _ in range(self.n_workers)]

    def _start(self) -> _Worker:
        ours, theirs = multiprocessing.Pipe()
        process = bound_start("optimizer-worker", _MAIN, self._job, pipe=theirs)
        theirs.close()  # or the pipe would not end when the worker does
        worker = _Worker(process, ours, heard_at=self._clock.monotonic())
        self._selector.register(ours, EVENT_READ, worker)
        return worker

    def pids(self) -> list[int]:
        """Return the process ids of the workers."""
        return [worker.process.pid for worker in self._workers if worker.process.pid]

    def send(self, chunks: Sequence[Chunk]) -> None:
        """Queue chunks and hand them out as far as workers have room."""
        for chunk in chunks:
            self._out.add(chunk)
        self._queue.extend(chunks)
        self._feed()

    def _feed(self) -> None:
        for n_held in range(HELD):
            for lane, worker in enumerate(self._workers):
                if len(worker.held) == n_held:
                    place = place_next(self._queue, lane, is_idle=not n_held)
                    if place is not None:
                        chunk = self._queue[place]
                        del self._queue[place]
                        self._hand(worker, chunk)

    def _hand(self, worker: _Worker, chunk: Chunk) -> None:
        if not worker.held:
            worker.heard_at = self._clock.monotonic()
        worker.held.append(chunk)
        try:
            worker.pipe.send_bytes(chunk_encode(chunk))
        except (BrokenPipeError, ConnectionResetError):
            return  # its end is noticed, and the chunk given to another, by ``wait``

    def wait(self, timeout_s: float) -> list[Answer]:
        """Return finished chunks; replace workers that died."""
        answers: list[Answer] = []
        for key, _ in self._selector.select(timeout_s):
            worker: _Worker = key.data
            try:
                content = worker.pipe.recv_bytes()
            except (EOFError, ConnectionResetError):
                answers += self._replace(worker)
                continue
            answers += self._take(worker, content)
        now = self._clock.monotonic()
        for worker in [w for w in self._workers if w.held and now - w.heard_at > STALLED_S]:
            answers += self._replace(worker)
        self._feed()
        return answers

    def _take(self, worker: _Worker, content: bytes) -> list[Answer]:
        worker.cpu_s, worker.last_mb = VITALS.unpack_from(content)
        worker.first_mb = worker.first_mb or worker.last_mb
        worker.heard_at = self._clock.monotonic()
        worker.held.popleft()
        self._fruitless = 0
        answer = answer_decode(memoryview(content)[VITALS.size :])
        return self._out.answered(answer.batch, answer.place, answer.records)

    def _replace(self, worker: _Worker) -> list[Answer]:
        worker.process.kill()
        worker.process.join()
        self._selector.unregister(worker.pipe)
        worker.pipe.close()
        self._buried.append(worker)
        self._fruitless += 1
        if self._fruitless > _FRUITLESS:
            raise WorkersLostError(
                f"{self._fruitless} workers died without an answer, the last with exit code "
                f"{worker.process.exitcode}; their own words are above"
            )
        answers: list[Answer] = []
        for place, chunk in enumerate(reversed(worker.held)):
            # the first it held is the one it died on
            is_suspect = place == len(worker.held) - 1
            answers += self._again(chunk, is_suspect, worker.process.exitcode)
        self._workers[self._workers.index(worker)] = self._start()
        return answers

    def _again(self, chunk: Chunk, is_suspect: bool, exit_code: int | None) -> list[Answer]:
        numbers = tuple(item.number for item in chunk.work)
        deaths = self._deaths.get(numbers, 0) + is_suspect
        self._deaths[numbers] = deaths
        cause = f"the last with exit code {exit_code}"
        again, answers = self._out.lost(chunk, deaths, cause)
        self._queue.extendleft(reversed(again))
        return answers

    def usage(self) -> PoolUsage:
        """Return processor time and memory as the workers last told them."""
        every = [*self._workers, *self._buried]
        return PoolUsage(
            cpu_s=sum(worker.cpu_s for worker in every),
            first_mb=max(worker.first_mb for worker in self._workers),
            last_mb=max(worker.last_mb for worker in self._workers),
            replaced=len(self._buried),
            places=self.n_workers,
            workers=self._given,
        )

    def close(self) -> None:
        """Stop the workers at once; they hold nothing that is not recomputed."""
        self._selector.close()
        for worker in self._workers:
            worker.pipe.close()
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
