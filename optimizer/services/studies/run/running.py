"""Run a study to its end: claim it, recover it, search, examine the best, report.

Everything that counts is in the database before anything depends on it, so a run may be killed at
any point; the next one goes on behind the last stored batch. Starting is recovering: there is no
other way to begin.

Source: optimizer issue, "Trial store and resume".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, partial
from typing import Any

from django.db import InterfaceError, OperationalError

from optimizer.models import Study
from optimizer.services.reports.build import ReportSource
from optimizer.services.reports.reading import trials_read
from optimizer.services.studies.control import (
    CANCELLED_BY_REQUEST,
    study_claim,
    study_end,
    study_held,
    study_release,
    study_resume,
    version_check,
)
from optimizer.services.studies.open.request import CELERY
from optimizer.services.studies.refusals import StudyDeletedError
from optimizer.services.studies.run.figures import study_figures
from optimizer.services.studies.run.heartbeat import heartbeat
from optimizer.services.studies.run.meter import RunMeter
from optimizer.services.studies.run.searching import Search
from optimizer.services.studies.run.stopping import StopWantedError, StopWish
from optimizer.services.studies.run.tools import StudyTools
from trading.base.domain.errors import LeaseLostError, TradingError


class RunEnd(StrEnum):
    """Why a run ended."""

    FINISHED = "finished"
    STOPPED = "stopped"  # asked to, by the process it runs in; the study goes on later
    CANCELLED = "cancelled"  # by request
    TAKEN_OVER = "taken_over"  # another process runs it now


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended, its figures, and the best trial of every objective where it finished."""

    end: RunEnd
    study: Study
    best: dict[str, Any]


def study_run(
    *,
    study_id: int,
    tools: StudyTools,
    on_progress: Callable[[int], None] = lambda _n_done: None,
    should_stop: Callable[[], bool] = lambda: False,
    resume: Mapping[str, Any] | None = None,
) -> RunResult:
    """Run a study until it is finished, cancelled or stopped.

    Args:
        study_id: of a study in status running.
        tools: adapters.
        on_progress: told the number of stored trials after every batch.
        should_stop: asked all the time; True ends the run, what is stored stays.
        resume: settings of workers to be changed, maybe none, where a person goes on with a study
            that may have ended; None for one in status running.

    Raises:
        BadInputError: there is no such study.
        StudyRefusedError: it has ended, a living process runs it, its data or the code that
            evaluates changed, or it was deleted meanwhile.
        TradingError: it cannot go on; its row says why.
    """
    claim = partial(study_claim, study_id, tools.claimant)
    if resume is not None:
        claim = partial(study_resume, study_id, tools.claimant, workers=resume)
    study = tools.database(claim)  # whoever has it already may claim it again
    run = _Run(study, tools)
    try:
        return run.to_its_end(on_progress, should_stop)
    except LeaseLostError:
        row = run.reread()  # a run that slept may have been cancelled as one nobody works on
        is_cancelled = row.status == Study.Status.CANCELLED
        return RunResult(RunEnd.CANCELLED if is_cancelled else RunEnd.TAKEN_OVER, row, {})
    except BaseException as error:
        run.broken_off(error)
        raise


