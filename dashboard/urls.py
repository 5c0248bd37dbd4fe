"""Addresses of the pages; ``config.urls`` mounts them at the root."""

from __future__ import annotations

from django.urls import path

from dashboard import views

app_name = "dashboard"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("panels/", views.panels, name="panels"),
    path("equity/", views.equity, name="equity"),
    path("decisions/<int:decision_id>/", views.decision_detail, name="decision"),
    path("bars/<int:feed_id>/<slug:slug>/<int:open_time>/", views.bar_decisions, name="bar"),
    path("orders/<int:order_id>/", views.order_detail, name="order"),
    path("control/<slug:action>/", views.control, name="control"),
]
