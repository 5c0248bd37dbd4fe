"""Answer a request for panels: the named ones, rendered, each for its own place on the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.template.loader import render_to_string


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: its template and how to read what it shows."""

    template: str
    context: Callable[[], Mapping[str, Any]]


def panels_render(request: HttpRequest, known: Mapping[str, Panel]) -> HttpResponse:
    """Return the panels the request names as out-of-band fragments; 400 for an unknown name."""
    names = request.GET.get("names", "").split(",")
    unknown = [name for name in names if name not in known]
    if unknown:
        return HttpResponseBadRequest(
            f"names held {unknown[0]!r}; expected some of {', '.join(known)}"
        )
    parts = [
        render_to_string(
            "dashboard/panel_fragment.html",
            {**known[name].context(), "name": name, "template": known[name].template},
            request,
        )
        for name in dict.fromkeys(names)
    ]
    return HttpResponse("".join(parts))
