"""The list of studies: declared."""

from __future__ import annotations

from typing import Final

from django.urls import path

from dashboard.pages.studies import views
from dashboard.pages.studies.lane import StudiesLane
from dashboard.pages.studies.panels import PANELS
from dashboard.shell.page import Page, RailEntry

PAGE: Final = Page(
    name="studies",
    routes=(path("optimizer/", views.studies, name="studies"),),
    rail=RailEntry("Optimizer", key="p", order=20, address="studies"),
    panels=PANELS,
    lanes=(StudiesLane,),
    styles=("css/optimizer/studies.css",),
    script="js/studies/page.js",
)
