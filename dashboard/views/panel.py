"""One address, two bodies: a detail alone for the page at hand, or with a page around it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard.views.desk import Desk


def is_panel(request: HttpRequest) -> bool:
    """Return whether a script asks, for the side panel or the dialog of the page at hand."""
    return request.headers.get("X-Panel") == "1"


def panel_render(
    desk: Desk, template: str, context: dict[str, Any], *, page: str = "", status: int = 200
) -> HttpResponse:
    """Render only the detail for the side panel, the whole page with its strip otherwise.

    Args:
        desk: the request's; it is read for the whole page only.
        template: of the detail.
        context: what the template needs, and the ``title`` of the whole page.
        page: the entry of the rail the whole page belongs to, empty for none.
        status: of the answer.
    """
    request = desk.request
    if is_panel(request):
        # alone it has a title of its own; with a page around it the page has it
        response = render(request, template, {**context, "is_panel": True}, status=status)
    else:
        whole = {**desk.frame(), **context, "page": page, "template": template}
        response = render(request, "dashboard/detail_page.html", whole, status=status)
    response["Vary"] = "X-Panel"  # one address, two bodies: no cache may mix them up
    return response
