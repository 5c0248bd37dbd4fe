"""One study: declared."""

from __future__ import annotations

from typing import Final

from django.urls import path

from dashboard.pages.study import files, orders, views
from dashboard.pages.study.lane import StudyLane
from dashboard.pages.study.panels import PANELS
from dashboard.shell.page import Page

_AT: Final = "optimizer/<row:study_id>/"

PAGE: Final = Page(
    name="study",
    routes=(
        path(_AT, views.study, name="study"),
        path(f"{_AT}pictures/", views.study_pictures, name="study-pictures"),
        path(f"{_AT}report/", files.study_report, name="study-report"),
        path(f"{_AT}files/<path:name>", files.study_file, name="study-file"),
        path(f"{_AT}<slug:action>/", orders.study_order, name="study-order"),
    ),
    room="studies",
    panels=PANELS,
    lanes=(StudyLane,),
    styles=("css/optimizer/studies.css",),
    script="js/study/page.js",
)
