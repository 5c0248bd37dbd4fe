"""One study: its page and its pictures."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from dashboard.optimizer.look import StudyLook
from dashboard.shell.render import page_render
from optimizer import bootstrap
from optimizer.selectors.points import RETURN


@require_safe
def study(request: HttpRequest, study_id: int) -> HttpResponse:
    """Render the whole page with every panel filled, so that it reads without a script."""
    look = StudyLook(request, study_id)
    context = {"study": look.study, "measures": [RETURN, *look.study.objectives]}
    return page_render(look, "dashboard/study/page.html", context)


@require_safe
def study_pictures(request: HttpRequest, study_id: int) -> JsonResponse:
    """Return the pictures that need every trial: parameters by strategy, and the walk-forward."""
    look = StudyLook(request, study_id)
    return JsonResponse(bootstrap.study_pictures(look.study.id))
