"""Panels: parts of a page that are read and rendered one by one, whenever they are asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_safe

from dashboard.shell.look import Look


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: its template, how to read what it shows, and what makes it ask for itself anew.

    Attributes:
        template: relative to the folder ``templates``.
        read: returns what the template needs, from the page's look.
        news: kinds of messages of the socket, such as ``step``, or ``step:checkpoints`` for those
            that carry checkpoints; ``beat`` for every ten seconds, ``order`` for an order given on
            the page; any other name is one the page's own script tells.
        pause_ms: news make it ask at most this often.
        is_of_page: whether its template needs what every panel of the page does.
    """

    template: str
    read: Callable[[Any], Mapping[str, Any]]
    news: tuple[str, ...] = ()
    pause_ms: int = 0
    is_of_page: bool = True

    def html(self, look: Look) -> str:
        """Return the panel as it stands now."""
        base = look.base() if self.is_of_page else {}
        return render_to_string(self.template, {**base, **self.read(look)}, look.request)


STRIP: Final = Panel(
    "dashboard/shell/strip.html",
    lambda look: look.desk.frame,
    news=("step", "state", "feed", "beat", "order"),
    is_of_page=False,
)


@dataclass(frozen=True, slots=True)
class PanelSet:
    """The panels of a page.

    Attributes:
        route: the address they are asked for under; it takes the same values as the page's own.
        look: made from the request and the values of the address.
        known: the page's own panels by name.
    """

    route: str
    look: Callable[..., Look] = Look
    known: Mapping[str, Panel] = field(default_factory=dict)

    @property
    def all(self) -> Mapping[str, Panel]:
        """Return them with the strip, which every page has."""
        return {"strip": STRIP, **self.known}


_VALUE: Final = re.compile(r"<(?:\w+:)?(\w+)>")
BARE: Final = PanelSet("strip/")  # of pages without panels of their own


def panels_url(page: str, panels: PanelSet, values: Mapping[str, Any]) -> str:
    """Return the address of a page's panels, with its values out of those of the page's address."""
    taken = {name: values[name] for name in _VALUE.findall(panels.route)}
    return reverse(f"dashboard:{page}-panels", kwargs=taken)


def panels_route(page: str, panels: PanelSet) -> URLPattern:
    """Return the route under which a page's panels are asked for."""

    @require_safe
    def answer(request: HttpRequest, **address: Any) -> HttpResponse:
        return panels_render(panels.look(request, **address), panels.all)

    return path(panels.route, answer, name=f"{page}-panels")


def panels_render(look: Look, known: Mapping[str, Panel]) -> HttpResponse:
    """Return the panels the request names as out-of-band fragments; 400 for an unknown name."""
    names = look.request.GET.get("names", "").split(",")
    unknown = [name for name in names if name not in known]
    if unknown:
        return HttpResponseBadRequest(
            f"names held {unknown[0]!r}; expected some of {', '.join(known)}"
        )
    parts = [
        render_to_string(
            "dashboard/shell/fragment.html", {"name": name, "html": known[name].html(look)}
        )
        for name in dict.fromkeys(names)
    ]
    return HttpResponse("".join(parts))
