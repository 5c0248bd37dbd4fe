"""The admin shows the history of the settings and makes new revisions from what was changed."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from tests.fakes.clock import FakeClock
from tests.fakes.config_folder import ConfigFolder
from trading.desk.models import ConfigRevision
from trading.desk.services.config.overrides import current_overrides, override_set
from trading.desk.services.config.schema import setting_list

LIST = "/admin/desk/configrevision/"
PAGE = f"{LIST}settings/"
RATIO, GUARD = "policy.savings.ratio", "policy.savings.fee_guard"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> ConfigFolder:
    """Point the admin at the test's own configuration."""
    made = ConfigFolder(tmp_path)
    settings.CONFIG_PATH = made.root
    monkeypatch.delenv("GUARDIAN_PROFILE", raising=False)
    return made


def change(key: str, value: str) -> ConfigRevision:
    return override_set(changes={key: value}, reason="x", author="ben", clock=FakeClock())


def form_of(page: str) -> dict[str, str]:
    """Return what a browser would send if the form were submitted untouched."""
    data: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        is_off = attributes.get("type") in {"checkbox", "submit"} or " disabled" in tag
        if "name" in attributes and not is_off:
            data[attributes["name"]] = unescape(attributes.get("value", ""))
    for name, body in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        data[name] = unescape(chosen.group(1)) if chosen else ""
    for name, body in re.findall(
        r'<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', page, re.DOTALL
    ):
        data[name] = unescape(body).removeprefix("\n")
    return data


def opened(client: Client) -> dict[str, str]:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return form_of(answer.content.decode())


def test_the_page_offers_every_setting_with_doc_range_and_origin(admin_client: Client) -> None:
    change(RATIO, "0.2")
    page = unescape(admin_client.get(PAGE).content.decode())
    for spec in setting_list():
        assert f'name="{spec.path}"' in page
        assert spec.doc in page
    assert "a number, 0 to 0.5 ratio" in page
    assert "from database revision 1" in page
    assert "built in: 0.15" in page


def test_only_what_was_changed_becomes_the_revision(admin_client: Client) -> None:
    data = opened(admin_client) | {RATIO: "0.20", "reason": "save more"}
    answer = admin_client.post(PAGE, data, follow=True)
    revision = ConfigRevision.objects.get()
    assert revision.overrides == {RATIO: "0.20"}
    assert (revision.author, revision.reason) == ("admin", "save more")
    page = unescape(answer.content.decode())
    assert "Revision 1 is in force." in page
    assert f"It counts: {RATIO} from the next bar of running sessions on" in page


def test_a_change_that_waits_for_a_session_says_so(admin_client: Client) -> None:
    data = opened(admin_client) | {"market.timeframe": "15m", "reason": "slower"}
    page = unescape(admin_client.post(PAGE, data, follow=True).content.decode())
    assert "It counts: market.timeframe when a session or feed is opened." in page


def test_maps_lists_choices_and_switches_can_be_changed(admin_client: Client) -> None:
    data = opened(admin_client) | {
        "bots.bankroll_by_quote": '{"BTC": 0.03, "DAI": 500}',
        "market.pairs": "BTC/USDT, ETH/USDT",
        "policy.execution.entry_order": "limit",
        "policy.stops.enabled": "false",
        "policy.execution.sizing": "all_in",
        "reason": "all kinds",
    }
    admin_client.post(PAGE, data)
    assert current_overrides() == {
        "bots.bankroll_by_quote": {"BTC": "0.03", "DAI": 500},
        "market.pairs": ["BTC/USDT", "ETH/USDT"],
        "policy.execution.entry_order": "limit",
        "policy.execution.sizing": "all_in",
        "policy.stops.enabled": False,
    }


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({RATIO: "0.9"}, "policy.savings.ratio was '0.9'; expected 0 to 0.5 ratio"),
        ({RATIO: "plenty"}, "policy.savings.ratio was 'plenty'; expected a number"),
        ({"market.pairs": "BTC"}, "pair was 'BTC'; expected BASE/QUOTE"),
        ({"bots.bankroll_by_quote": "{"}, "bots.bankroll_by_quote is not JSON"),
        ({"bots.bankroll_by_quote": "[]"}, "expected a map"),
        ({"policy.execution.sizing": "huge"}, "Select a valid choice"),
        ({RATIO: "0.2", "reason": ""}, "This field is required"),
        ({}, "nothing would change"),
    ],
)
def test_an_error_is_shown_and_nothing_typed_is_lost(
    admin_client: Client, sent: dict[str, str], error: str
) -> None:
    data = opened(admin_client) | {"reason": "because", GUARD: "1.89"} | sent
    answer = admin_client.post(PAGE, data)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert error in unescape(page)
    assert not ConfigRevision.objects.exists()
    typed = form_of(page)
    for name, value in sent.items():
        if name != "policy.execution.sizing":
            assert typed[name] == value


