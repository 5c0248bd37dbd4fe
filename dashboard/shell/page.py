"""What a page declares of itself, as the one object ``PAGE`` of its ``page.py``."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import URLPattern

from dashboard.shell import addresses  # noqa: F401 - makes "row" and "ms" known to addresses
from dashboard.shell.lane import Lane
from dashboard.shell.panels import PanelSet


@dataclass(frozen=True, slots=True)
class RailEntry:
    """A page's place in the rail.

    Attributes:
        label: what stands under the icon, which is the page's template ``icon.html``.
        key: the letter that opens the page after ``g``.
        order: entries stand in this order; tens leave room between.
        address: name of the route it opens.
    """

    label: str
    key: str
    order: int
    address: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its addresses, and what the rest of the site takes from it.

    Attributes:
        name: of its folder, here and under ``templates`` and ``static``.
        routes: its addresses, for one or several views.
        rail: its place in the rail, None for none.
        room: the page whose entry in the rail is marked, its own when empty.
        panels: those that are asked for anew one by one, None for none but the strip.
        lanes: what its scripts may ask over the socket.
        styles: its style sheets, as static files.
        script: its first script, a module and a static file, empty for none.
    """

    name: str
    routes: tuple[URLPattern, ...]
    rail: RailEntry | None = None
    room: str = ""
    panels: PanelSet | None = None
    lanes: tuple[type[Lane], ...] = ()
    styles: tuple[str, ...] = ()
    script: str = ""
