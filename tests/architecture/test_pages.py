"""A page is one folder: it declares itself, and everything it names stands under its own name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import get_template
from django.urls import resolve, reverse

from dashboard.registry import all_pages
from dashboard.shell.page import Page
from dashboard.shell.panels import STRIP
from dashboard.urls import urlpatterns

ROOT = Path(__file__).resolve().parents[2]
CENTRAL = ROOT / "static" / "js" / "shell"
PAGES = pytest.mark.parametrize("page", all_pages(), ids=lambda page: page.name)
# values an address may hold, by their names; any others are rows
VALUES = {"slug": "BTC-USDT", "action": "kill", "name": "trades.csv"}


@PAGES
def test_what_a_page_names_is_there(page: Page) -> None:
    for static in (*page.styles, *filter(None, [page.script])):
        assert finders.find(static), static
    if page.rail is not None:
        get_template(f"dashboard/{page.name}/icon.html")
        reverse(f"dashboard:{page.rail.address}")
    for panel in page.panels.known.values() if page.panels else ():
        get_template(panel.template)
    assert page.room in {"", *(other.name for other in all_pages() if other.rail)}


@PAGES
def test_a_page_keeps_to_folders_of_its_own_name(page: Page) -> None:
    assert page.script.startswith(f"js/{page.name}/") or not page.script
    for name, panel in (page.panels.known if page.panels else {}).items():
        assert panel.template == f"dashboard/{page.name}/panels/{name}.html"


def test_no_address_of_a_page_is_hidden_by_another() -> None:
    for route in urlpatterns:
        values = {name: VALUES.get(name, 7) for name in route.pattern.converters}
        address = reverse(f"dashboard:{route.name}", kwargs=values)
        assert resolve(address).url_name == route.name, address


def test_no_central_script_knows_a_panel_of_a_page() -> None:
    names = {name for page in all_pages() if page.panels for name in page.panels.known}
    scripts = {path.name: path.read_text(encoding="utf-8") for path in CENTRAL.glob("*.js")}
    known = [
        f"{script} names {name}"
        for script, text in scripts.items()
        for name in names
        if re.search(rf"""["'`]{name}["'`]|panel-body-{name}\b""", text)
    ]
    assert known == []


def test_every_panel_follows_news_that_somebody_tells() -> None:
    socket = {"step", "state", "feed", "studies"}
    told = {"beat", "order"} | {
        kind
        for script in (ROOT / "static" / "js").rglob("*.js")
        for kind in re.findall(r'panels\.tell\("(\w+)"', script.read_text(encoding="utf-8"))
    }
    sets = [page.panels.known.values() for page in all_pages() if page.panels]
    panels = [STRIP, *(panel for known in sets for panel in known)]
    followed = {news.partition(":")[0] for panel in panels for news in panel.news}
    assert followed <= socket | told
