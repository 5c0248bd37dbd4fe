"""The admin shows every model, and nobody can change history there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client

import config.urls  # noqa: F401 - registers the admin
from tests import factories as make
from tests.web.desk_scene import Scene
from trading.base.domain.reasons import TradingState
from trading.desk.models import DeskSession, Fill

MODELS = [
    model
    for app in apps.get_app_configs()
    if app.name.startswith("trading.")
    for model in app.get_models()
]
OWN_PAGES = {"ConfigRevision"}  # edited through its own form, tested beside it


@pytest.fixture
def chief(client: Client, db: None) -> Client:
    """Return the browser of somebody who may do everything the admin allows."""
    client.force_login(make.operator(is_staff=True, is_superuser=True))
    return client


def test_every_model_is_registered() -> None:
    assert [m.__name__ for m in MODELS if not admin.site.is_registered(m)] == []


def test_every_list_and_row_can_be_read(chief: Client, scene: Scene) -> None:
    make.control(TradingState.PAUSED)
    for model in MODELS:
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert chief.get(base).status_code == 200, base
        row = model._default_manager.first()
        if row is not None:
            assert chief.get(f"{base}{row.pk}/change/").status_code == 200, base


def test_history_cannot_be_added_changed_or_deleted(chief: Client, scene: Scene) -> None:
    make.control(TradingState.PAUSED)
    for model in MODELS:
        if model.__name__ in OWN_PAGES:
            continue
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert chief.get(f"{base}add/").status_code == 403, base
        row = model._default_manager.first()
        if row is None:
            continue
        before = model._default_manager.filter(pk=row.pk).values().get()
        assert chief.post(f"{base}{row.pk}/change/", {"quantity": "9"}).status_code == 403, base
        assert chief.post(f"{base}{row.pk}/delete/", {"post": "yes"}).status_code == 403, base
        chief.post(base, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
        assert model._default_manager.filter(pk=row.pk).values().get() == before, base


def test_times_stand_in_lists_as_utc_and_can_be_sorted_by(chief: Client, scene: Scene) -> None:
    oldest, newest = Fill.objects.earliest("event_time"), Fill.objects.latest("event_time")
    column = admin.site.get_model_admin(Fill).list_display.index("happened")
    for order, first in ((column, oldest), (-column, newest)):
        page = chief.get(f"/admin/desk/fill/?o={order}").content.decode()
        assert "Time (UTC)" in page
        moment = datetime.fromtimestamp(first.event_time / 1000, UTC)
        _, _, cells = page.partition('class="field-happened')
        assert cells.partition("<")[0].endswith(f">{moment:%Y-%m-%d %H:%M:%S}")


def test_a_session_can_be_asked_to_stop(chief: Client, scene: Scene) -> None:
    url = "/admin/desk/desksession/"
    chief.post(url, {"action": "stop", "_selected_action": [scene.session.pk]})
    assert not DeskSession.objects.get(pk=scene.session.pk).is_wanted


def test_a_decision_is_unpacked_for_the_reader(chief: Client, scene: Scene) -> None:
    row = scene.bots[0].decisions.filter(outcome=14).first()
    assert row is not None
    page = chief.get(f"/admin/desk/decision/{row.pk}/change/").content.decode()
    assert "<td>conviction</td>" in page
    assert "not passed" in page
