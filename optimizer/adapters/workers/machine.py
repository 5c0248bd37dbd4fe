"""Evaluate chunks for an orchestrator on another machine: the worker's side of a sweep.

The threads of a Celery worker only wait. Each borrows a spawned process that holds the data of a
study prepared, and gives it back; what a process does, how it dies and what becomes of a chunk
that kills it is the same as in a study of this machine alone.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from optimizer.adapters.run_files import candles_map
from optimizer.adapters.workers.blobs import MachineData
from optimizer.adapters.workers.kernels import kernels_warm_apart
from optimizer.adapters.workers.local import ProcessPool, WorkersLostError
from optimizer.adapters.workers.requests import (
    Basis,
    Outcome,
    outcome_encode,
    request_decode,
)
from optimizer.adapters.workers.room import room_here
from optimizer.adapters.workers.wire import Job
from optimizer.domain.study.capacity import Room, WorkersGiven, workers_in
from optimizer.ports.machines import WorkRefusedError
from optimizer.ports.sweeps import Answer, Chunk
from trading.base.domain.events import THREADS_WAIT
from trading.base.ports.clock import Clock
from trading.base.services.event_log import EventLog

IDLE_S: Final = 60.0  # a process nobody borrows for so long is ended
JOBS: Final = 32  # of the latest studies; the data of earlier ones are looked up again
_LOOK_S: Final = 1.0

_log = EventLog(__name__)


@dataclass(eq=False)
class _Idle:
    pool: ProcessPool
    since: float


class LocalMachine:
    """Fulfils ``optimizer.ports.machines.SweepMachine``; threads share one."""

    def __init__(
        self, data: MachineData, *, version: str, clock: Clock, room: Callable[[], Room] = room_here
    ) -> None:
        """Start nothing yet.

        Args:
            data: where candles and costs are kept.
            version: of the code here; requests of another are refused.
            clock: tells how long a process was idle.
            room: what this machine has to give when it is first asked. However many threads ask,
                no more processes are started than it can bear; the others wait for one.
        """
        self._room, self._most, self._n_lent = room, 0, 0
        self._free = threading.Condition()  # holds when fewer processes are lent than may be
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._data, self._version, self._clock = data, version, clock
        self._jobs: dict[Basis, Job] = {}
        self._idle: dict[Basis, list[_Idle]] = defaultdict(list)
        self._lock = threading.Lock()  # of the idle processes
        self._preparing = threading.Lock()  # one thread fetches and compiles, the others wait
        self._is_warm = False
        self._timer: threading.Timer | None = None

    def evaluate(self, request: bytes, begin: Callable[[], bool]) -> bytes | None:
        """Return the outcome of a request; see the port.

        Raises:
            WorkRefusedError: other code, data missing or damaged, or processes that keep dying.
        """
        basis, chunk = request_decode(request)
        job = self._prepare(basis)
        with self._place(job):
            return self._evaluated(basis, job, chunk, begin)

    def _evaluated(
        self, basis: Basis, job: Job, chunk: Chunk, begin: Callable[[], bool]
    ) -> bytes | None:
        pool = self._borrow(basis, job)
        is_free = False
        try:
            outcome = self._outcome(pool, chunk) if begin() else None
            is_free = True
        except WorkersLostError as loss:
            raise WorkRefusedError(f"{self.name}: {loss}") from loss
        finally:
            if is_free:
                self._give_back(basis, pool)
            else:
                pool.close()
        return None if outcome is None else outcome_encode(outcome)

    @contextmanager
    def _place(self, job: Job) -> Iterator[None]:
        """Wait for and hold the right to one process; the first job says how many there may be."""
        with self._free:
            if not self._most:
                n_bars = len(candles_map(Path(job.folder)))
                self._most = workers_in(
                    self._room(), asked=None, share=1.0, n_bars=n_bars, in_flight=sys.maxsize
                ).given
            if self._n_lent >= self._most:
                _log.say(THREADS_WAIT, processes=self._most)
                self._free.wait_for(lambda: self._n_lent < self._most)
            self._n_lent += 1
        try:
            yield
        finally:
            with self._free:
                self._n_lent -= 1
                self._free.notify()

    def _outcome(self, pool: ProcessPool, chunk: Chunk) -> Outcome:
        before = pool.usage()
        answer = _answered(pool, chunk)
        after = pool.usage()
        return Outcome(
            answer,
            process=f"{self.name}:{pool.pids()[0]}",
            cpu_s=after.cpu_s - before.cpu_s,
            memory_mb=after.last_mb,
            replaced=after.replaced - before.replaced,
        )

    def _prepare(self, basis: Basis) -> Job:
        if basis.version != self._version:
            raise WorkRefusedError(
                f"{self.name} runs version {self._version}, the study {basis.version}; "
                "install the same release on every machine"
            )
        if multiprocessing.current_process().daemon:
            raise WorkRefusedError(
                f"{self.name} was started with a pool of processes, which may have no children; "
                "start workers of the queue sweeps with --pool threads"
            )
        with self._preparing:
            known = self._jobs.get(basis)
            if known is None or not Path(known.folder).exists():
                folder = self._data.candles(basis.candles)
                costs = self._data.costs(basis.costs)
                self._jobs[basis] = Job(str(folder), costs, basis.step_ms, basis.terms)
                for old in list(self._jobs)[:-JOBS]:
                    del self._jobs[old]
            self._warm()
            return self._jobs[basis]

    def _warm(self) -> None:
        # On a new machine every kernel is compiled first, once, and not by each of its processes.
        if self._is_warm:
            return
        self._is_warm = kernels_warm_apart()

    def _borrow(self, basis: Basis, job: Job) -> ProcessPool:
        with self._lock:
            idle = self._idle.get(basis)
            if idle:
                return idle.pop().pool
            over = self._beyond()
        for each in over:
            each.pool.close()
        return ProcessPool(job, workers=WorkersGiven(None, 1, ""), clock=self._clock)

    def _beyond(self) -> list[_Idle]:
        """Take the idle processes, longest idle first, that one more would be too many with."""
        every = sorted(
            ((idle, basis) for basis, idles in self._idle.items() for idle in idles),
            key=lambda known: known[0].since,
        )
        over = every[: max(0, len(every) + self._n_lent - self._most)]
        for idle, basis in over:
            self._idle[basis].remove(idle)
        return [idle for idle, _ in over]

    def _give_back(self, basis: Basis, pool: ProcessPool) -> None:
        with self._lock:
            self._idle[basis].append(_Idle(pool, self._clock.monotonic()))
            if self._timer is None:
                self._look_later()

    def _look_later(self) -> None:
        self._timer = threading.Timer(IDLE_S / 2, self._end_idle)
        self._timer.daemon = True
        self._timer.start()

    def _end_idle(self) -> None:
        now = self._clock.monotonic()
        with self._lock:
            over = [
                (basis, idle)
                for basis, every in self._idle.items()
                for idle in every
                if now - idle.since >= IDLE_S
            ]
            for basis, idle in over:
                self._idle[basis].remove(idle)
            for basis in [basis for basis, every in self._idle.items() if not every]:
                del self._idle[basis]
            self._timer = None
            if self._idle:
                self._look_later()
        for _, idle in over:
            idle.pool.close()

    def close(self) -> None:
        """End the processes that nobody has borrowed."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            idle = [each for every in self._idle.values() for each in every]
            self._idle.clear()
        for each in idle:
            each.pool.close()


def _answered(pool: ProcessPool, chunk: Chunk) -> Answer:
    pool.send([chunk])
    while True:
        answers = pool.wait(_LOOK_S)
        if answers:
            return answers[0]
