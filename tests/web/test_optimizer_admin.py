"""The admin shows every model of the optimizer, and nobody can change history there."""

from __future__ import annotations

import numpy as np
import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client

from optimizer.models import DataBlob, SearchLedger, SweepChunk, TrialScores, WindowMetrics
from tests import factories as make
from tests.factories.studies import OBJECTIVES

MODELS = list(apps.get_app_config("optimizer").get_models())


@pytest.fixture
def chief(client: Client, db: None) -> Client:
    """Return the browser of somebody who may do everything the admin allows."""
    client.force_login(make.operator(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def rows(db: None) -> None:
    """Make a row or more of every model."""
    study = make.study()
    made = make.records(6)
    make.trials(study, made)
    make.luck(study, 0)
    now = make.NOW
    SearchLedger.objects.create(data_digest="ab" * 32, n_trials=6, first_at=now, last_at=now)
    DataBlob.objects.create(digest="cd" * 32, content=b"candles", created_at=now, used_at=now)
    chunk = {"study": study, "request": b"request", "sent_at": now}
    SweepChunk.objects.create(key="0/0/1 a", answer=b"answer", worker="host:1", **chunk)
    SweepChunk.objects.create(key="0/1/2 a", refusal="other version", **chunk)
    SweepChunk.objects.create(key="0/2/3 a", deliveries=1, **chunk)


def test_every_model_is_registered(chief: Client) -> None:
    assert chief.get("/admin/").status_code == 200  # loads the urls, and with them the admin
    assert [m.__name__ for m in MODELS if not admin.site.is_registered(m)] == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_lists_and_rows_can_be_read_and_not_changed(chief: Client, rows: None, model: type) -> None:
    base = f"/admin/optimizer/{model._meta.model_name}/"
    assert chief.get(base).status_code == 200
    row = model._default_manager.first()
    assert row is not None
    assert chief.get(f"{base}{row.pk}/change/").status_code == 200
    before = model._default_manager.filter(pk=row.pk).values().get()
    assert chief.get(f"{base}add/").status_code == 403
    assert chief.post(f"{base}{row.pk}/change/", {"status": "finished"}).status_code == 403
    assert chief.post(f"{base}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    chief.post(base, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert model._default_manager.filter(pk=row.pk).values().get() == before


def test_chunks_say_what_became_of_them(chief: Client, rows: None) -> None:
    page = chief.get("/admin/optimizer/sweepchunk/").content.decode()
    for state in ("answered, 6 bytes", "refused: other version", "begun"):
        assert state in page


def test_packed_metrics_are_unpacked_for_the_reader(chief: Client, rows: None) -> None:
    row = WindowMetrics.objects.first()
    assert row is not None
    page = chief.get(f"/admin/optimizer/windowmetrics/{row.pk}/change/").content.decode()
    assert "<td>total_return_pct</td>" in page
    assert f"{row.total_return_pct:,.6g}" in page


def test_packed_scores_have_the_names_of_their_objectives(chief: Client, rows: None) -> None:
    row = TrialScores.objects.first()
    assert row is not None
    for page in (f"trialscores/{row.pk}", f"trial/{row.trial_id}"):
        text = chief.get(f"/admin/optimizer/{page}/change/").content.decode()
        for name, score in zip(OBJECTIVES, np.frombuffer(row.packed).tolist(), strict=True):
            shown = f"{score:,.6g}" if np.isfinite(score) else "-"
            assert f"<td>{name}</td><td>{shown}</td>" in text
