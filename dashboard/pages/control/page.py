"""Orders for the desk and its bots: declared."""

from __future__ import annotations

from typing import Final

from django.urls import path

from dashboard.pages.control import views
from dashboard.shell.page import Page

PAGE: Final = Page(
    name="control",
    routes=(
        path("control/<slug:action>/", views.control, name="control"),
        path("bots/<row:bot_id>/<slug:action>/", views.bot_control, name="bot-control"),
    ),
)
