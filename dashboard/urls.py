"""Addresses of the pages; ``config.urls`` mounts them at the root."""

from __future__ import annotations

from django.urls import path, register_converter

from dashboard import views
from dashboard.payloads.addresses import Moment, RowNumber

register_converter(RowNumber, "row")
register_converter(Moment, "ms")

app_name = "dashboard"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("panels/", views.panels, name="panels"),
    path("equity/", views.equity, name="equity"),
    path("decisions/<row:decision_id>/", views.decision_detail, name="decision"),
    path("bars/<row:feed_id>/<str:slug>/<ms:open_time>/", views.bar_decisions, name="bar"),
    path("orders/<row:order_id>/", views.order_detail, name="order"),
    path("advisories/", views.advisories, name="advisories"),
    path("control/<slug:action>/", views.control, name="control"),
    path("bots/<row:bot_id>/<slug:action>/", views.bot_control, name="bot-control"),
    path("optimizer/", views.studies, name="studies"),
    path("optimizer/panels/", views.studies_panels, name="studies-panels"),
    path("optimizer/<row:study_id>/", views.study, name="study"),
    path("optimizer/<row:study_id>/panels/", views.study_panels, name="study-panels"),
    path("optimizer/<row:study_id>/pictures/", views.study_pictures, name="study-pictures"),
    path("optimizer/<row:study_id>/report/", views.study_report, name="study-report"),
    path("optimizer/<row:study_id>/files/<path:name>", views.study_file, name="study-file"),
    path("optimizer/<row:study_id>/trials/<row:number>/", views.trial, name="trial"),
    path(
        "optimizer/<row:study_id>/trials/<row:number>/install/",
        views.trial_install,
        name="trial-install",
    ),
    path("optimizer/<row:study_id>/<slug:action>/", views.study_order, name="study-order"),
]
