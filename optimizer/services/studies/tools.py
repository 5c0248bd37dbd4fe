"""What running a study needs from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from optimizer.domain.study.data import StudyData
from optimizer.models import Study
from optimizer.ports.study_files import StudyFiles
from optimizer.ports.sweeps import TrialPool
from optimizer.services.reports.build import ReportResult, ReportSource
from optimizer.services.studies.search import SamplerOf
from trading.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class StudyTools:
    """The adapters of a run.

    Attributes:
        owner: names the process.
        is_alive: whether an owner may still live.
        clock, cpu_clock: wall time; processor seconds of this process.
        n_cores: the processes of a study may use.
        files: run directories.
        source_of: loads what a study was opened with.
        sampler_of: builds samplers.
        pool_of: starts the workers of a study.
        database: does a piece of database work again when its connection was lost.
        luck: examines the best trials of a study.
        report: writes the report, complete or on the way.
        tell: says that so many trials are stored, and whether the study began or ended.
    """

    owner: str
    is_alive: Callable[[str], bool]
    clock: Clock
    cpu_clock: Callable[[], float]
    n_cores: int
    files: StudyFiles
    source_of: Callable[[Study], ReportSource]
    sampler_of: SamplerOf
    pool_of: Callable[[Study, StudyData], TrialPool]
    database: Callable[[Callable[[], Any]], Any]
    luck: Callable[[int, StudyData], Any]
    report: Callable[[int, ReportSource, bool], ReportResult]
    tell: Callable[[int, int, bool], None]
