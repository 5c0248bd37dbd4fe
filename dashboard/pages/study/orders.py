"""Cancel and resume a study: what it will do, then the act.

The form works alone, in the dialog of any page and without a script.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dashboard.optimizer.look import STEER, StudyLook
from dashboard.optimizer.start import study_enqueue
from dashboard.shell.render import detail_render, is_panel
from optimizer import bootstrap
from optimizer.selectors.studies import StudyView
from optimizer.services.studies.control import study_cancel
from trading.base.domain.errors import TradingError
from trading.base.selectors.figures import count_text


@dataclass(frozen=True, slots=True)
class StudyOrder:
    """One thing an operator can order for a study."""

    name: str
    title: str
    done: str
    undo: str
    is_dangerous: bool = False

    def effect(self, study: StudyView) -> str:
        """Return what the order would do, in figures."""
        kept, left = count_text(study.n_done), count_text(study.n_trials - study.n_done)
        if study.n_done == study.n_trials:
            return self._effect_on_conclusion(kept)
        if self.name == "cancel":
            return (
                f"The batch in flight is stored, then the search stops. {kept} trials are kept; "
                f"{left} are not made, and nothing is examined for luck."
            )
        return (
            f"The search goes on with trial {count_text(study.n_done)}: {left} are left. No "
            "finished trial is made again, and the result is the one an uninterrupted search has."
        )

    def _effect_on_conclusion(self, kept: str) -> str:
        if self.name == "cancel":
            return (
                f"All {kept} trials are kept. The best are not examined for luck, and the report "
                "is not completed."
            )
        return (
            f"All {kept} trials are stored. The best are examined for luck, and the report is "
            "written."
        )


ORDERS: Final[dict[str, StudyOrder]] = {
    order.name: order
    for order in (
        StudyOrder(
            "cancel",
            "Cancel the study",
            "The study stops.",
            "Resume goes on where it stopped.",
            is_dangerous=True,
        ),
        StudyOrder("resume", "Resume the study", "The study goes on.", "Cancel stops it again."),
    )
}


@permission_required(STEER, raise_exception=True)
@require_http_methods(["GET", "POST"])
def study_order(request: HttpRequest, study_id: int, action: str) -> HttpResponse:
    """Show what the order would do, or give it."""
    order = ORDERS.get(action)
    if order is None:
        raise Http404(f"There is no order {action!r}; expected {', '.join(ORDERS)}.")
    look = StudyLook(request, study_id)
    if request.method == "GET":
        return _form(look, order, error="", status=200)
    try:
        note = _carry_out(look, order)
    except TradingError as error:
        return _form(look, order, error=str(error), status=422)
    if is_panel(request):
        return _ordered(look, order, note)
    messages.success(request, f"{order.done} {order.undo}")
    if note:
        messages.warning(request, note)
    return redirect("dashboard:study", study_id)


def _carry_out(look: StudyLook, order: StudyOrder) -> str:
    """Return what the person should know beside that it was done, or nothing.

    Raises:
        TradingError: the study cannot be cancelled or resumed; nothing was changed.
    """
    study_id, n_done = look.study.id, look.study.n_done
    if order.name == "resume":
        bootstrap.study_resume_ready(study_id)
        return study_enqueue(study_id, n_done=n_done)
    study_cancel(study_id, clock=bootstrap.system_clock())
    bootstrap.study_news().tell(study_id, n_done=n_done, is_change=True)
    return ""


def _ordered(look: StudyLook, order: StudyOrder, note: str) -> HttpResponse:
    if not note:
        return HttpResponse(status=204)
    context = {**look.base(), "order": order, "note": note}
    return render(look.request, "dashboard/study/ordered.html", context)


def _form(look: StudyLook, order: StudyOrder, *, error: str, status: int) -> HttpResponse:
    context: dict[str, Any] = {
        **look.base(),
        "order": order,
        "effect": order.effect(look.study),
        "error": error,
        "title": order.title,
    }
    return detail_render(look, "dashboard/study/order.html", context, status=status)
