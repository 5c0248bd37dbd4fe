"""Write the report of a study into its folder: all of it at the end, the quick part on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from optimizer.domain.importance import parameter_tables
from optimizer.domain.reporting import ReportCurve, ReportStudy
from optimizer.domain.study.data import StudyData
from optimizer.models import Study
from optimizer.ports.reports import ReportFolder, ReportRenderer
from optimizer.services.reports.curves import CurveTerms, curves_draw
from optimizer.services.reports.reading import TrialColumns, study_read
from optimizer.services.reports.rows import Written, csv_bytes
from optimizer.services.reports.summary import best_trials, summary_json
from optimizer.services.reports.tables import StudyTables, fold_table, trade_table
from trading.base.domain.errors import BadInputError

PAGE = "report.html"
SUMMARY = "overall.json"


@dataclass(frozen=True, slots=True)
class ReportResult:
    """What was written: file names, and the best trial of every objective as in the summary."""

    files: tuple[str, ...]
    best: dict[str, Any]


def report_write(
    *,
    study: ReportStudy,
    curves: Sequence[ReportCurve] = (),
    renderer: ReportRenderer,
    folder: ReportFolder,
    is_complete: bool = True,
) -> ReportResult:
    """Write the files of a report and return their names.

    Args:
        study: the results.
        curves: runs drawn out; none in a report on the way.
        renderer: makes the page.
        folder: takes the files; those of an earlier report are replaced.
        is_complete: also write the tables as CSV; a report on the way is the page and the summary.
    """
    tables = StudyTables(study)
    files: list[str] = []
    with folder.filling() as put:
        for name, content in _files(tables, curves, renderer, is_complete=is_complete):
            put(name, content)
            files.append(name)
    return ReportResult(tuple(files), best_trials(study))


def _files(
    tables: StudyTables,
    curves: Sequence[ReportCurve],
    renderer: ReportRenderer,
    *,
    is_complete: bool,
) -> Iterator[tuple[str, bytes]]:
    if is_complete:
        yield from _csv_files(tables, curves)
    parameters = parameter_tables(tables.study, orjson.loads)
    yield SUMMARY, summary_json(tables, parameters)
    yield PAGE, renderer.render(tables.study, curves, parameters)


def _csv_files(tables: StudyTables, curves: Sequence[ReportCurve]) -> Iterator[tuple[str, bytes]]:
    study = tables.study
    lines = {}
    for window in study.facts.windows:
        table = tables.window(window)
        lines[window] = table.lines()
        yield f"metrics_{window}.csv", csv_bytes(Written(table.names, [lines[window]]))
    yield "overall.csv", csv_bytes(tables.overall(lines))  # the largest begins its way early
    for place, name in enumerate(study.facts.objectives):
        yield f"objective_{name}.csv", csv_bytes(tables.objective(place))
    yield "walkforward_summary.csv", csv_bytes(fold_table(study).written())
    for curve in curves:
        yield f"trades/trial_{curve.number}.csv", csv_bytes(trade_table(curve).written())


@dataclass(frozen=True, slots=True)
class ReportSource:
    """What a study was made on: its candles and costs, and how people call them."""

    data: StudyData
    market: str
    quote: str


def report_build(
    *,
    study_id: int,
    source_of: Callable[[Study], ReportSource],
    renderer: ReportRenderer,
    folder_of: Callable[[str], ReportFolder],
    is_complete: bool = True,
    trials: TrialColumns | None = None,
) -> ReportResult:
    """Write the report of a stored study into its run directory.

    Args:
        study_id: of the study.
        source_of: loads the candles and costs a study was made on.
        renderer: makes the page.
        folder_of: opens a run directory.
        is_complete: all files and the best runs drawn out; a report on the way is the page and the
            summary of what is stored so far.
        trials: all of the study, where they were read already.

    Raises:
        BadInputError: there is no such study, or its candles or costs are gone or have changed.
    """
    study = Study.objects.filter(pk=study_id).first()
    if study is None:
        raise BadInputError(f"study was {study_id}; there is no such study")
    source = source_of(study)
    report = study_read(
        study=study, data=source.data, market=source.market, quote=source.quote, trials=trials
    )
    curves: Sequence[ReportCurve] = ()
    if is_complete and len(report.number):
        terms = CurveTerms(
            holdout_share=float(study.settings.get("holdout_share", 0.0)),
            warm_up_bars=int(study.settings.get("warm_up_bars", 0)),
        )
        curves = curves_draw(study=report, data=source.data, terms=terms)
    return report_write(
        study=report,
        curves=curves,
        renderer=renderer,
        folder=folder_of(study.run_dir),
        is_complete=is_complete,
    )
