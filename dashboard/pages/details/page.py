"""Details: declared."""

from __future__ import annotations

from typing import Final

from django.urls import path

from dashboard.pages.details import views
from dashboard.shell.page import Page

PAGE: Final = Page(
    name="details",
    routes=(
        path("decisions/<row:decision_id>/", views.decision_detail, name="decision"),
        path("bars/<row:feed_id>/<str:slug>/<ms:open_time>/", views.bar_decisions, name="bar"),
        path("orders/<row:order_id>/", views.order_detail, name="order"),
        path("advisories/", views.advisories, name="advisories"),
    ),
)
