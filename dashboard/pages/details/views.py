"""One decision, one order, one bar: addresses that work alone and inside the side panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.shell.look import Look
from dashboard.shell.render import detail_render
from trading.base.domain.errors import BadInputError
from trading.desk.selectors.decisions import decision_get, decision_list_at
from trading.desk.selectors.positions import order_get
from trading.market.domain.instruments import Pair


def _render(request: HttpRequest, name: str, context: Mapping[str, Any]) -> HttpResponse:
    return detail_render(Look(request), f"dashboard/details/{name}.html", context)


@require_safe
def decision_detail(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Show one journal record with every gate."""
    decision = decision_get(decision_id)
    if decision is None:
        raise Http404(f"There is no decision {decision_id}.")
    return _render(request, "decision", {"decision": decision, "title": f"Decision {decision_id}"})


@require_safe
def order_detail(request: HttpRequest, order_id: int) -> HttpResponse:
    """Show one order with its life and fills."""
    order = order_get(order_id)
    if order is None:
        raise Http404(f"There is no order {order_id}.")
    return _render(request, "order", {"order": order, "title": f"Order {order_id}"})


@require_safe
def advisories(request: HttpRequest) -> HttpResponse:
    """Show how well the desk is: its level, what that blocks, and every open condition."""
    look = Look(request)
    context = {**look.desk.frame, "title": "State of the desk"}
    return detail_render(look, "dashboard/details/advisories.html", context)


@require_safe
def bar_decisions(request: HttpRequest, feed_id: int, slug: str, open_time: int) -> HttpResponse:
    """Show what every bot did with one bar."""
    try:
        pair = str(Pair.parse(slug))
    except BadInputError as error:
        raise Http404(str(error)) from error
    decisions = decision_list_at(feed_id, pair, open_time)
    context = {"decisions": decisions, "pair": pair, "open_time": open_time, "title": f"{pair} bar"}
    return _render(request, "bar", context)
