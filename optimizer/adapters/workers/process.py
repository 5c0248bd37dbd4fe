"""The worker process: load once, then evaluate chunks until the pipe ends.

It is spawned, never forked, and imports nothing of Django. When the orchestrator dies, however it
dies, the pipe ends and so does the worker.
"""

from __future__ import annotations

import os
import signal
import struct
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import numpy as np

from optimizer.adapters.run_files import candles_map
from optimizer.adapters.trial_log import line_encode
from optimizer.adapters.workers.wire import Job, answer_encode, chunk_decode
from optimizer.domain.evaluator.evaluator import Evaluator
from optimizer.domain.study.evaluation import TrialEvaluator, Work
from optimizer.domain.study.suggestions import suggestion_params
from optimizer.ports.sweeps import Answer, Chunk
from trading.market.domain.costs import SwapCostSchedule

# In front of every answer: processor seconds and resident MiB of the worker so far.
VITALS: Final = struct.Struct("<dd")
NICENESS: Final = 10  # the orchestrator, which feeds all workers, and the desk go first
_PAGE_MB: Final = os.sysconf("SC_PAGE_SIZE") / 2**20


def trial_evaluator(job: Job) -> TrialEvaluator:
    """Return the evaluator of a study, its data mapped and prepared."""
    evaluator = Evaluator(
        candles_map(Path(job.folder)),
        step_ms=job.step_ms,
        costs=SwapCostSchedule(*(np.array(column, dtype=np.float64) for column in job.costs)),
    )
    return TrialEvaluator(
        evaluator,
        job.terms,
        now_us=lambda: time.monotonic_ns() // 1000,
        pause=threading.Event().wait,
    )


def chunk_answer(evaluator: TrialEvaluator, chunk: Chunk) -> Answer:
    """Return the records of a chunk, each with its line of the log.

    The orchestrator serves all workers, so what can be made here is not left to it.
    """
    windows, objectives = evaluator.terms.windows, evaluator.terms.objectives
    records = []
    for asked in chunk.work:
        work = Work(asked.number, asked.strategy, suggestion_params(asked))
        record = evaluator.record(work, chunk.floors[work.strategy])
        records.append(record._replace(line=line_encode(record, windows, objectives)))
    return Answer(chunk.batch, chunk.place, tuple(records))


def resident_mb() -> float:
    """Return the memory this process has of its own, MiB; 0 where the system does not say."""
    try:
        pages = Path("/proc/self/statm").read_text().split()
    except OSError:
        return 0.0
    return (int(pages[1]) - int(pages[2])) * _PAGE_MB


def worker_main(pipe: Connection, job: Job) -> None:
    """Answer chunks until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the orchestrator decides when to stop
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.nice(NICENESS)
    evaluator = trial_evaluator(job)
    while True:
        try:
            chunk = chunk_decode(pipe.recv_bytes())
            answer = answer_encode(chunk_answer(evaluator, chunk))
            pipe.send_bytes(VITALS.pack(time.process_time(), resident_mb()) + answer)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return  # the orchestrator is gone or done
