"""Take files of a run along, and open its report without trusting it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import BinaryIO, Final
from urllib.parse import quote

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from optimizer import bootstrap
from optimizer.ports.run_downloads import RunFile
from optimizer.selectors.studies import study_get

REPORT: Final = "report.html"
CHUNK: Final = 256 * 1024
_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "png": "image/png",
}
# The report brings its own scripts. It is shown as somebody else's page: it may run them, but it
# has no origin, so it can neither act as the reader nor read anything of the desk.
REPORT_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'unsafe-inline' 'unsafe-eval'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "sandbox allow-scripts allow-downloads",
        "frame-ancestors 'none'",
    )
)


@require_safe
async def study_file(request: HttpRequest, study_id: int, name: str) -> HttpResponseBase:
    """Send one file of a run, a piece at a time."""
    file, content = await sync_to_async(_opened)(study_id, name)
    response = _streamed(file, content)
    shown = quote(f"study-{study_id}-{name.replace('/', '-')}")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{shown}"
    return response


@require_safe
async def study_report(request: HttpRequest, study_id: int) -> HttpResponseBase:
    """Show the report, shut off from the desk."""
    file, content = await sync_to_async(_opened)(study_id, REPORT)
    response = _streamed(file, content)
    response["Content-Security-Policy"] = REPORT_POLICY
    return response


def _opened(study_id: int, name: str) -> tuple[RunFile, BinaryIO]:
    study = study_get(study_id, bootstrap.system_clock().now())
    if study is None:
        raise Http404(f"There is no study {study_id}.")
    found = bootstrap.run_downloads().open(study.run_dir, name)
    if found is None:
        raise Http404(f"Study {study_id} has no file {name!r}.")
    return found


def _streamed(file: RunFile, content: BinaryIO) -> StreamingHttpResponse:
    kind = _TYPES[file.name.rpartition(".")[2]]
    response = StreamingHttpResponse(_pieces(content), content_type=kind)
    response["Content-Length"] = str(file.size)
    response["Cache-Control"] = "no-store"  # a report on the way is replaced
    return response


async def _pieces(content: BinaryIO) -> AsyncIterator[bytes]:
    try:
        while piece := await asyncio.to_thread(content.read, CHUNK):
            yield piece
    finally:
        content.close()
