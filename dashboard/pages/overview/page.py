"""The overview: declared."""

from __future__ import annotations

from typing import Final

from django.urls import path

from dashboard.pages.overview import views
from dashboard.pages.overview.lane import ChartLane
from dashboard.pages.overview.panels import PANELS
from dashboard.shell.page import Page, RailEntry

PAGE: Final = Page(
    name="overview",
    routes=(
        path("", views.overview, name="overview"),
        path("equity/", views.equity, name="equity"),
    ),
    rail=RailEntry("Overview", key="o", order=10, address="overview"),
    panels=PANELS,
    lanes=(ChartLane,),
    styles=("css/overview/page.css",),
    script="js/overview/page.js",
)
