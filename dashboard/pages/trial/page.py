"""One trial of a study: declared."""

from __future__ import annotations

from typing import Final

from django.urls import path

from dashboard.pages.trial import views
from dashboard.shell.page import Page

_AT: Final = "optimizer/<row:study_id>/trials/<row:number>/"

PAGE: Final = Page(
    name="trial",
    routes=(
        path(_AT, views.trial, name="trial"),
        path(f"{_AT}install/", views.trial_install, name="trial-install"),
    ),
    room="studies",
    styles=("css/optimizer/studies.css",),
)
