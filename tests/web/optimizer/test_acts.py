"""Starting, cancelling and resuming a study: who may, what it does, and refusals in their place."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.contrib.auth.models import User
from django.test import Client

from optimizer import bootstrap
from optimizer.models import Study
from optimizer.services.sweeps.supervision import studies_without_worker
from optimizer.tasks import study_run_task
from tests import factories as make
from tests.oracles import paths
from tests.web.optimizer.reading import best
from tests.web.test_pages import text
from trading.market import bootstrap as market
from trading.market.ports.candles import SeriesKey

PATIENCE_S = 2.0  # of a person; the page asks the queue for half a second
LATER = "The study is kept and starts by itself when the queue is back."


@pytest.fixture
def called() -> Iterator[list[Any]]:
    """Return the tasks that are handed to the queue, with their arguments."""
    found: list[Any] = []

    def note(sender: str, body: Any, **_rest: Any) -> None:
        found.append((sender, list(body[0])))

    before_task_publish.connect(note)
    yield found
    before_task_publish.disconnect(note)


def send(browser: Client, **changes: Any) -> Any:
    values = {
        "candles": "pulsex PDAI/DAI 5m", "strategies": ["donchian_champion"], "steering": "mar",
        "objectives": ["cps"], "windows": "2d,1d", "sampler": "random", "trials": "40",
        "trade_size": "500", "seed": "9", "fill": "next_open", "holdout_pct": "20",
        "workers_via": "local", "workers": "1",
    }  # fmt: skip
    return browser.post("/optimizer/", {**values, **changes})


def test_starting_writes_the_study_and_calls_a_worker(
    browser: Client, data_dir: Path, called: list[Any]
) -> None:
    response = send(browser)
    made = Study.objects.get()
    assert response["Location"] == f"/optimizer/{made.pk}/"
    assert called == [("optimizer.tasks.study_run", [made.pk])]
    assert (made.status, made.n_trials, made.seed, made.trade_size) == ("running", 40, 9, 500)
    assert (made.objectives, made.windows) == (["mar", "cps"], ["1d", "2d"])
    assert made.settings["holdout_share"] == 0.2
    assert (data_dir / made.run_dir / "manifest.json").is_file()
    page = text(browser.get(f"/optimizer/{made.pk}/").content.decode())
    assert "Waiting for a worker" in page


@pytest.mark.parametrize(
    ("changes", "name", "why"),
    [
        ({"trials": "many"}, "trials", "Trials was 'many'; expected a whole number"),
        ({"trials": "0"}, "trials", "Trials was 0; expected 1 to"),
        ({"trade_size": "-1"}, "trade_size", "Trade size was -1; expected"),
        ({"trade_size": "NaN"}, "trade_size", "Trade size was 'NaN'; expected a number"),
        ({"windows": "soon"}, "windows", "Window was 'soon'; expected all, 1y"),
        ({"windows": " , "}, "windows", "No window was given"),
        ({"sampler": "tpes"}, "sampler", "Sampler was 'tpes'; did you mean tpe?"),
        ({"seed": "-4"}, "seed", "Seed was -4"),
        ({"strategies": []}, "strategies", "No strategy was given"),
        ({"strategies": ["donchian"]}, "strategies", "Strategy was 'donchian'; did you mean"),
        ({"steering": "money"}, "objectives", "Objective was 'money'"),
        ({"holdout_pct": "80"}, "holdout_pct", "Holdout was 80 %; expected 0 to 50"),
        ({"report_every": "-5"}, "report_every", "Report every was -5; expected 0 to"),
        ({"workers": "x"}, "workers", "Workers was 'x'; expected a whole number"),
        ({"candles": "nyse AAPL 1d"}, "candles", "Candles were 'nyse AAPL 1d'; choose a stored"),
    ],
)
def test_a_refusal_stands_beside_the_field_and_what_was_typed_is_kept(
    browser: Client, data_dir: Path, changes: dict[str, Any], name: str, why: str
) -> None:
    response = send(browser, **changes)
    assert response.status_code == 422
    page = response.content.decode()
    found = re.search(rf'id="e-{name}" role="alert">([^<]*)<', page)
    assert found is not None, re.findall(r'role="alert">([^<]*)<', page)
    assert why in text(found[1])
    assert 'value="500"' in page or "trade_size" in changes
    assert not Study.objects.exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "no swap costs were measured yet"), ("{}", "is no swap-cost cache")],
)
def test_without_swap_costs_nothing_is_searched_and_nobody_waits_for_a_measurement(
    browser: Client, data_dir: Path, content: str | None, why: str
) -> None:
    costs = data_dir / market.SWAP_COST_FILE
    if content is None:
        costs.unlink()
    else:
        costs.write_text(content)
    response = send(browser)
    assert response.status_code == 422
    found = re.search(r'id="e-costs" role="alert">([^<]*)<', response.content.decode())
    assert found is not None
    assert why in text(found[1])
    assert not Study.objects.exists()


def test_too_few_candles_are_refused_above_or_beside(browser: Client, data_dir: Path) -> None:
    short = paths.path(4, 150)
    market.candle_store().replace(SeriesKey("pulsex", "ABC/DAI", "5m"), short, source="test")
    response = send(browser, candles="pulsex ABC/DAI 5m")
    assert response.status_code == 422
    assert "bars are left to search" in text(response.content.decode())


def test_without_the_permission_nothing_is_started_cancelled_or_installed(
    client: Client, study: Study, data_dir: Path
) -> None:
    client.force_login(make.operator("wanda", can_operate=False))
    page = text(client.get("/optimizer/").content.decode())
    assert "Starting a study needs the permission optimizer.add_study." in page
    assert send(client).status_code == 403
    page = client.get(f"/optimizer/{study.pk}/").content.decode()
    assert "watching only" in page
    assert "Install as ghost" not in page
    for path in ("cancel/", "resume/", f"trials/{best(study)}/install/"):
        address = f"/optimizer/{study.pk}/{path}"
        assert client.get(address).status_code == 403
        assert client.post(address, {"name": "x", "reason": "y"}).status_code == 403
    assert Study.objects.count() == 1


def test_an_operator_of_the_desk_may_install_but_not_steer_studies(
    client: Client, study: Study
) -> None:
    client.force_login(make.operator())
    assert client.get(f"/optimizer/{study.pk}/trials/0/install/").status_code == 200
    assert client.get(f"/optimizer/{study.pk}/cancel/").status_code == 403


def test_cancelling_asks_the_worker_to_stop_and_resuming_goes_on(
    browser: Client, study: Study, called: list[Any]
) -> None:
    form = text(browser.get(f"/optimizer/{study.pk}/cancel/").content.decode())
    assert "60 trials are kept; 140 are not made" in form
    response = browser.post(f"/optimizer/{study.pk}/cancel/", headers={"X-Panel": "1"})
    assert response.status_code == 204
    study.refresh_from_db()
    assert study.is_cancel_wanted or study.status == Study.Status.CANCELLED
    Study.objects.filter(pk=study.pk).update(status="cancelled", owner="")
    again = browser.post(f"/optimizer/{study.pk}/cancel/", headers={"X-Panel": "1"})
    assert again.status_code == 422
    assert "cancelled already" in text(again.content.decode())
    page = browser.post(f"/optimizer/{study.pk}/resume/", follow=True).content.decode()
    assert "The study goes on." in page
    assert called == [("optimizer.tasks.study_run", [study.pk])]
    study.refresh_from_db()
    assert (study.status, study.is_cancel_wanted) == ("running", False)


def test_a_study_whose_owner_is_silent_may_be_resumed_at_once(
    browser: Client, study: Study, called: list[Any]
) -> None:
    page = browser.get(f"/optimizer/{study.pk}/").content.decode()
    assert study.owner
    assert 'id="do-cancel"' in page
    assert 'id="do-continue"' in page
    browser.post(f"/optimizer/{study.pk}/resume/")
    assert called == [("optimizer.tasks.study_run", [study.pk])]
    study.refresh_from_db()
    assert (study.status, study.owner) == ("running", "")


def test_a_study_that_is_run_elsewhere_is_not_resumed_and_the_page_says_who_has_it(
    browser: Client, study: Study, called: list[Any]
) -> None:
    now = bootstrap.system_clock().now()
    Study.objects.filter(pk=study.pk).update(
        heartbeat_at=now, expires_at=now + timedelta(seconds=30), is_cancel_wanted=True
    )
    before = Study.objects.values().get()
    response = browser.post(f"/optimizer/{study.pk}/resume/", headers={"X-Panel": "1"})
    assert response.status_code == 422
    assert "is run by worker@host:1, last sign of life" in text(response.content.decode())
    assert (called, Study.objects.values().get()) == ([], before)


@pytest.fixture
def hanging_queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the broker be a socket that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        away = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        monkeypatch.setattr(study_run_task.app.conf, "broker_write_url", away)
        yield


@pytest.fixture
def closed_queue(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let there be no broker at all."""
    away = f"redis+socket://{tmp_path}/nobody.sock"
    monkeypatch.setattr(study_run_task.app.conf, "broker_write_url", away)