def test_an_error_stands_at_its_field(admin_client: Client) -> None:
    data = opened(admin_client) | {"reason": "because", RATIO: "0.9"}
    page = admin_client.post(PAGE, data).content.decode()
    assert f'<a href="#id_{RATIO}">' in page
    row = page[page.index('<div class="form-row errors">') :]
    assert row.index("expected 0 to 0.5 ratio") < row.index(f'id="id_{RATIO}"') < 2500


def test_a_form_that_is_older_than_the_settings_changes_nothing_at_first(
    admin_client: Client,
) -> None:
    data = opened(admin_client) | {GUARD: "3", "reason": "mine"}
    change(RATIO, "0.2")
    page = admin_client.post(PAGE, data).content.decode()
    assert "changed meanwhile (revision 1 after 0)" in page
    assert ConfigRevision.objects.count() == 1
    again = form_of(page)
    assert (again[RATIO], again[GUARD], again["base_revision"]) == ("0.2", "3", "1")
    admin_client.post(PAGE, again)
    assert current_overrides() == {RATIO: "0.2", GUARD: "3"}


def test_an_old_form_with_another_error_stays_old(admin_client: Client) -> None:
    data = opened(admin_client) | {GUARD: "3", "reason": ""}
    change(RATIO, "0.2")
    again = form_of(admin_client.post(PAGE, data).content.decode())
    assert again["base_revision"] == "0"


def test_an_override_can_be_taken_back(admin_client: Client) -> None:
    change(RATIO, "0.2")
    data = opened(admin_client) | {f"reset:{RATIO}": "on", "reason": "enough"}
    admin_client.post(PAGE, data)
    assert current_overrides() == {}


def test_what_the_environment_decides_is_locked(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUARDIAN__POLICY__SAVINGS__RATIO", "0.3")
    page = admin_client.get(PAGE).content.decode()
    assert re.search(rf'<input[^>]*name="{re.escape(RATIO)}"[^>]* disabled', page)
    data = form_of(page) | {RATIO: "0.1", GUARD: "2", "reason": "try"}
    admin_client.post(PAGE, data)
    assert current_overrides() == {GUARD: "2"}


def test_a_broken_configuration_is_explained_instead_of_hidden(
    admin_client: Client, folder: ConfigFolder
) -> None:
    folder.write("desk.yaml", "mrket: x\n")
    answer = admin_client.get(PAGE)
    assert answer.status_code == 409
    assert "config/desk.yaml:1: mrket is not a setting" in answer.content.decode()


def test_the_history_shows_who_when_why_and_what(admin_client: Client) -> None:
    revision = change(RATIO, "0.2")
    assert RATIO in admin_client.get(LIST).content.decode()
    page = admin_client.get(f"{LIST}{revision.pk}/change/").content.decode()
    assert "<del>0.15</del>" in page
    assert "<ins>0.2</ins>" in page
    assert "ben" in page


def test_history_cannot_be_edited_added_or_deleted(admin_client: Client) -> None:
    revision = change(RATIO, "0.2")
    for address in (f"{LIST}add/", f"{LIST}{revision.pk}/delete/"):
        assert admin_client.post(address).status_code == 403
    answer = admin_client.post(f"{LIST}{revision.pk}/change/", {"reason": "rewritten"})
    assert answer.status_code == 403
    assert ConfigRevision.objects.get().reason == "x"


def test_rolling_back_asks_first_and_then_writes_a_new_revision(admin_client: Client) -> None:
    first = change(RATIO, "0.2")
    change(RATIO, "0.3")
    assert f"{LIST}1/rollback/" in admin_client.get(f"{LIST}{first.pk}/change/").content.decode()
    page = admin_client.get(f"{LIST}1/rollback/").content.decode()
    assert "<del>0.3</del>" in page
    assert ConfigRevision.objects.count() == 2
    assert "This field is required" in admin_client.post(f"{LIST}1/rollback/").content.decode()
    admin_client.post(f"{LIST}1/rollback/", {"reason": "too much"})
    newest = ConfigRevision.objects.get(number=3)
    assert (newest.rolled_back_to, newest.overrides) == (1, {RATIO: "0.2"})
    refused = admin_client.post(f"{LIST}1/rollback/", {"reason": "again"}).content.decode()
    assert "nothing would change" in refused
    assert admin_client.get(f"{LIST}99/rollback/").status_code == 404


def test_without_the_permission_nothing_can_be_changed(client: Client) -> None:
    client.force_login(User.objects.create_user("guest", is_staff=True))
    assert client.get(PAGE).status_code == 403
    assert client.post(f"{LIST}0/rollback/", {"reason": "x"}).status_code == 403


def test_a_stranger_is_sent_to_the_login(client: Client) -> None:
    answer = client.get(PAGE)
    assert (answer.status_code, "login" in answer["Location"]) == (302, True)
