"""Find the pages: every package of ``dashboard.pages`` is one, declared in its ``page.py``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from django.core.exceptions import ImproperlyConfigured

from dashboard import pages
from dashboard.shell.lane import Lane
from dashboard.shell.page import Page


@cache
def all_pages() -> tuple[Page, ...]:
    """Return every page, by name."""
    return pages_in(pages)


def pages_in(package: ModuleType) -> tuple[Page, ...]:
    """Return the pages of a package's packages, by name.

    Raises:
        ImproperlyConfigured: a page is called otherwise than its folder, or two claim the same.
    """
    folders = sorted(info.name for info in iter_modules(package.__path__) if info.ispkg)
    found = tuple(import_module(f"{package.__name__}.{name}.page").PAGE for name in folders)
    for folder, page in zip(folders, found, strict=True):
        if page.name != folder:
            raise ImproperlyConfigured(f"the page in the folder {folder} is called {page.name}")
    claims_check(found)
    return found


def claims_check(found: Iterable[Page]) -> None:
    """Refuse two pages that claim one name of a route, one key of the rail or one op."""
    claimed: dict[tuple[str, str], str] = {("key", "r"): "the shell"}  # r opens the records
    for page in found:
        claims = [("route", route.name or "") for route in page.routes]
        claims += [("op", op) for lane in page.lanes for op in lane.ops]
        claims += [("key", page.rail.key)] if page.rail else []
        for claim in claims:
            if claim in claimed:
                kind, name = claim
                other = claimed[claim]
                raise ImproperlyConfigured(f"{kind} {name} is {other}'s and {page.name}'s")
            claimed[claim] = page.name


@cache
def lanes_by_op() -> Mapping[str, type[Lane]]:
    """Return who obeys what a client's message asks."""
    return {op: lane for page in all_pages() for lane in page.lanes for op in lane.ops}


@cache
def pages_by_route() -> Mapping[str, Page]:
    """Return which page a route's name belongs to."""
    return {route.name: page for page in all_pages() for route in page.routes if route.name}