class _Run:
    """One run of one study."""

    def __init__(self, study: Study, tools: StudyTools) -> None:
        self._study, self._tools = study, tools
        is_local = study.settings.get("workers_via") != CELERY
        self._meter = RunMeter(tools.clock, tools.cpu_clock, tools.n_cores if is_local else None)

    @cached_property
    def _made_with(self) -> dict[str, Any]:
        """Return what tells this run from others of the study."""
        return {
            "owner": self._tools.owner,
            "began_at": self._tools.clock.now().isoformat(),
            "evaluation_version": self._tools.claimant.version,
            **self._tools.versions(),
        }

    def to_its_end(
        self, on_progress: Callable[[int], None], should_stop: Callable[[], bool]
    ) -> RunResult:
        study, tools = self._study, self._tools
        version_check(study, tools.claimant.version)
        source = tools.source_of(study)
        tools.tell(study.pk, study.n_done, True)
        self._note({})
        with Search(study, source, tools, self._meter, self._note_figures) as search:
            is_complete = search.go(on_progress, StopWish(study, tools, should_stop))
        best = self._conclude(source, should_stop) if is_complete else None
        if best is None:
            return self._unfinished()
        self.end(Study.Status.FINISHED, "")
        return RunResult(RunEnd.FINISHED, self.reread(), best)

    def _unfinished(self) -> RunResult:
        row = self.reread()
        self._note(self._meter.figures())
        if row.is_cancel_wanted:
            self.end(Study.Status.CANCELLED, CANCELLED_BY_REQUEST)
            return RunResult(RunEnd.CANCELLED, self.reread(), {})
        self.release()
        return RunResult(RunEnd.STOPPED, self.reread(), {})

    def _conclude(
        self, source: ReportSource, should_stop: Callable[[], bool]
    ) -> dict[str, Any] | None:
        """Return the best trial of every objective; None where it was stopped before the end."""
        study, tools = self._study, self._tools
        # a fresh wish asks at once, however short the examination is
        between = StopWish(study, tools, should_stop).obey
        try:
            with heartbeat(study, tools.clock):
                with self._meter.phase("luck"):
                    trials = tools.database(lambda: trials_read(study))
                    tools.database(lambda: tools.luck(study.pk, source.data, trials, between))
                self._note(self._meter.figures())
                with self._meter.phase("report"):
                    result = tools.database(lambda: tools.report(study.pk, source, trials, between))
        except StopWantedError:
            return None
        self._note(self._meter.figures())
        return dict(result.best)

    def _note(self, figures: Mapping[str, Any]) -> None:
        """Write this run with its figures to the row and the manifest, beside the runs before.

        Raises:
            LeaseLostError: another process runs the study; its manifest stays as it is.
        """
        manifest = self._row_note(figures)
        run_dir = self._study.run_dir
        self._tools.files.manifest_write(run_dir, {"study": self._study.pk, **manifest})

    def _note_figures(self) -> None:
        self._row_note(self._meter.figures())

    def _row_note(self, figures: Mapping[str, Any]) -> dict[str, Any]:
        study, owner = self.reread(), self._tools.owner
        before = [run for run in study.manifest.get("runs", ()) if run["owner"] != owner]
        runs = [*before, {**self._made_with, **figures}]
        manifest = {**study.manifest, "runs": runs}
        mine = study_held(self._study)
        values = {"figures": study_figures(runs), "manifest": manifest}
        if not self._tools.database(lambda: mine.update(**values)):
            raise LeaseLostError(f"study {study.pk} is run by another process now")
        return manifest

    def reread(self) -> Study:
        """Return the study as it is stored now.

        Raises:
            StudyDeletedError: it is not.
        """
        mine = Study.objects.filter(pk=self._study.pk)
        found: Study | None = self._tools.database(mine.first)
        if found is None:
            raise StudyDeletedError(f"study {self._study.pk} was deleted while it ran")
        return found

    def broken_off(self, error: BaseException) -> None:
        """Give the study up: as failed with its reason, or for whoever goes on with it.

        Raises:
            StudyDeletedError: it was deleted, which is why ``error`` came.
        """
        is_away = isinstance(error, OperationalError | InterfaceError)  # it will be back
        if is_away or not isinstance(error, Exception):
            self.release()
            return
        self.reread()
        reason = str(error) if isinstance(error, TradingError) else ""
        self.end(Study.Status.FAILED, reason or f"{type(error).__name__}: {error}")

    def end(self, status: str, reason: str) -> None:
        """Write how the study ended and tell those who watch."""
        self._tools.database(
            lambda: study_end(
                study_id=self._study.pk,
                token=self._study.token,
                status=status,
                reason=reason,
                now=self._tools.clock.now(),
            )
        )
        self._tools.tell(self._study.pk, self.reread().n_done, True)

    def release(self) -> None:
        """Give the study up."""
        now = self._tools.clock.now()
        self._tools.database(lambda: study_release(self._study, now=now))
