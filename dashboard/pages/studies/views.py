"""The list of studies, and the form that starts one."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from dashboard.optimizer.start import study_enqueue
from dashboard.pages.studies.form import StudyForm, choices
from dashboard.shell.look import Look
from dashboard.shell.render import page_render
from optimizer import bootstrap
from trading.base.domain.errors import TradingError

START: Final = "optimizer.add_study"


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


def _page(request: HttpRequest, form: StudyForm, *, status: int) -> HttpResponse:
    context = {
        "form": form,
        "choices": choices(),
        "costs": bootstrap.swap_cost_state(),
        "can_start": request.user.has_perm(START),
        "start_permission": START,
    }
    return page_render(Look(request), "dashboard/studies/page.html", context, status=status)
