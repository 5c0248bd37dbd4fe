"""Run a study to its end: claim it, recover it, search, examine the best, report.

Everything that counts is in the database before anything depends on it, so a run may be killed at
any point; the next one goes on behind the last stored batch. Starting is recovering: there is no
other way to begin.

Source: optimizer issue, "Trial store and resume".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from optimizer.models import Study
from optimizer.services.reports.build import ReportSource
from optimizer.services.studies.control import (
    CANCELLED_BY_REQUEST,
    study_claim,
    study_end,
    study_release,
)
from optimizer.services.studies.heartbeat import heartbeat
from optimizer.services.studies.meter import RunMeter
from optimizer.services.studies.searching import Search
from optimizer.services.studies.stopping import StopWantedError, StopWish
from optimizer.services.studies.tools import StudyTools
from trading.domain.errors import LeaseLostError, TradingError


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
) -> RunResult:
    """Run a study until it is finished, cancelled or stopped.

    Args:
        study_id: of a study in status running.
        tools: adapters.
        on_progress: told the number of stored trials after every batch.
        should_stop: asked all the time; True ends the run, what is stored stays.

    Raises:
        BadInputError: there is no such study.
        StudyRefusedError: it has ended, a living process runs it, or its data changed.
        TradingError: it cannot go on; its row says why.
    """
    study = study_claim(
        study_id=study_id, owner=tools.owner, clock=tools.clock, is_alive=tools.is_alive
    )
    run = _Run(study, tools)
    try:
        return run.to_its_end(on_progress, should_stop)
    except LeaseLostError:
        return RunResult(RunEnd.TAKEN_OVER, run.reread(), {})
    except TradingError as error:
        run.end(Study.Status.FAILED, str(error))
        raise
    except BaseException:
        run.release()
        raise


class _Run:
    """One run of one study."""

    def __init__(self, study: Study, tools: StudyTools) -> None:
        self._study, self._tools = study, tools
        self._meter = RunMeter(tools.clock, tools.cpu_clock, tools.n_cores)

    def to_its_end(
        self, on_progress: Callable[[int], None], should_stop: Callable[[], bool]
    ) -> RunResult:
        study, tools, meter = self._study, self._tools, self._meter
        source = tools.source_of(study)
        tools.tell(study.pk, study.n_done, True)
        with Search(study, source, tools, meter) as search:
            is_complete = search.go(on_progress, StopWish(study.pk, tools, should_stop))
            meter.search_over(*search.usage())
        best = self._conclude(source, should_stop) if is_complete else None
        if best is None:
            return self._unfinished()
        self.end(Study.Status.FINISHED, "")
        return RunResult(RunEnd.FINISHED, self.reread(), best)

    def _unfinished(self) -> RunResult:
        row = self.reread()
        self._note()
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
        between = StopWish(study.pk, tools, should_stop).obey
        try:
            with heartbeat(study.pk, tools.owner, tools.clock):
                with self._meter.phase("luck"):
                    tools.database(lambda: tools.luck(study.pk, source.data, between))
                self._note()  # the page shows the speed
                with self._meter.phase("report"):
                    result = tools.database(lambda: tools.report(study.pk, source, True, between))
        except StopWantedError:
            return None
        self._note()
        return dict(result.best)

    def _note(self) -> None:
        """Write the figures of this run to the row and the manifest."""
        figures = self._meter.figures()
        study = self.reread()
        manifest = study.manifest | {"runs": [*study.manifest.get("runs", ())]}
        runs = [run for run in manifest["runs"] if run["owner"] != self._tools.owner]
        manifest["runs"] = [*runs, {"owner": self._tools.owner, **figures}]
        self._tools.database(
            lambda: Study.objects.filter(pk=study.pk, owner=self._tools.owner).update(
                figures=figures, manifest=manifest
            )
        )
        self._tools.files.manifest_write(study.run_dir, {"study": study.pk, **manifest})

    def reread(self) -> Study:
        """Return the study as it is stored now."""
        found: Study = self._tools.database(lambda: Study.objects.get(pk=self._study.pk))
        return found

    def end(self, status: str, reason: str) -> None:
        """Write how the study ended and tell those who watch."""
        self._tools.database(
            lambda: study_end(
                study_id=self._study.pk,
                owner=self._tools.owner,
                status=status,
                reason=reason,
                now=self._tools.clock.now(),
            )
        )
        self._tools.tell(self._study.pk, self.reread().n_done, True)

    def release(self) -> None:
        """Give the study up."""
        now = self._tools.clock.now()
        self._tools.database(
            lambda: study_release(study_id=self._study.pk, owner=self._tools.owner, now=now)
        )
