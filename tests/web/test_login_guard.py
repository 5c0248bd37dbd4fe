"""Guessing passwords ends after a few tries, and locks nobody else out."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.core.management import call_command
from django.db.models import F
from django.test import Client
from prometheus_client import REGISTRY
from pytest_django import Settings

from config.client_address import client_address
from guardian.bootstrap import status_get
from guardian.selectors.logins import login_locks
from tests import factories as make
from trading.base import bootstrap
from trading.base.domain.metrics import LOGIN_FAILURES, LOGINS_REFUSED, Metric

DOORS = ("/accounts/login/", "/admin/login/")
HERE, THERE = "203.0.113.9", "198.51.100.7"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def olga() -> None:
    make.operator(is_staff=True)
    make.operator("wanda")


def counted(metric: Metric) -> float:
    return REGISTRY.get_sample_value(metric.name) or 0.0


def try_in(
    client: Client,
    name: str = "olga",
    password: str = "guess",
    *,
    at: str = HERE,
    door: str = DOORS[0],
) -> int:
    answer = client.post(door, {"username": name, "password": password}, REMOTE_ADDR=at)
    return answer.status_code


@pytest.mark.parametrize("door", DOORS)
def test_twenty_five_guesses_are_five(client: Client, door: str) -> None:
    codes = [try_in(client, door=door) for _ in range(25)]
    assert codes == [200] * 4 + [429] * 21
    assert AccessAttempt.objects.get().failures_since_start == 5


def test_both_doors_count_together(client: Client) -> None:
    codes = [try_in(client, door=DOORS[n % 2]) for n in range(6)]
    assert codes[4:] == [429, 429]


def test_the_right_password_is_refused_while_it_is_locked_and_the_page_says_so(
    client: Client,
) -> None:
    for _ in range(5):
        try_in(client)
    answer = client.post(
        DOORS[0], {"username": "olga", "password": make.PASSWORD}, REMOTE_ADDR=HERE
    )
    page = answer.content.decode()
    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"
    assert "within 15 minutes" in page
    assert "manage.py axes_reset" in page


def test_the_operator_gets_in_from_another_address(client: Client) -> None:
    for _ in range(25):
        try_in(client)
    assert try_in(client, password=make.PASSWORD, at=THERE) == 302


def test_many_names_from_one_address_lock_the_address(client: Client) -> None:
    codes = [try_in(client, f"name{n}") for n in range(25)]
    assert codes.index(429) == 19
    assert try_in(client, password=make.PASSWORD) == 429
    assert try_in(client, password=make.PASSWORD, at=THERE) == 302


def test_one_s_own_login_buys_no_guesses_at_others(client: Client) -> None:
    for n in range(18):
        try_in(client, f"name{n}")
    assert try_in(client, "wanda", make.PASSWORD) == 302
    assert [try_in(Client(), f"other{n}") for n in range(2)] == [200, 429]


def test_a_login_forgets_one_s_own_mistakes(client: Client) -> None:
    for _ in range(4):
        try_in(client)
    assert try_in(client, password=make.PASSWORD) == 302
    assert [try_in(Client()) for _ in range(4)] == [200] * 4


def test_it_ends_by_itself(client: Client) -> None:
    for _ in range(6):
        try_in(client)
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=16))
    assert try_in(client, password=make.PASSWORD) == 302
    assert not AccessAttempt.objects.exists()


@pytest.mark.parametrize(
    "command", [("axes_reset",), ("axes_reset_ip", HERE), ("axes_reset_username", "olga")]
)
def test_the_operator_at_the_machine_unlocks(client: Client, command: tuple[str, ...]) -> None:
    for _ in range(6):
        try_in(client)
    call_command(*command, verbosity=0)
    assert try_in(client, password=make.PASSWORD) == 302


def test_locks_are_counted_and_shown(client: Client) -> None:
    failures, refused = counted(LOGIN_FAILURES), counted(LOGINS_REFUSED)
    for _ in range(8):
        try_in(client, "<b>olga")
    assert counted(LOGIN_FAILURES) == failures + 5
    assert counted(LOGINS_REFUSED) == refused + 3
    status = status_get()
    assert status["logins"]["failures"] == 5
    assert status["logins"]["locked"][0]["address"] == HERE
    client.force_login(make.operator("nina"))
    page = client.get("/advisories/").content.decode()
    assert f"from {HERE} is locked until" in page
    assert "<b>olga" not in page
    (lock,) = login_locks(bootstrap.system_clock().now())
    assert (lock.username, lock.failures) == ("<b>olga", 5)


def test_what_no_account_can_be_called_is_refused(client: Client) -> None:
    assert try_in(client, "a\x00b") == 400
    assert not AccessAttempt.objects.exists()
    assert try_in(client, "x" * 100_000) == 200
    assert AccessAttempt.objects.get().username == "x" * 150  # what a column can hold


@pytest.mark.parametrize(
    ("peer", "header", "is_behind", "counted"),
    [
        ("127.0.0.1", "203.0.113.9", False, "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9", True, "203.0.113.9"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.9", True, "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9, nonsense", True, "127.0.0.1"),
        ("127.0.0.1", "", True, "127.0.0.1"),
        ("", "", False, "0.0.0.0"),
        ("127.0.0.1", "2001:db8:1:2:3:4:5:6", True, "2001:db8:1:2::"),
        ("127.0.0.1", "::ffff:203.0.113.9", True, "203.0.113.9"),
        ("::1", "", False, "::1"),
    ],
)
def test_the_address_that_counts_is_not_the_asker_s_choice(
    peer: str, header: str, is_behind: bool, counted: str, settings: Settings, rf: object
) -> None:
    settings.IS_BEHIND_PROXY = is_behind
    headers = {"x-forwarded-for": header} if header else {}
    request = rf.get("/", REMOTE_ADDR=peer, headers=headers)  # type: ignore[attr-defined]
    assert client_address(request) == counted


def test_the_state_is_strict_json(client: Client) -> None:
    for _ in range(5):
        try_in(client)
    assert json.dumps(status_get(), default=str)
