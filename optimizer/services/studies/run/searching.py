"""Search: two batches in flight, each stored as a whole and in order, until the last one is.

Workers get their next batch before the one just finished is written, so that they compute while
the database works.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from optimizer.domain.study.engine import Batch
from optimizer.domain.study.records import TrialRecord
from optimizer.models import Study
from optimizer.services.reports.build import ReportSource
from optimizer.services.studies.control import study_renew
from optimizer.services.studies.run.chunks import Answers, Cutter
from optimizer.services.studies.run.heartbeat import heartbeat
from optimizer.services.studies.run.meter import RunMeter
from optimizer.services.studies.run.search import (
    engine_make,
    engine_recover,
    samplers_rehearse,
    snapshot_state,
)
from optimizer.services.studies.run.stopping import StopWish
from optimizer.services.studies.run.storing import batch_store, records_from
from optimizer.services.studies.run.tools import StudyTools

SNAPSHOT_EVERY_S: Final = 3.0  # resuming replays at most the batches of so many seconds
HEARTBEAT_EVERY_S: Final = 3.0
EARLY: Final = 0.1  # of the trials; by then the workers have loaded what they need
_WAIT_S: Final = 0.2


class Search:
    """The search of one study in this process."""

    def __init__(
        self,
        study: Study,
        source: ReportSource,
        tools: StudyTools,
        meter: RunMeter,
        note: Callable[[], None],
    ) -> None:
        """Start the workers, then recover the search while they load.

        Args:
            study: claimed.
            source: its data.
            tools: adapters.
            meter: told what takes how long.
            note: writes down what the meter knows; a run that is killed later has that.
        """
        self._study, self._source, self._tools, self._meter = study, source, tools, meter
        self._note = note
        self._engine = engine_make(study, tools.sampler_of)
        self._answers = Answers()
        self._snapshot = tools.files.snapshot(study.run_dir)
        self._mirror = tools.files.mirror(
            study.run_dir, windows=study.windows, objectives=study.objectives
        )
        self._n_done = study.n_done
        self._reported_at = study.n_done
        self._snapshot_at = self._heard_at = tools.clock.monotonic()
        self._pool = tools.pool_of(study, source.data)
        self._cutter = Cutter(self._pool)

    def __enter__(self) -> Self:
        """Recover; see the class."""
        tools = self._tools
        try:
            with heartbeat(self._study, tools.clock):
                self._recover()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the workers and close the log."""
        self._close()

    def _close(self) -> None:
        self._pool.close()
        self._mirror.close()

    def _recover(self) -> None:
        study = self._study
        with self._meter.phase("load"):
            samplers_rehearse(study, self._tools.sampler_of)
        with self._meter.phase("recover"):
            waiting = self._tools.database(
                lambda: engine_recover(study, self._engine, self._snapshot.load())
            )
            self._tools.database(
                lambda: self._mirror.repair(study.n_done, lambda n: records_from(study, n))
            )
        for batch in waiting:
            self._send(batch)

    def go(self, on_progress: Callable[[int], None], wish: StopWish) -> bool:
        """Search until all batches are stored; False where it was stopped before."""
        on_progress(self._n_done)
        self._propose()
        while self._engine.pending:
            if wish.is_there():
                self._save()
                return False
            self._give_sign()
            for answer in self._pool.wait(_WAIT_S):
                self._answers.add(answer)
            while self._engine.pending:
                records = self._answers.take(self._engine.pending[0])
                if records is None:
                    break
                self._finish(records)
                on_progress(self._n_done)
        self._save()
        return True

    def _propose(self) -> None:
        with self._meter.phase("suggest"):
            while self._engine.can_propose:
                self._send(self._engine.propose())

    def _send(self, batch: Batch) -> None:
        self._pool.send(self._cutter.cut(batch))

    def _finish(self, records: Sequence[TrialRecord]) -> None:
        number = self._engine.pending[0].number
        with self._meter.phase("suggest"):
            self._engine.absorb(records, is_answer=True)
            self._cutter.learn(records)
        self._propose()
        now = self._tools.clock.now()
        with self._meter.phase("store"):
            self._tools.database(
                lambda: batch_store(
                    study=self._study,
                    batch=number,
                    records=records,
                    now=now,
                    path=self._source.data.price_path,
                )
            )
            self._mirror.append(records)
        if self._n_done < EARLY * self._study.n_trials:
            self._meter.memory_early(self._pool.usage())
        self._n_done += len(records)
        self._meter.n_stored += len(records)
        self._heard_at = self._tools.clock.monotonic()
        if self._heard_at - self._snapshot_at >= SNAPSHOT_EVERY_S:
            self._save()
        self._tools.tell(self._study.pk, self._n_done, False)
        self._report()

    def _save(self) -> None:
        with self._meter.phase("store"):
            self._mirror.sync()
            with suppress(OSError):  # it only saves time, the rows suffice
                self._snapshot.save(snapshot_state(self._study, self._engine))
            self._meter.search_so_far(self._pool.usage())
            self._note()
        self._snapshot_at = self._tools.clock.monotonic()

    def _report(self) -> None:
        every = int(self._study.settings["report_every"])
        if not every or self._n_done - self._reported_at < every or not self._engine.pending:
            return
        self._reported_at = self._n_done
        study_id, tools = self._study.pk, self._tools
        with self._meter.phase("report"), heartbeat(self._study, tools.clock):
            tools.database(lambda: tools.report(study_id, self._source))

    def _give_sign(self) -> None:
        """Say that this process lives, where no batch has said so for a while."""
        clock = self._tools.clock
        if clock.monotonic() - self._heard_at < HEARTBEAT_EVERY_S:
            return
        self._tools.database(lambda: study_renew(self._study, now=clock.now()))
        self._heard_at = clock.monotonic()
