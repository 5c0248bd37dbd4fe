"""What running a study needs from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from optimizer.domain.study.data import StudyData
from optimizer.models import Study
from optimizer.ports.study_files import StudyFiles
from optimizer.ports.sweeps import TrialPool
from optimizer.services.reports.build import ReportResult, ReportSource
from optimizer.services.reports.reading import TrialColumns
from optimizer.services.studies.control import Claimant
from optimizer.services.studies.run.search import SamplerOf
from trading.base.ports.clock import Clock

Between = Callable[[], None]  # called between two pieces of work; what it raises ends them


def nothing() -> None:
    """Go on without asking anybody."""


class ReportMaker(Protocol):
    """Writes the report of a study."""

    def __call__(
        self,
        study_id: int,
        source: ReportSource,
        trials: TrialColumns | None = None,
        between: Between = nothing,
        /,
    ) -> ReportResult:
        """Write it whole, of all the trials, or on the way, without them, its quick part."""
        ...


@dataclass(frozen=True, slots=True)
class StudyTools:
    """The adapters of a run.

    Attributes:
        claimant: this process, as it claims studies.
        versions: of the code and its libraries, for the manifest.
        clock, cpu_clock: wall time; processor seconds of this process.
        n_cores: the processes of a study may use.
        files: run directories.
        source_of: loads what a study was opened with.
        sampler_of: builds samplers.
        pool_of: starts the workers of a study.
        database: does a piece of database work again when its connection was lost.
        luck: examines the best trials of a study; the last argument is called between two of them.
        report: writes the report, complete or on the way.
        tell: says that so many trials are stored, and whether the study began or ended.
    """

    claimant: Claimant
    versions: Callable[[], Mapping[str, Any]]
    clock: Clock
    cpu_clock: Callable[[], float]
    n_cores: int
    files: StudyFiles
    source_of: Callable[[Study], ReportSource]
    sampler_of: SamplerOf
    pool_of: Callable[[Study, StudyData], TrialPool]
    database: Callable[[Callable[[], Any]], Any]
    luck: Callable[[int, StudyData, TrialColumns, Between], Any]
    report: ReportMaker
    tell: Callable[[int, int, bool], None]

    @property
    def owner(self) -> str:
        """Return what names the process."""
        return self.claimant.owner
