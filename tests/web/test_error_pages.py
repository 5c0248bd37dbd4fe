"""No page is bare: each says what happened, whether something was changed, and leads back."""

from __future__ import annotations

import sqlite3

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from config.error_pages import server_error
from config.urls import handler400, handler403, handler404, handler500, urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500"]


def locked(_request: HttpRequest) -> HttpResponse:
    try:
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorname = "SQLITE_BUSY"
        raise error
    except sqlite3.OperationalError as cause:
        raise OperationalError("database is locked") from cause


def broken(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret of this machine")


def forbidden(_request: HttpRequest) -> HttpResponse:
    raise PermissionDenied("This needs the permission to fly.")


for view in (locked, broken, forbidden):
    view.login_required = False  # type: ignore[attr-defined]
urlpatterns = [
    *urlpatterns,
    path("locked/", locked),
    path("broken/", broken),
    path("no/", forbidden),
]


pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def stranger(db: None) -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/nowhere/", 404, "There is nothing here"),
        ("/bars/1/BTC-USDT/99999999999999999999/", 404, "There is nothing here"),
        ("/accounts/login/?next=%00", 400, "The value of &#x27;next&#x27; holds a NUL sign."),
        ("/no/", 403, "This needs the permission to fly."),
        ("/broken/", 500, "logs/web.log"),
        ("/locked/", 503, "Code: database_locked"),
    ],
)
def test_a_stranger_meets_a_page_with_a_way_back(
    stranger: Client, address: str, status: int, words: str
) -> None:
    answer = stranger.get(address)
    page = answer.content.decode()
    assert answer.status_code == status
    assert words in page
    assert 'href="/"' in page
    assert "css/shell/app.css" in page
    assert "secret" not in page
    assert "Traceback" not in page


def test_a_database_that_is_away_says_when_to_ask_again(stranger: Client) -> None:
    answer = stranger.get("/locked/")
    assert answer["Retry-After"] == "5"
    assert "sqlite" not in answer.content.decode()  # the page is open to strangers


def test_a_request_of_the_wrong_kind_gets_a_page_that_names_the_right_one(desk: Client) -> None:
    answer = desk.post("/equity/")
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD"
    assert "takes no such request" in answer.content.decode()


def test_a_form_of_another_site_is_refused_with_a_page(operator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    answer = client.post("/control/kill/", {"reason": "forged"})
    assert answer.status_code == 403
    assert "This form is out of date" in answer.content.decode()


def test_a_host_that_is_not_ours_is_refused_with_a_page(client: Client, db: None) -> None:
    answer = client.get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "cannot be read" in answer.content.decode()


def test_the_page_of_an_error_needs_no_database() -> None:
    request = RequestFactory().get("/")  # without a session, and without a user
    assert server_error(request).status_code == 500
