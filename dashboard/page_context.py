"""What the frame around a page needs to know of it: a context processor of the templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from dashboard.registry import all_pages, pages_by_route
from dashboard.shell.page import Page
from dashboard.shell.panels import BARE, panels_url


@dataclass(frozen=True, slots=True)
class RailLine:
    """One entry of the rail as it is drawn."""

    page: str
    label: str
    key: str
    url: str
    is_current: bool

    @property
    def icon(self) -> str:
        """Return the template of its icon."""
        return f"dashboard/{self.page}/icon.html"


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Return the page the request belongs to, with the rail and where its panels are asked for."""
    match = request.resolver_match
    if match is None or match.app_name != "dashboard":
        return {}
    page = pages_by_route().get(match.url_name or "")
    if page is None:  # the panels alone: no frame is drawn around them
        return {}
    owner, panels = (page.name, page.panels) if page.panels is not None else ("shell", BARE)
    return {
        "page": page,
        "panels": panels.all,
        "panels_url": panels_url(owner, panels, match.kwargs),
        "rail": rail_lines(page),
    }


def rail_lines(current: Page) -> list[RailLine]:
    """Return the rail with the entry of the page's room marked."""
    entries = [(page.rail, page.name) for page in all_pages() if page.rail is not None]
    entries.sort(key=lambda entry: (entry[0].order, entry[1]))
    room = current.room or current.name
    return [
        RailLine(name, rail.label, rail.key, reverse(f"dashboard:{rail.address}"), name == room)
        for rail, name in entries
    ]
