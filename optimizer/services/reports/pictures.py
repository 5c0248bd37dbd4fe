"""Describe the pictures of a study that need all its trials, while it runs and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

import orjson

from optimizer.domain.importance import ParameterTable, parameter_tables
from optimizer.domain.reporting import ReportFold, ReportStudy
from optimizer.models import Study
from optimizer.services.reports.reading import study_read
from trading.base.domain.errors import BadInputError

Picture = dict[str, Any]
WHY_NONE: Final = "No complete trial yet. Pictures of the parameters come with the first ones."


class Drawing(Protocol):
    """Describes pictures as data and layout, without colours."""

    def parallel_figure(self, study: ReportStudy, table: ParameterTable) -> Picture:
        """Return one line per trial through its parameters to its score."""
        ...

    def importance_figure(self, table: ParameterTable) -> Picture:
        """Return a bar per parameter."""
        ...

    def fold_figure(self, folds: Sequence[ReportFold]) -> Picture:
        """Return where trials were chosen beside where they were tested."""
        ...


def study_pictures(*, study_id: int, drawing: Drawing) -> Picture:
    """Return by strategy the importance of its parameters and their parallel coordinates.

    Args:
        study_id: of the study.
        drawing: describes the pictures.

    Returns:
        ``strategies`` by name, each with ``importance`` and ``parallel``; ``folds`` or None; and
        ``empty``, why there is nothing, where there is nothing. Strategies stand in the order of
        their best return.

    Raises:
        BadInputError: there is no such study.
    """
    study = Study.objects.filter(pk=study_id).first()
    if study is None:
        raise BadInputError(f"study was {study_id}; there is no such study")
    report = study_read(study=study, data=None, market="", quote="")
    tables = [table for table in parameter_tables(report, orjson.loads) if table.names]
    gain = report.metric(report.ranking_window, "total_return_pct")
    tables.sort(key=lambda table: -float(gain[table.places].max()))
    return {
        "n": len(report.number),
        "strategies": {
            table.strategy: {
                "importance": drawing.importance_figure(table),
                "parallel": drawing.parallel_figure(report, table),
            }
            for table in tables
        },
        "folds": drawing.fold_figure(report.folds) if report.folds else None,
        "empty": "" if tables else WHY_NONE,
    }
