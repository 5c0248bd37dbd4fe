"""The list of studies, and the form that starts one."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.payloads.progress import progress_payload
from dashboard.views.desk import Desk
from dashboard.views.fragments import Panel, panels_render
from dashboard.views.study import START
from dashboard.views.study_form import StudyForm, choices
from dashboard.views.study_start import study_enqueue
from optimizer import bootstrap
from optimizer.selectors.studies import study_list
from trading.base.domain.errors import TradingError


@require_http_methods(["GET", "HEAD", "POST"])
def studies(request: HttpRequest) -> HttpResponse:
    """Show the studies and the form; start one when the form is sent."""
    if request.method != "POST":
        return _page(request, StudyForm.fresh(), status=200)
    if not request.user.has_perm(START):
        raise PermissionDenied(f"Starting a study needs the permission {START}.")
    form = StudyForm.typed(request.POST)
    try:
        asked, origin = form.study()
        row = bootstrap.study_open(request=asked, origin=origin, is_forced=form.is_forced)
    except TradingError as error:
        form.refuse(error)
        return _page(request, form, status=422)
    for line in (bootstrap.workers_told(row), study_enqueue(row.pk, n_done=0)):
        if line:
            messages.warning(request, line)
    return redirect("dashboard:study", row.pk)


@require_safe
def studies_panels(request: HttpRequest) -> HttpResponse:
    """Render the named panels as out-of-band fragments."""
    desk = Desk(request)
    return panels_render(
        request,
        {
            "strip": Panel("dashboard/panels/strip.html", partial(desk.panel, "strip")),
            "studies": Panel("dashboard/optimizer/panels/studies.html", partial(_studies, desk)),
        },
    )


def _studies(desk: Desk) -> dict[str, Any]:
    lines = study_list(desk.now)
    return {"studies": [(line, progress_payload(line.study, {})) for line in lines]}


def _page(request: HttpRequest, form: StudyForm, *, status: int) -> HttpResponse:
    desk = Desk(request)
    context = {
        "page": "optimizer",
        **desk.frame(),
        **_studies(desk),
        "form": form,
        "choices": choices(),
        "costs": bootstrap.swap_cost_state(),
        "can_start": request.user.has_perm(START),
        "start_permission": START,
    }
    return render(request, "dashboard/optimizer/list.html", context, status=status)
