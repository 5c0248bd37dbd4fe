"""Addresses of the pages, from what each declares; ``config.urls`` mounts them at the root."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLPattern

from dashboard.registry import all_pages
from dashboard.shell.panels import BARE, panels_route

app_name = "dashboard"


def _routes() -> Iterator[URLPattern]:
    yield panels_route("shell", BARE)
    for page in all_pages():
        if page.panels is not None:  # first: a page may end with an address for any word
            yield panels_route(page.name, page.panels)
        yield from page.routes


urlpatterns = list(_routes())
