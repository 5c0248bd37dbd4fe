"""Write and hand out the reports of studies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings

from optimizer.bootstrap.sources import study_source
from optimizer.models import Study
from optimizer.ports.reports import ReportFolder, ReportRenderer
from optimizer.ports.run_downloads import RunDownloads
from optimizer.services.reports import build, pictures
from optimizer.services.reports.build import ReportResult, ReportSource
from optimizer.services.reports.reading import TrialColumns


def report_renderer() -> ReportRenderer:
    """Return what makes the page of a report, in the desk's colours."""
    # the page brings Django's template engine, which only reports need
    from optimizer.adapters.html_report import HtmlReport

    return HtmlReport(tokens=settings.BASE_DIR / "static" / "css" / "shell" / "tokens.css")


def report_folder(run_dir: str) -> ReportFolder:
    """Return a run directory, named absolutely or within the data directory."""
    from optimizer.adapters.html_report import RunFolder

    return RunFolder(settings.DATA_DIR / run_dir)


def run_downloads() -> RunDownloads:
    """Return what hands out the files of runs."""
    from optimizer.adapters.run_downloads import RunFolderFiles

    return RunFolderFiles(settings.DATA_DIR)


def study_pictures(study_id: int) -> dict[str, Any]:
    """Return the pictures of a study's parameters, as far as it is; see the service."""
    # the report's own pictures, without its page
    from optimizer.adapters.html_report import figures

    return pictures.study_pictures(study_id=study_id, drawing=figures)


def report_build(
    *,
    study_id: int,
    source_of: Callable[[Study], ReportSource] | None = None,
    folder_of: Callable[[str], ReportFolder] = report_folder,
    is_complete: bool = True,
    trials: TrialColumns | None = None,
) -> ReportResult:
    """Write the report of a study into its run directory; see the service.

    Raises:
        BadInputError: there is no such study, or its candles or costs are gone or have changed.
    """
    return build.report_build(
        study_id=study_id,
        source_of=source_of or study_source,
        renderer=report_renderer(),
        folder_of=folder_of,
        is_complete=is_complete,
        trials=trials,
    )