@pytest.mark.parametrize("queue", ["hanging_queue", "closed_queue"])
def test_while_the_queue_is_away_studies_are_kept_and_the_page_answers_soon_and_says_so(
    browser: Client, data_dir: Path, queue: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(queue)
    began = time.monotonic()
    response = send(browser)
    assert time.monotonic() - began < PATIENCE_S
    made = Study.objects.get()
    assert (made.status, made.owner) == ("running", "")
    assert LATER in text(browser.get(response["Location"]).content.decode())
    browser.post(f"/optimizer/{made.pk}/cancel/")
    began = time.monotonic()
    response = browser.post(f"/optimizer/{made.pk}/resume/", headers={"X-Panel": "1"})
    assert time.monotonic() - began < PATIENCE_S
    made.refresh_from_db()
    assert (made.status, made.is_cancel_wanted, response.status_code) == ("running", False, 200)
    said = text(response.content.decode())
    assert "The study goes on." in said
    assert LATER in said
    assert 'method="post"' not in response.content.decode()
    page = text(browser.post(f"/optimizer/{made.pk}/resume/", follow=True).content.decode())
    assert LATER in page
    assert studies_without_worker(
        now=made.heartbeat_at + timedelta(minutes=1), is_alive=lambda _owner: True
    ) == [made.pk]


def test_orders_say_what_they_do_to_a_study_whose_trials_are_all_stored(
    browser: Client, study: Study
) -> None:
    Study.objects.filter(pk=study.pk).update(n_done=200)
    form = text(browser.get(f"/optimizer/{study.pk}/cancel/").content.decode())
    assert "All 200 trials are kept. The best are not examined for luck" in form
    form = text(browser.get(f"/optimizer/{study.pk}/resume/").content.decode())
    assert "All 200 trials are stored. The best are examined for luck" in form


def test_a_finished_study_is_not_resumed(browser: Client, study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(status="finished")
    response = browser.post(f"/optimizer/{study.pk}/resume/", headers={"X-Panel": "1"})
    assert response.status_code == 422
    assert "is finished" in text(response.content.decode())


def test_a_forged_order_from_another_site_is_refused(searcher: User, study: Study) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(searcher)
    assert client.post(f"/optimizer/{study.pk}/cancel/").status_code == 403
    study.refresh_from_db()
    assert not study.is_cancel_wanted
