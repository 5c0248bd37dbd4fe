"""Render a page, or a detail: one address, two bodies, alone or with a page around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard.shell.look import Look


def is_panel(request: HttpRequest) -> bool:
    """Return whether a script asks, for the side panel or the dialog of the page at hand."""
    return request.headers.get("X-Panel") == "1"


def page_render(
    look: Look, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a whole page; its panels are filled from the look, so that it reads without a script.

    Args:
        look: at what the page shows.
        template: of the page.
        context: what the template needs beside the panels.
        status: of the answer.
    """
    whole = {**look.desk.frame, **context, "look": look}
    return render(look.request, template, whole, status=status)


def detail_render(
    look: Look, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render only the detail for the side panel, the whole page with its strip otherwise.

    Args:
        look: the request's; its desk is read for the whole page only.
        template: of the detail.
        context: what the template needs, and the ``title`` of the whole page.
        status: of the answer.
    """
    if is_panel(look.request):
        # alone it has a title of its own; with a page around it the page has it
        alone = {**context, "is_panel": True}
        response = render(look.request, template, alone, status=status)
    else:
        whole = {**context, "template": template}
        response = page_render(look, "dashboard/shell/detail.html", whole, status=status)
    response["Vary"] = "X-Panel"  # one address, two bodies: no cache may mix them up
    return response
