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
    path("bars/<int:feed_id>/<str:slug>/<int:open_time>/", views.bar_decisions, name="bar"),
    path("orders/<int:order_id>/", views.order_detail, name="order"),
    path("advisories/", views.advisories, name="advisories"),
    path("control/<slug:action>/", views.control, name="control"),
    path("bots/<int:bot_id>/<slug:action>/", views.bot_control, name="bot-control"),
    path("optimizer/", views.studies, name="studies"),
    path("optimizer/panels/", views.studies_panels, name="studies-panels"),
    path("optimizer/<int:study_id>/", views.study, name="study"),
    path("optimizer/<int:study_id>/panels/", views.study_panels, name="study-panels"),
    path("optimizer/<int:study_id>/pictures/", views.study_pictures, name="study-pictures"),
    path("optimizer/<int:study_id>/report/", views.study_report, name="study-report"),
    path("optimizer/<int:study_id>/files/<path:name>", views.study_file, name="study-file"),
    path("optimizer/<int:study_id>/trials/<int:number>/", views.trial, name="trial"),
    path(
        "optimizer/<int:study_id>/trials/<int:number>/install/",
        views.trial_install,
        name="trial-install",
    ),
    path("optimizer/<int:study_id>/<slug:action>/", views.study_order, name="study-order"),
]
